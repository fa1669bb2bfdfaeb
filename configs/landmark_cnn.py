"""The published landmark network on drawings."""

from dataclasses import replace

from facelines.configs.families import DRAWINGS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        DRAWINGS,
        epochs=22,
        validation_every=2,
    ),
)
