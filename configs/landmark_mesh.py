"""`landmark-mesh`: `landmark_mesh_look`'s weights, with two looks at each face."""

from facelines.model.training.config import Config
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    Config("landmark_mesh", epochs=0, start="runs/landmark_mesh_look_distilled_2/model.keras"),
    landmarker="mesh",
    expected=0.607,
)
