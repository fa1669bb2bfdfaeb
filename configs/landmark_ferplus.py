"""`landmark-ferplus`: `landmark`'s two networks on the FER+ majority, joined and not trained on.

Run it with `--labels ferplus`.
"""

from facelines.model.training.config import Config

config = Config(
    "landmark",
    epochs=0,
    prior_power=0.1,
    join={
        "runs/landmark_points-ferplus/model.keras": 0.5,
        "runs/landmark_wide-ferplus/model.keras": 0.5,
    },
)
