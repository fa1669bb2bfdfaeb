"""`pixel_pair`: `pixel` and `pixel_mirrored` made narrower, taught by both.

Not trained: it would hardly be better than what it was to replace (docs/experiments.md).

Run it with `--teacher model/weights/pixel runs/pixel_mirrored`, where the latter is
`run.py train pixel_mirrored --config configs/pixel.py --views 2 --seed 2`.
"""

from model.augment import Augmentation
from model.train import Config

config = Config(
    "pixel_pair",
    epochs=10,
    batch_size=128,
    learning_rate=5e-4,
    weight_decay=0.05,
    teacher=0.7,
    votes_head=0.5,
    ema=0.998,
    precision="mixed_bfloat16",
    start="model/weights/pixel/model.keras",
    join="runs/pixel_mirrored/model.keras",
    join_share=0.5,
    augmentation=Augmentation(
        pixel_rotation=7.0,
        pixel_scale=0.08,
        pixel_shift=3.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.3,
    ),
)
