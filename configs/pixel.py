"""`pixel`: the gray crop, trained on FER2013's labels."""

from model.augment import Augmentation
from model.train import Config

config = Config(
    "pixel",
    epochs=30,
    batch_size=128,
    learning_rate=1.5e-3,
    weight_decay=0.05,
    label_smoothing=0.1,
    ema=0.998,
    precision="mixed_bfloat16",
    validation_every=2,
    augmentation=Augmentation(erase=0.25),
)
