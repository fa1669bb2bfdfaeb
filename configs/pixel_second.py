"""`pixel_second`: the recipe of `pixel`, from random weights of its own, for `fused`.

Run it with `--views 2` (the face and its mirror image).
"""

from dataclasses import replace

from configs.pixel import config as pixel

config = replace(pixel, network="pixel_second", seed=2, eight_bits=False)
