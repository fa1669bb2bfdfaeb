"""`landmark_wide`, one of `landmark`: both sources' points, trained on FER2013's labels."""

from dataclasses import replace

from facelines.configs.families import POINTS
from facelines.model.training.recipe import Recipe

recipe = Recipe(
    replace(
        POINTS,
        network="landmark_wide",
        epochs=40,
        learning_rate=1.5e-3,
        votes_head=0.4,
        label_smoothing=0.05,
        ema=0.998,
        seed=2,
    ),
    expected=0.626,
)
