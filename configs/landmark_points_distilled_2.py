"""`landmark_points` a third time, distilled from networks that also see the pixels.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.families import POINTS_AGAIN
from facelines.model.training.augmentation import Augmentation
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_AGAIN,
        epochs=24,
        learning_rate=8e-4,
        teacher=0.6,
        ema=0.998,
        validation_every=3,
        seed=6,
        start="runs/landmark_points_distilled/model.keras",
        augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.0007, aspect=0.12, yaw=6.0),
    ),
    teachers=("landmark", "fused"),
    ask_once=True,
    expected=0.633,
)
