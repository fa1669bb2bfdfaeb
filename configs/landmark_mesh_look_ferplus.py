"""`landmark_mesh_look` on the FER+ majority and votes, which becomes `landmark-mesh-ferplus`.

Run it with `--landmarker mesh --labels ferplus`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_mesh_look",
    epochs=6,
    batch_size=256,
    learning_rate=8e-4,
    weight_decay=0.01,
    ferplus=0.8,
    ema=0.995,
    validation_every=2,
    start="runs/landmark_mesh_look/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=8.0),
)
