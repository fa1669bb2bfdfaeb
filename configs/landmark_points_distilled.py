"""`landmark_points` again, from its own weights, distilled from itself and `landmark_wide`."""

from dataclasses import replace

from facelines.configs.families import POINTS_AGAIN
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_AGAIN,
        epochs=10,
        learning_rate=5e-4,
        teacher=0.5,
        seed=4,
        start="runs/landmark_points/model.keras",
    ),
    teachers=("runs/landmark_points", "runs/landmark_wide"),
    expected=0.629,
)
