"""`pixel-ferplus`: from `pixel`'s weights, on the FER+ majority and votes."""

from dataclasses import replace

from facelines.configs.families import PIXELS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS_FERPLUS,
        eight_bits=True,
        start="pixel",
    ),
    labels="ferplus",
    views=2,
    expected=0.862,
)
