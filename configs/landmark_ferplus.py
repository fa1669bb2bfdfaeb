"""`landmark-ferplus`: `landmark`'s two networks on the FER+ majority, joined and not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "landmark",
        epochs=0,
        prior_power=0.3,
        join={
            "runs/landmark_points_distilled_ferplus/model.keras": 0.3,
            "runs/landmark_wide_distilled_ferplus/model.keras": 0.7,
        },
    ),
    labels="ferplus",
    expected=0.807,
)
