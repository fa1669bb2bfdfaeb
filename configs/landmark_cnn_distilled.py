"""The published landmark network again, from `configs/landmark_cnn.py`'s weights, taught by
`landmark`: run it with `--start runs/landmark_cnn/model.keras --teacher landmark`."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_cnn",
    epochs=9,
    batch_size=96,
    learning_rate=6e-4,
    warm_up_epochs=0.5,
    weight_decay=0.02,
    teacher=0.6,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    start="runs/landmark_cnn/model.keras",
    augmentation=Augmentation(rotation=2.0, scale=0.03, jitter=0.003),
)
