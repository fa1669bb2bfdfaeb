"""The other for the pixels of `fused-ferplus`: `pixel_second` by `pixel_light_ferplus`'s recipe.

Run it with `--labels ferplus --views 2 --out runs/pixel_second-ferplus`.
"""

from dataclasses import replace

from configs.pixel_light_ferplus import config as light

config = replace(light, network="pixel_second", seed=2, start="runs/pixel_second/model.keras")
