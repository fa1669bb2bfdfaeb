"""One for the pixels of `fused-ferplus`: from `pixel_light`, on the FER+ majority and votes.

Run it with `--labels ferplus --views 2 --out runs/pixel_light-ferplus`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "pixel_light",
    epochs=5,
    batch_size=128,
    learning_rate=7e-4,
    weight_decay=0.05,
    ferplus=0.8,
    ema=0.995,
    precision="mixed_bfloat16",
    validation_every=2,
    start="runs/pixel_light/model.keras",
    augmentation=Augmentation(
        pixel_rotation=6.0,
        pixel_scale=0.07,
        pixel_shift=3.0,
        contrast=0.2,
        brightness=0.08,
        erase=0.2,
    ),
)
