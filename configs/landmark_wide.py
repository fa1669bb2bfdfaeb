"""`landmark_wide`, one of `landmark`: both sources' points, trained on FER2013's labels."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_wide",
    epochs=40,
    batch_size=256,
    learning_rate=1.5e-3,
    weight_decay=0.01,
    votes_head=0.4,
    label_smoothing=0.05,
    ema=0.998,
    validation_every=2,
    seed=2,
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=8.0),
)
