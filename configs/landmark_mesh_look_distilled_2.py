"""`landmark_mesh_look` a third time, which becomes `landmark-mesh`.

The teachers are the ones released before.
"""

from dataclasses import replace

from facelines.configs.landmark_mesh_look_distilled import recipe as before
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        before.config,
        epochs=36,
        learning_rate=1.2e-3,
        teacher=0.8,
        seed=7,
        ema=0.998,
        validation_every=3,
        start="runs/landmark_mesh_look_distilled/model.keras",
    ),
    landmarker="mesh",
    teachers=("landmark", "fused"),
    ask_once=True,
    expected=0.608,
)
