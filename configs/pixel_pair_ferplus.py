"""`pixel-ferplus` as released: the late fusion of both networks on FER+'s labels."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "pixel_pair",
        epochs=0,
        prior_power=0.2,
        join={
            "runs/pixel_light_ferplus/model.keras": 0.6,
            "runs/pixel_second_ferplus/model.keras": 0.4,
        },
        eight_bits=True,
    ),
    labels="ferplus",
    expected=0.866,
)
