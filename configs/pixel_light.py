"""`pixel_light`, one for the pixels of `fused`: `pixel_light_blended`, on faces without mixup."""

from dataclasses import replace

from facelines.configs.families import PIXELS_DISTILLED
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS_DISTILLED,
        epochs=9,
        learning_rate=4e-4,
        teacher=0.7,
        validation_every=3,
        start="runs/pixel_light_blended/model.keras",
    ),
    teachers=("runs/pixel", "runs/pixel2"),
    views=2,
    expected=0.700,
)
