"""`pixel_light`, one for the pixels of `fused`: `pixel_light_blended`, on unblended faces.

Its command, and those of its teachers, stand in docs/training.md.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "pixel_light",
    epochs=9,
    batch_size=128,
    learning_rate=4e-4,
    weight_decay=0.05,
    teacher=0.7,
    votes_head=0.5,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=3,
    start="runs/pixel_light_blended/model.keras",
    augmentation=Augmentation(
        pixel_rotation=7.0,
        pixel_scale=0.08,
        pixel_shift=3.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.3,
    ),
)
