"""`landmark_wide` for `landmark-ferplus`: on the FER+ majority and votes, and distilled.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_points_distilled_ferplus import recipe as points
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        points.config,
        network="landmark_wide",
        seed=11,
        start="runs/landmark_wide_distilled/model.keras",
    ),
    labels="ferplus",
    teachers=("landmark-ferplus", "fused-ferplus"),
    ask_once=True,
    expected=0.809,
)
