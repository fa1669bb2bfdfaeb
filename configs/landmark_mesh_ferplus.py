"""`landmark-mesh-ferplus`: `landmark_mesh_look`'s weights, with two looks at each face."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config(
        "landmark_mesh",
        epochs=0,
        prior_power=0.2,
        start="runs/landmark_mesh_look_distilled_ferplus/model.keras",
    ),
    labels="ferplus",
    landmarker="mesh",
    expected=0.776,
)
