"""Draw docs/images/how_it_works.webp: one photo on its way through the shipped `landmark`.

python docs/images/how_it_works.py
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import cv2
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from facelines import Recognizer  # noqa: E402
from facelines.demo import PHOTO  # noqa: E402
from facelines.preprocessing.images import read_gray  # noqa: E402

INK, ACCENT = "#1d2733", "#0072b2"


def main() -> None:
    (prediction,) = Recognizer.load("landmark")(read_gray(PHOTO))
    face = prediction.face
    photo = np.asarray(Image.open(PHOTO))
    centre, side = face.points.mean(axis=0), 1.5 * np.ptp(face.points[:, 0])
    left, top = (centre - side / 2).round().astype(int)
    crop = photo[top : top + round(side), left : left + round(side)]
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained", dpi=110)
    axes[0].imshow(cv2.resize(crop, (420, 420), interpolation=cv2.INTER_CUBIC))
    axes[0].plot(
        *((face.points - (left, top)) * 420 / side).T,
        "o",
        color="white",
        markersize=2.4,
        markeredgecolor=ACCENT,
        markeredgewidth=0.8,
    )
    axes[0].set_title("51 points on a face", color=INK)
    axes[1].imshow(face.image, cmap="gray", interpolation="nearest")
    axes[1].set_title("the 48x48 drawing of them", color=INK)
    for panel in axes[:2]:
        panel.set_xticks([])
        panel.set_yticks([])
    order = np.argsort(prediction.probabilities)
    best = order[-1]
    axes[2].barh(
        [prediction.labels[at] for at in order],
        100 * prediction.probabilities[order],
        color=[ACCENT if at == best else "#b8c4d0" for at in order],
    )
    axes[2].set_xlim(0, 100)
    axes[2].set_title("six probabilities, %", color=INK)
    axes[2].spines[["top", "right"]].set_visible(False)
    for panel in axes[:2]:
        arrow = {"arrowstyle": "-|>", "color": INK}
        panel.annotate("", (1.16, 0.5), (1.02, 0.5), "axes fraction", arrowprops=arrow)
    figure.canvas.draw()
    drawn = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    drawn.save(FOLDER / "how_it_works.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
