"""The published landmark network on CK+48's drawings, cross-validated by subject."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_cnn",
    epochs=15,
    batch_size=32,
    learning_rate=7e-4,
    weight_decay=0.02,
    label_smoothing=0.05,
    ema=0.98,
    precision="mixed_bfloat16",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.004),
)
