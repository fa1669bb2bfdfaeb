"""The first half of `pixel_light`: `pixel` made lighter, two seeds of it distilled on mixup."""

from dataclasses import replace

from facelines.configs.families import PIXELS_DISTILLED
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        PIXELS_DISTILLED,
        epochs=18,
        learning_rate=8e-4,
        teacher=0.9,
        mixup=0.4,
        start="runs/pixel/model.keras",
    ),
    teachers=("runs/pixel", "runs/pixel2"),
    views=2,
    expected=0.697,
)
