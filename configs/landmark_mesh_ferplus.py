"""`landmark-mesh-ferplus`: `landmark_mesh_look`'s weights, with two looks at each face.

Run it with `--landmarker mesh --labels ferplus`.
"""

from facelines.model.training.config import Config

config = Config(
    "landmark_mesh", epochs=0, prior_power=0.1, start="runs/landmark_mesh_look-ferplus/model.keras"
)
