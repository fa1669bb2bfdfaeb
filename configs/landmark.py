"""`landmark`: `landmark_points_distilled` and `landmark_wide` as one network, not trained on."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "landmark",
        epochs=0,
        join={
            "runs/landmark_points_distilled/model.keras": 0.7,
            "runs/landmark_wide/model.keras": 0.3,
        },
    ),
    expected=0.627,
)
