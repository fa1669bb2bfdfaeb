"""`pixel-ferplus` as released: the trained one with four looks at each picture, not trained on.

Run it with `--labels ferplus`.
"""

from facelines.model.training.config import Config

config = Config("pixel_looks", epochs=0, start="runs/pixel-ferplus/model.keras", eight_bits=True)
