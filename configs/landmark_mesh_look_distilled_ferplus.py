"""`landmark_mesh_look` on the FER+ majority and votes, which becomes `landmark-mesh-ferplus`.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_mesh_look_distilled_2 import recipe as before
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        before.config,
        epochs=18,
        learning_rate=8e-4,
        ferplus=0.8,
        votes_head=0.0,
        teacher=0.5,
        seed=9,
        start="runs/landmark_mesh_look_distilled_2/model.keras",
    ),
    labels="ferplus",
    landmarker="mesh",
    teachers=("landmark-ferplus", "fused-ferplus"),
    ask_once=True,
    expected=0.778,
)
