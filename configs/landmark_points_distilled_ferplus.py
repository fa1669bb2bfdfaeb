"""`landmark_points` for `landmark-ferplus`: on the FER+ majority and votes, and distilled.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_points_distilled_2 import recipe as points
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        points.config,
        epochs=18,
        ferplus=0.8,
        votes_head=0.0,
        teacher=0.5,
        seed=10,
        start="runs/landmark_points_distilled_2/model.keras",
    ),
    labels="ferplus",
    teachers=("landmark-ferplus", "fused-ferplus"),
    ask_once=True,
    expected=0.809,
)
