"""`pixel` as released: the trained `pixel` with four looks at each picture, not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config("pixel_looks", epochs=0, start="runs/pixel/model.keras", eight_bits=True),
    expected=0.709,
)
