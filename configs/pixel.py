"""`pixel`: the gray crop, trained on FER2013's labels with the FER+ votes as a second task.

Run it with `--views 2` (the face and its mirror image).
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "pixel",
    epochs=60,
    batch_size=128,
    learning_rate=2e-3,
    weight_decay=0.05,
    label_smoothing=0.1,
    votes_head=0.7,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    eight_bits=True,
    augmentation=Augmentation(
        pixel_rotation=6.0,
        pixel_scale=0.07,
        pixel_shift=3.0,
        contrast=0.2,
        brightness=0.08,
        erase=0.2,
    ),
)
