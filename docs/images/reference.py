"""Draw docs/images/reference.webp: a photo's shape, the same face at rest, and the way between.

python docs/images/reference.py
"""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from facelines import Recognizer  # noqa: E402
from facelines.demo import PHOTO  # noqa: E402
from facelines.model import inputs  # noqa: E402
from facelines.model.reference import neutral_of, rest  # noqa: E402
from facelines.preprocessing.images import read_gray  # noqa: E402
from facelines.preprocessing.points import GROUPS  # noqa: E402

INK, REST, ARROW = "#1d2733", "#8aa5bd", "#d55e00"
STILL = 0.012  # of the drawing's side
CLOSED = ("right_eye", "left_eye", "mouth", "inner_mouth")


def strokes(points):
    for name, group in GROUPS.items():
        stroke = points[group]
        yield np.vstack([stroke, stroke[:1]]) if name in CLOSED else stroke


def draw(panel, points, colour):
    for stroke in strokes(points):
        panel.plot(*stroke.T, color=colour, linewidth=2, solid_capstyle="round")


def main() -> None:
    landmark = Recognizer.load("landmark")
    (prediction,) = landmark(read_gray(PHOTO))
    now = prediction.face.normalised
    # There is one photo and she smiles: the training set's mean smile is taken off, and what is
    # left stands for her rest. A photo of the neutral face would do better.
    smiling = neutral_of(inputs.of_faces([prediction.face]))
    known = replace(smiling, mixture={"happy": 1.0}, count=1000)
    at_rest = rest(known, landmark.references)
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.5), layout="constrained", dpi=110)
    figure.get_layout_engine().set(h_pad=0.1)
    for panel, title in zip(axes, ("at rest", "now", "what is read"), strict=True):
        panel.set(xlim=(0, 1), ylim=(1, 0), aspect="equal", xticks=[], yticks=[])
        panel.set_title(title, color=INK)
    draw(axes[0], at_rest, REST)
    draw(axes[1], now, INK)
    draw(axes[2], at_rest, REST)
    for start, end in zip(at_rest, now, strict=True):
        if np.linalg.norm(end - start) > STILL:
            arrow = {"arrowstyle": "->", "color": ARROW, "shrinkA": 0, "shrinkB": 0}
            axes[2].annotate("", end, start, arrowprops=arrow)
    figure.canvas.draw()
    drawn = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    drawn.save(FOLDER / "reference.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
