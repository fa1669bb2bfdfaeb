"""Pictures made worse in known steps, and both pipelines run on them from the picture on.

After ImageNet-C (Hendrycks and Dietterich 2019): one kind of corruption at five strengths.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from facelines.model import inputs
from facelines.model.sources import Arrays, parallel
from facelines.preprocessing import images
from facelines.preprocessing.pipeline import Face, Pipeline
from facelines.preprocessing.points import GROUPS, eye_centres, eye_distance

Corrupt = Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption.

    levels: five strengths, weakest first, in `unit`.
    apply: (gray uint8 (H, W), points float32 (51, 2) of the unharmed face in its pixels, level,
        rng) -> uint8 (H, W).
    """

    name: str
    unit: str
    levels: tuple[float, ...]
    apply: Corrupt


def corrupted(
    rows: Arrays, corruption: Corruption, pipeline: Pipeline, workers: int
) -> list[Arrays]:
    """Corrupt every face's picture and run the whole pipeline on it, the detector included.

    Args:
        rows: with `pixels` as the pictures and `raw_points` in their coordinates, as of FER2013
            and CK+48, whose pictures are 48x48 crops that the pipeline leaves as they are.

    Returns:
        for each level: image, points, pixels as from `inputs.of_faces`, and label, found (n,).
    """
    pictures = [
        corruption.apply(gray, points, level, np.random.default_rng(index))
        for level in corruption.levels
        for index, (gray, points) in enumerate(zip(rows["pixels"], rows["raw_points"], strict=True))
    ]
    faces = read_again(pictures, pipeline, workers)
    count = len(rows["label"])
    return [
        as_rows(faces[start : start + count], rows["label"])
        for start in range(0, len(faces), count)
    ]


def read_again(pictures: list[np.ndarray], pipeline: Pipeline, workers: int) -> list[Face]:
    """Return the one face of each picture, uint8 (H, W), the detector run anew."""
    return list(parallel(partial(_face, pipeline=pipeline), pictures, workers))


def as_rows(faces: list[Face], labels: np.ndarray) -> Arrays:
    """Return what networks see of faces, their labels (n,), and how each was found (n,)."""
    found = np.array([face.box.source for face in faces])
    return {**inputs.of_faces(faces), "label": labels, "found": found}


def _face(gray: np.ndarray, pipeline: Pipeline) -> Face:
    return pipeline.one(gray)


def _to_uint8(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _brightness(gray, points, level, rng):
    return _to_uint8(gray + 255.0 * level)


def _contrast(gray, points, level, rng):
    return _to_uint8(gray.mean() + (gray - gray.mean()) * level)


def _gamma(gray, points, level, rng):
    return _to_uint8(255 * (gray / 255.0) ** level)


def _shadow(gray, points, level, rng):
    """Darken from one side to the middle of the face, the side drawn at random."""
    ramp = np.clip(np.linspace(0, 2, gray.shape[1]), 0, 1)
    light = 1 - level * (1 - ramp)
    return _to_uint8(gray * (light if rng.random() < 0.5 else light[::-1]))


def _blur(gray, points, level, rng):
    return cv2.GaussianBlur(gray, (0, 0), level)


def _noise(gray, points, level, rng):
    return _to_uint8(gray + rng.normal(0, 255 * level, gray.shape))


def _jpeg(gray, points, level, rng):
    """Compress and read again."""
    file = BytesIO()
    Image.fromarray(gray).save(file, "JPEG", quality=int(level))
    return images.decode_gray(file.getvalue())


def _downscale(gray, points, level, rng):
    small = cv2.resize(gray, (int(level), int(level)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, gray.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _rotation(gray, points, level, rng):
    height, width = gray.shape
    angle = level if rng.random() < 0.5 else -level
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    return cv2.warpAffine(gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _cover(gray, centre, half_width: float, half_height: float):
    changed = gray.copy()
    top, bottom = np.round([centre[1] - half_height, centre[1] + half_height]).astype(int)
    left, right = np.round([centre[0] - half_width, centre[0] + half_width]).astype(int)
    changed[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 0
    return changed


def _cover_eyes(gray, points, level, rng):
    unit = eye_distance(points)
    return _cover(gray, np.mean(eye_centres(points), axis=0), 1.0 * unit, level * unit / 2)


def _cover_mouth(gray, points, level, rng):
    unit = eye_distance(points)
    return _cover(gray, points[GROUPS["mouth"]].mean(axis=0), 0.7 * unit, level * unit / 2)


CORRUPTIONS = (
    Corruption("darker", "of white taken off", (-0.1, -0.2, -0.3, -0.4, -0.5), _brightness),
    Corruption("brighter", "of white added", (0.1, 0.2, 0.3, 0.4, 0.5), _brightness),
    Corruption("less contrast", "of the contrast left", (0.7, 0.5, 0.3, 0.2, 0.1), _contrast),
    Corruption("gamma", "exponent", (1.5, 2.0, 2.5, 3.0, 4.0), _gamma),
    Corruption("shadow on one side", "of its light lost", (0.3, 0.5, 0.7, 0.85, 0.95), _shadow),
    Corruption("blur", "px of standard deviation", (0.6, 1.0, 1.5, 2.0, 3.0), _blur),
    Corruption("noise", "of white, standard deviation", (0.03, 0.06, 0.1, 0.15, 0.2), _noise),
    Corruption("JPEG", "quality", (50, 30, 20, 10, 5), _jpeg),
    Corruption("down-scaling", "px a side", (36, 28, 22, 16, 12), _downscale),
    Corruption("rotation", "degrees", (5, 10, 20, 30, 45), _rotation),
    Corruption("eyes covered", "eye distances high", (0.15, 0.3, 0.45, 0.6, 0.8), _cover_eyes),
    Corruption("mouth covered", "eye distances high", (0.2, 0.4, 0.6, 0.8, 1.0), _cover_mouth),
)
