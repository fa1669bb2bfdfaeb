"""Other ways to draw the same faces, to ask what of the drawing carries the expression."""

from dataclasses import dataclass

import cv2
import numpy as np

from facelines.model.sources import Arrays, parallel
from facelines.preprocessing import render
from facelines.preprocessing.landmarks import jaw

_JAW_SCALE = 0.72  # of the face about the eyes, so that the chin stays on the drawing


@dataclass(frozen=True)
class Variant:
    """One way to draw.

    size: px a side. scale: of the face, about the eyes. jaw: whether its 17 points are drawn too.
    rival: the variant that differs in this one thing, drawn before it.
    """

    name: str
    size: int = 48
    style: str = "lines"
    level_roll: bool = True
    scale: float = 1.0
    jaw: bool = False
    rival: str = "lines, 48 px (the recipe)"


VARIANTS = (
    Variant("lines, 48 px (the recipe)"),
    Variant("points", style="points"),
    Variant("roll as it is", level_roll=False),
    Variant("32 px", size=32),
    Variant("64 px", size=64),
    Variant("smaller, room for the jaw", scale=_JAW_SCALE),
    Variant("smaller, with the jaw", scale=_JAW_SCALE, jaw=True, rival="smaller, room for the jaw"),
)


def as_pictures(rows: Arrays, variant: Variant, workers: int) -> Arrays:
    """Return rows whose `pixels` are a variant's drawings, uint8 (n, size, size).

    The 51 points are the median of the recipe's passes, the jaw's come from one pass of dlib.

    Args:
        rows: with `raw_points`, and for a variant with the jaw the pictures (`pixels`) as well.
    """
    chins = [None] * len(rows["label"])
    if variant.jaw:
        pairs = list(zip(rows["pixels"], rows["raw_points"], strict=True))
        chins = list(parallel(_jaw_of, pairs, workers))
    drawings = [
        draw(raw, chin, variant) for raw, chin in zip(rows["raw_points"], chins, strict=True)
    ]
    kept = {name: rows[name] for name in ("label", "points")}  # a batch is counted by its points
    return {**kept, "pixels": np.array(drawings, np.uint8)}


def _jaw_of(pair: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return jaw(*pair)


def draw(raw: np.ndarray, chin: np.ndarray | None, variant: Variant) -> np.ndarray:
    """Return a variant's drawing, uint8 (size, size) in {0, 255}.

    Args:
        raw: float (51, 2), in pixels of the picture. chin: (17, 2) in the same, or None.
    """
    normalised = render.normalise(raw, level_roll=variant.level_roll)
    placed = (normalised - render.EYES) * variant.scale + render.EYES
    image = render.draw(placed, size=variant.size, style=variant.style)
    if chin is not None:
        _draw_jaw(image, carried_along(chin, raw, placed))
    return image


def carried_along(chin: np.ndarray, raw: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Return points (n, 2) moved as the 51 of their face were, by a similarity: raw to placed."""
    raw = raw.astype(np.float64)
    known = np.column_stack([raw, np.ones(len(raw))])
    affine, *_ = np.linalg.lstsq(known, placed, rcond=None)
    return np.column_stack([chin, np.ones(len(chin))]) @ affine


def _draw_jaw(image: np.ndarray, points: np.ndarray) -> None:
    place = np.round((points * len(image) - 0.5) * 64).astype(np.int32)
    cv2.polylines(image, [place], False, 255, 1, cv2.LINE_8, 6)
