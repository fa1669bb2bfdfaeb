"""`fused`: the late fusion of `pixel_light`, `pixel_second` and `landmark_points` as one network.

It is made of what the configs of these names give, and not trained on: training the branches of
an earlier one together gained nothing (docs/experiments.md).
"""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "fused",
        epochs=0,
        join={
            "runs/pixel_light/model.keras": 0.375,
            "runs/pixel_second/model.keras": 0.375,
            "runs/landmark_points_distilled_3/model.keras": 0.25,
        },
        eight_bits=True,
    ),
    expected=0.716,
)
