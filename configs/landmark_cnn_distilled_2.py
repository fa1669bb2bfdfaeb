"""`landmark_cnn` as released: from what `landmark_cnn_distilled` gave after one of its epochs.

Its first two layers, which take two thirds of its time, stay as they are. The teachers
are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_cnn_distilled import recipe as before
from facelines.model.training.augmentation import Augmentation
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        before.config,
        epochs=4,
        learning_rate=4e-4,
        warm_up_epochs=0.2,
        teacher=0.7,
        seed=2,
        prior_power=0.1,
        start="runs/landmark_cnn_distilled/model.keras",
        frozen="conv_0",
        augmentation=Augmentation(rotation=2.0, scale=0.03, jitter=0.002, aspect=0.08),
    ),
    teachers=("landmark", "fused"),
    ask_once=True,
    views=8,
    expected=0.575,
)
