"""The first half of `pixel_light`: `pixel` made lighter, taught by two seeds of it on blends.

Its command, and those of its teachers, stand in docs/training.md.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "pixel_light",
    epochs=18,
    batch_size=128,
    learning_rate=8e-4,
    weight_decay=0.05,
    teacher=0.9,
    mixup=0.4,
    votes_head=0.5,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    start="model/weights/pixel/model.keras",
    augmentation=Augmentation(
        pixel_rotation=7.0,
        pixel_scale=0.08,
        pixel_shift=3.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.3,
    ),
)
