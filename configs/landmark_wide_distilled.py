"""`landmark_wide` again, distilled from networks that also see the pixels.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_points_distilled_2 import recipe as points
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        points.config,
        network="landmark_wide",
        learning_rate=1e-3,
        seed=8,
        start="runs/landmark_wide/model.keras",
    ),
    teachers=("landmark", "fused"),
    ask_once=True,
    expected=0.631,
)
