"""`pixel-ferplus` as released: the trained one with four looks at each picture, not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config("pixel_looks", epochs=0, start="runs/pixel_ferplus/model.keras", eight_bits=True),
    labels="ferplus",
    expected=0.866,
)
