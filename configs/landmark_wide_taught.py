"""`landmark_wide` again, from its own weights, taught by itself and `landmark_points`: run it with
`--teacher runs/landmark_points runs/landmark_wide`."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_wide",
    epochs=30,
    batch_size=256,
    learning_rate=1.2e-3,
    weight_decay=0.01,
    votes_head=0.4,
    teacher=0.5,
    ema=0.998,
    validation_every=2,
    seed=3,
    start="runs/landmark_wide/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=6.0),
)
