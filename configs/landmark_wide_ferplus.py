"""`landmark_wide` for `landmark-ferplus`: from its weights, on the FER+ majority and votes."""

from dataclasses import replace

from facelines.configs.families import POINTS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_FERPLUS,
        network="landmark_wide",
        epochs=12,
        seed=2,
        start="runs/landmark_wide/model.keras",
    ),
    labels="ferplus",
)
