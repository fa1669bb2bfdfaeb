"""`landmark_points` a fourth time: longer, with more of its teachers in the targets.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_points_distilled_2 import recipe as before
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        before.config,
        epochs=30,
        learning_rate=1.2e-3,
        teacher=0.8,
        seed=12,
        start="runs/landmark_points_distilled_2/model.keras",
    ),
    teachers=("landmark", "fused"),
    ask_once=True,
    expected=0.639,
)
