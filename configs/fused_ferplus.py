"""`fused-ferplus`: the late fusion of `pixel_light` on FER+'s labels and `landmark-ferplus`.

It begins with what `configs/pixel_light_ferplus.py` gives. Run it with `--labels ferplus`.
Training the branches together from here on gained nothing (docs/experiments.md).
"""

from model.train import Config

config = Config(
    "fused",
    epochs=0,
    start="runs/pixel_light-ferplus/model.keras",
    join="model/weights/landmark-ferplus/model.keras",
    join_share=0.25,
)
