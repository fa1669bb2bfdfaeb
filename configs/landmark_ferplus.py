"""`landmark-ferplus`: from `landmark`'s weights, on the FER+ majority and votes.

Run it with `--labels ferplus`.
"""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark",
    epochs=14,
    batch_size=256,
    learning_rate=8e-4,
    weight_decay=0.01,
    ferplus=0.8,
    ema=0.995,
    validation_every=2,
    start="model/weights/landmark/model.keras",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.002),
)
