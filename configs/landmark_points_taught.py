"""`landmark_points` again, from its own weights, taught by itself and its partner, less changed.

Run it with `--teacher runs/landmark_points runs/landmark_wide`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_points",
    epochs=10,
    batch_size=256,
    learning_rate=5e-4,
    weight_decay=0.01,
    votes_head=0.4,
    teacher=0.5,
    ema=0.997,
    validation_every=2,
    seed=4,
    start="runs/landmark_points/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.0007, aspect=0.1, yaw=4.0),
)
