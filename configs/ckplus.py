"""The published landmark network on CK+48's drawings, cross-validated by subject."""

from dataclasses import replace

from facelines.configs.families import DRAWINGS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        DRAWINGS,
        classes=7,
        epochs=15,
        batch_size=32,
        learning_rate=7e-4,
        ema=0.98,
    ),
    data="out/ck",
    cross_validate=True,
    expected=0.843,
)
