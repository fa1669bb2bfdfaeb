"""`landmark_wide` for `landmark-ferplus`: from its weights, on the FER+ majority and votes.

Run it with `--labels ferplus`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_wide",
    epochs=12,
    batch_size=256,
    learning_rate=8e-4,
    weight_decay=0.01,
    ferplus=0.8,
    seed=2,
    ema=0.995,
    validation_every=2,
    start="runs/landmark_wide/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=8.0),
)
