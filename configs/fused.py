"""`fused`: pixels and points, from `pixel`'s weights, trained together.

Run it with `--views 2` (the face and its mirror image).
"""

from model.augment import Augmentation
from model.train import Config

config = Config(
    "fused",
    epochs=12,
    batch_size=128,
    learning_rate=1e-3,
    weight_decay=0.05,
    label_smoothing=0.1,
    votes_head=0.7,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    start="model/weights/pixel/model.keras",
    augmentation=Augmentation(
        jitter=0.004,
        pixel_rotation=6.0,
        pixel_scale=0.07,
        pixel_shift=3.0,
        contrast=0.2,
        brightness=0.08,
        erase=0.2,
    ),
)
