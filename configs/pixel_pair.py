"""`pixel` as released: the late fusion of `pixel_light` and `pixel_second`, not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "pixel_pair",
        epochs=0,
        join={"runs/pixel_light/model.keras": 0.6, "runs/pixel_second/model.keras": 0.4},
        eight_bits=True,
    ),
    expected=0.712,
)
