"""`fused-ferplus`: the late fusion of `fused`'s three networks, trained on FER+'s labels.

It is made of what the configs `pixel_light_ferplus`, `pixel_second_ferplus` and
`landmark_points_ferplus` give, and not trained on.

Run it with `--labels ferplus`.
"""

from facelines.model.training.config import Config

config = Config(
    "fused",
    epochs=0,
    join={
        "runs/pixel_light-ferplus/model.keras": 0.375,
        "runs/pixel_second-ferplus/model.keras": 0.375,
        "runs/landmark_points-ferplus/model.keras": 0.25,
    },
    eight_bits=True,
)
