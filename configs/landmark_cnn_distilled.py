"""`landmark_cnn`: the published landmark network, from the weights released before on dlib's
drawings, distilled from one of `landmark`'s networks on the drawings of both sources' mean.
"""

from dataclasses import replace

from facelines.configs.families import DRAWINGS
from facelines.model.training.augmentation import Augmentation
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        DRAWINGS,
        epochs=3,
        learning_rate=6e-4,
        warm_up_epochs=0.3,
        teacher=0.6,
        label_smoothing=0.0,
        precision="float32",
        start="landmark_cnn",
        augmentation=Augmentation(rotation=2.0, scale=0.03, jitter=0.002, aspect=0.06),
    ),
    teachers=("runs/landmark_points",),
    views=8,
    expected=0.570,
)
