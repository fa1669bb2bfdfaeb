"""`fused`: the late fusion of `pixel` and `landmark` as one network.

Training both branches together from here on gained nothing (docs/experiments.md).
"""

from model.train import Config

config = Config(
    "fused",
    epochs=0,
    start="model/weights/pixel/model.keras",
    join="model/weights/landmark/model.keras",
    join_share=0.25,
)
