"""The published landmark network, from the weights released before on dlib's drawings, taught by
one of `landmark`'s networks on the drawings of both sources' mean: run it with
`--teacher runs/landmark_points`."""

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

config = Config(
    "landmark_cnn",
    epochs=3,
    batch_size=96,
    learning_rate=6e-4,
    warm_up_epochs=0.3,
    weight_decay=0.02,
    teacher=0.6,
    ema=0.998,
    start="model/weights/landmark_cnn/model.keras",
    augmentation=Augmentation(rotation=2.0, scale=0.03, jitter=0.002, aspect=0.06),
)
