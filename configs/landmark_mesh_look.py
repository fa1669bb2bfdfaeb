"""`landmark_mesh_look`, which becomes `landmark-mesh`: the mesh's vertices.

Before it 14 epochs at 1.2e-3, from the part of `landmark_points` that sees the mesh.
Run it with `--landmarker mesh`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_mesh_look",
    epochs=9,
    batch_size=256,
    learning_rate=8e-4,
    weight_decay=0.01,
    votes_head=0.4,
    label_smoothing=0.05,
    seed=2,
    ema=0.997,
    validation_every=2,
    start="runs/mesh_look_first/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.0007, aspect=0.1, yaw=4.0),
)
