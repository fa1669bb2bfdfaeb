"""`landmark-mesh`: `landmark_mesh_look`'s weights, with two looks at each face.

Run it with `--landmarker mesh`.
"""

from facelines.model.training.config import Config

config = Config("landmark_mesh", epochs=0, start="runs/landmark_mesh_look/model.keras")
