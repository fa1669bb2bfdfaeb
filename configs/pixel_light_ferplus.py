"""One for the pixels of `fused-ferplus`: from `pixel_light`, on the FER+ majority and votes."""

from dataclasses import replace

from facelines.configs.families import PIXELS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS_FERPLUS,
        network="pixel_light",
        start="runs/pixel_light/model.keras",
    ),
    labels="ferplus",
    views=2,
)
