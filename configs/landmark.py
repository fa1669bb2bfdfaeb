"""`landmark`: `landmark_points` and `landmark_wide` as one network, not trained on."""

from facelines.model.training.config import Config

config = Config(
    "landmark",
    epochs=0,
    join={
        "runs/landmark_points_taught/model.keras": 0.7,
        "runs/landmark_wide/model.keras": 0.3,
    },
)
