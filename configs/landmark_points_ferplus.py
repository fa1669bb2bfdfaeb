"""`landmark_points` for `landmark-ferplus`: from its weights, on the FER+ majority and votes."""

from dataclasses import replace

from facelines.configs.families import POINTS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_FERPLUS,
        epochs=14,
        start="runs/landmark_points/model.keras",
    ),
    labels="ferplus",
    expected=0.804,
)
