"""`landmark_drawn`, one of `landmark`: drawing and points, trained on FER2013's labels.

It starts with the drawing's layers of the `landmark` released before; without them it takes half as
many epochs again.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_drawn",
    epochs=16,
    batch_size=256,
    learning_rate=1.5e-3,
    weight_decay=0.01,
    votes_head=0.4,
    label_smoothing=0.05,
    ema=0.998,
    validation_every=2,
    start="runs/drawn2_ckpt.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=8.0),
)
