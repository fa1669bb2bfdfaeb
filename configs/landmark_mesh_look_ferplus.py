"""`landmark_mesh_look` on the FER+ majority and votes, which becomes `landmark-mesh-ferplus`."""

from dataclasses import replace

from facelines.configs.families import POINTS_FERPLUS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS_FERPLUS,
        network="landmark_mesh_look",
        epochs=6,
        start="runs/landmark_mesh_look/model.keras",
    ),
    labels="ferplus",
    landmarker="mesh",
)
