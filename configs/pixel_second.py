"""`pixel_second`: the recipe of `pixel`, from random weights of its own, for `fused`."""

from dataclasses import replace

from facelines.configs.pixel import recipe as pixel
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(pixel.config, network="pixel_second", seed=2, eight_bits=False),
    views=2,
    expected=0.701,
)
