"""The network `pixel`, a teacher of `pixel_light`: the gray crop, FER+'s votes as a second task.

Two views: the face and its mirror image.
"""

from dataclasses import replace

from facelines.configs.families import PIXELS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS,
        epochs=60,
        learning_rate=2e-3,
        label_smoothing=0.1,
        votes_head=0.7,
        ema=0.998,
        eight_bits=True,
    ),
    views=2,
    expected=0.702,
)
