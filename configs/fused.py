"""`fused`: the late fusion of `pixel` and `landmark`, then both branches trained together a little.

Run it with `--views 2` (the face and its mirror image).
"""

from model.augment import Augmentation
from model.train import Config

config = Config(
    "fused",
    epochs=10,
    batch_size=128,
    learning_rate=4e-4,
    weight_decay=0.05,
    label_smoothing=0.1,
    votes_head=0.7,
    mixup=0.3,
    ema=0.998,
    precision="mixed_bfloat16",
    start="model/weights/pixel/model.keras",
    join="model/weights/landmark/model.keras",
    join_share=0.2,
    augmentation=Augmentation(
        jitter=0.004,
        pixel_rotation=8.0,
        pixel_scale=0.08,
        pixel_shift=4.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.4,
    ),
)
