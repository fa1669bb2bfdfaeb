"""`landmark`: `landmark_points` and `landmark_wide`, distilled, as one network, not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "landmark",
        epochs=0,
        join={
            "runs/landmark_points_distilled_3/model.keras": 0.7,
            "runs/landmark_wide_distilled/model.keras": 0.3,
        },
    ),
    expected=0.637,
)
