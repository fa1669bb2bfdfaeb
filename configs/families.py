"""What the recipes of a family share; each begins with one of these."""

from dataclasses import replace

from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config

# Points and vertices, changed as faces and sources differ.
POINTS = Config(
    "landmark_points",
    batch_size=256,
    weight_decay=0.01,
    validation_every=2,
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.001, aspect=0.12, yaw=8.0),
)
POINTS_FERPLUS = replace(POINTS, learning_rate=8e-4, ferplus=0.8, ema=0.995)
# From trained weights on: less changed.
POINTS_AGAIN = replace(
    POINTS,
    votes_head=0.4,
    ema=0.997,
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.0007, aspect=0.1, yaw=4.0),
)

# The gray crop.
PIXELS = Config(
    "pixel",
    batch_size=128,
    weight_decay=0.05,
    precision="mixed_bfloat16",
    validation_every=2,
    augmentation=Augmentation(
        pixel_rotation=6.0,
        pixel_scale=0.07,
        pixel_shift=3.0,
        contrast=0.2,
        brightness=0.08,
        erase=0.2,
    ),
)
PIXELS_FERPLUS = replace(PIXELS, epochs=5, learning_rate=7e-4, ferplus=0.8, ema=0.995)
# A smaller network that learns from larger ones.
PIXELS_DISTILLED = replace(
    PIXELS,
    network="pixel_light",
    votes_head=0.5,
    ema=0.998,
    augmentation=Augmentation(
        pixel_rotation=7.0,
        pixel_scale=0.08,
        pixel_shift=3.0,
        contrast=0.25,
        brightness=0.1,
        erase=0.3,
    ),
)

# The published network on drawings.
DRAWINGS = Config(
    "landmark_cnn",
    batch_size=96,
    weight_decay=0.02,
    label_smoothing=0.05,
    ema=0.998,
    precision="mixed_bfloat16",
    augmentation=Augmentation(rotation=3.0, scale=0.04, jitter=0.004),
)
