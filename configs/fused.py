"""`fused`: the late fusion of `pixel_light`, `pixel_second` and `landmark` as one network.

It begins with what `configs/pixel_light.py` and `configs/pixel_second.py` give. Training the
branches together from here on gained nothing (docs/experiments.md).
"""

from model.train import Config

config = Config(
    "fused",
    epochs=0,
    join={
        "runs/pixel_light/model.keras": 0.375,
        "runs/pixel_second/model.keras": 0.375,
        "model/weights/landmark/model.keras": 0.25,
    },
    eight_bits=True,
)
