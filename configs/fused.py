"""`fused`: the late fusion of `pixel_light` and `landmark` as one network.

It begins with what `configs/pixel_light.py` gives. Training the branches together from here on
gained nothing (docs/experiments.md).
"""

from model.train import Config

config = Config(
    "fused",
    epochs=0,
    start="runs/pixel_light/model.keras",
    join="model/weights/landmark/model.keras",
    join_share=0.2,
)
