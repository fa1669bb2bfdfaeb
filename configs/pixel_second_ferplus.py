"""The other for the pixels of `fused-ferplus`: `pixel_second` by `pixel_light_ferplus`'s recipe."""

from dataclasses import replace

from facelines.configs.families import PIXELS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS_FERPLUS,
        network="pixel_second",
        seed=2,
        start="runs/pixel_second/model.keras",
    ),
    labels="ferplus",
    views=2,
    expected=0.864,
)
