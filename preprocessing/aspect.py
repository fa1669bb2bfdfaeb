"""Is a data set squashed or stretched? Its faces against FER2013's, and the remedy."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from facelines.preprocessing.images import ImageError
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS
from facelines.preprocessing.samples import Sample

AUTO = "auto"
SAMPLE = 200  # faces of a set that are looked at first

FER2013_RATIO = 1.12  # the median of its faces' ratios; that of CK+'s is 1.08
_PLAIN = 1.15  # sets that differ by less are left as they are


def ratios(points: np.ndarray) -> np.ndarray:
    """Return each face's distance from eyes to mouth over that between the eyes, float64 (n,).

    Args:
        points: (n, 51, 2), in any unit.
    """
    right, left, mouth = (
        points[:, GROUPS[name]].mean(axis=1, dtype=float)
        for name in ("right_eye", "left_eye", "mouth")
    )
    between = np.maximum(np.linalg.norm(left - right, axis=1), 1e-6)
    return np.linalg.norm(mouth - (right + left) / 2, axis=1) / between


def median_ratio(samples: Sequence[Sample], pipeline: Pipeline) -> float:
    """Return the median of the `ratios` of up to SAMPLE faces of a set's pictures, evenly spread.

    FER2013's where no picture can be decoded.
    """
    if pipeline.landmarker != "mesh":  # one pass of dlib will do
        pipeline = replace(pipeline, mesh=False, passes=1)
    found = []
    for sample in samples[:: max(1, len(samples) // SAMPLE)][:SAMPLE]:
        try:
            found.append(pipeline.one(sample.gray()).points)
        except ImageError:
            continue  # it will be counted when all are read
    return float(np.median(ratios(np.array(found)))) if found else FER2013_RATIO


def factor_of(wanted: str | float, median: float) -> float:
    """Return how much taller the pictures of a set are to be made; 1 leaves them.

    Args:
        wanted: AUTO, or the factor itself.
        median: of the `ratios` of the set's faces.
    """
    if wanted != AUTO:
        return float(wanted)
    factor = FER2013_RATIO / median
    return round(factor, 2) if max(factor, 1 / factor) > _PLAIN else 1.0


def stretched(gray: np.ndarray, factor: float) -> np.ndarray:
    """Return a picture whose height over width is `factor` times what it was, its area kept."""
    if factor == 1:
        return gray
    height, width = gray.shape
    size = max(1, round(width / factor**0.5)), max(1, round(height * factor**0.5))
    return cv2.resize(gray, size, interpolation=cv2.INTER_CUBIC)


def remark(median_ratio: float, factor: float) -> str | None:
    """Return one line where a set's faces look squashed or stretched, None where they do not."""
    relative = median_ratio / FER2013_RATIO
    if max(relative, 1 / relative) <= _PLAIN:
        return None
    how = "squashed" if relative < 1 else "stretched"
    done = f"made {factor:g} times as tall" if factor != 1 else "left so; --aspect auto mends it"
    return f"faces look {how}: {relative:.2f} of the height of FER2013's; {done}"


def parse(text: str) -> str | float:
    """Read an option's value: AUTO or a factor.

    Raises:
        ValueError: neither; as argparse expects of a type.
    """
    if text == AUTO:
        return AUTO
    factor = float(text)
    if not 0.25 <= factor <= 4:
        raise ValueError(f"an aspect from 0.25 to 4 was expected; received {text}")
    return factor
