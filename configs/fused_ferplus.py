"""`fused-ferplus`: the late fusion of `pixel-ferplus` and `landmark-ferplus` as one network.

Run it with `--labels ferplus`.
Training both branches together from here on gained nothing (docs/experiments.md).
"""

from model.train import Config

config = Config(
    "fused",
    epochs=0,
    start="model/weights/pixel-ferplus/model.keras",
    join="model/weights/landmark-ferplus/model.keras",
    join_share=0.25,
)
