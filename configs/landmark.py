"""`landmark`: `landmark_drawn` and `landmark_points` as one network, not trained on."""

from facelines.model.training.config import Config

config = Config(
    "landmark",
    epochs=0,
    join={
        "runs/landmark_drawn/model.keras": 0.5,
        "runs/landmark_points/model.keras": 0.5,
    },
)
