"""`landmark_mesh_look`, the mesh's vertices, before it is distilled.

Before it 14 epochs at 1.2e-3, from the part of `landmark_points` that sees the mesh.
"""

from dataclasses import replace

from facelines.configs.families import POINTS_AGAIN
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_AGAIN,
        network="landmark_mesh_look",
        epochs=9,
        learning_rate=8e-4,
        label_smoothing=0.05,
        seed=2,
        start="runs/mesh_look_first/model.keras",
    ),
    landmarker="mesh",
    expected=0.593,
)
