"""`pixel_small`: `pixel` made narrower, taught by `fused`. Not released (docs/experiments.md).

Run it with `--teacher model/weights/fused --views 2`.
"""

from model.augment import Augmentation
from model.train import Config

config = Config(
    "pixel_small",
    epochs=10,
    batch_size=128,
    learning_rate=5e-4,
    weight_decay=0.05,
    teacher=0.7,
    votes_head=0.5,
    ema=0.998,
    precision="mixed_bfloat16",
    start="model/weights/pixel/model.keras",
    augmentation=Augmentation(
        rotation=3.0,
        scale=0.03,
        jitter=0.003,
        pixel_rotation=7.0,
        pixel_scale=0.08,
        pixel_shift=3.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.3,
    ),
)
