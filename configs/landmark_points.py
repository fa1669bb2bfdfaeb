"""`landmark_points`, one of `landmark`: both sources' points, trained on FER2013's labels."""

from dataclasses import replace

from facelines.configs.families import POINTS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS,
        epochs=22,
        learning_rate=1.2e-3,
        votes_head=0.4,
        label_smoothing=0.05,
        ema=0.998,
        start="runs/old_points_dlib/model.keras",
    ),
    expected=0.628,
)
