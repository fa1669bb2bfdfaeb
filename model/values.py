"""What is said of a face as plain values: one rounding for files, JSON and the web."""

from collections.abc import Sequence

import numpy as np

from facelines.preprocessing.faces import Box


def box_values(box: Box) -> tuple[float, float, float, float]:
    """Return x_min, y_min, x_max, y_max in pixels of the picture, half-open, to tenths."""
    x_min, y_min, x_max, y_max = (round(value, 1) for value in box.corners)
    return x_min, y_min, x_max, y_max


def quality_value(quality: float) -> float:
    """Return how far a face's points can be trusted, 0 to 1, to thousandths."""
    return round(float(quality), 3)


def probability_value(probability: float) -> float:
    """Return a probability, 0 to 1, to ten-thousandths."""
    return round(float(probability), 4)


def probability_values(labels: Sequence[str], probabilities: np.ndarray) -> dict[str, float]:
    """Return the probability of each label, of float32 (n,) in the labels' order."""
    return dict(zip(labels, map(probability_value, probabilities), strict=True))
