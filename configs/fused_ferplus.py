"""`fused-ferplus`: the late fusion of `fused`'s three networks, trained on FER+'s labels.

It is made of what the configs `pixel_light_ferplus`, `pixel_second_ferplus` and
`landmark_points_distilled_ferplus` give, and not trained on.
"""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "fused",
        epochs=0,
        prior_power=0.3,
        join={
            "runs/pixel_light_ferplus/model.keras": 0.375,
            "runs/pixel_second_ferplus/model.keras": 0.375,
            "runs/landmark_points_distilled_ferplus/model.keras": 0.25,
        },
        eight_bits=True,
    ),
    labels="ferplus",
    expected=0.867,
)
