"""`landmark_mesh_look` again, distilled from `fused`, which sees dlib's points and pixels too.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.families import POINTS_AGAIN
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_AGAIN,
        network="landmark_mesh_look",
        epochs=14,
        learning_rate=1e-3,
        teacher=0.6,
        seed=5,
        start="runs/landmark_mesh_look/model.keras",
    ),
    landmarker="mesh",
    teachers=("fused",),
    ask_once=True,
    expected=0.602,
)
