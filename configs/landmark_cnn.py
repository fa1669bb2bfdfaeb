"""The published landmark network on drawings."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_cnn",
    epochs=22,
    batch_size=96,
    learning_rate=1e-3,
    weight_decay=0.02,
    label_smoothing=0.05,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.004),
)
