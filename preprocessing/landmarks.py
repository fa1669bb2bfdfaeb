"""A face's box -> dlib's 68 landmarks -> the 51 without the jaw, as float32 (51, 2)."""

import functools
from collections.abc import Sequence

import cv2
import dlib
import numpy as np
from imutils import face_utils

from facelines import shape_predictor
from facelines.preprocessing.faces import Box
from facelines.preprocessing.points import (
    BOX_SIDE,
    CROP_SIDE,
    JAW,
    MIRROR,
    POINTS,
    Frame,
    eye_distance,
    frame_around,
    frame_of_points,
    upright_crop,
)

_PASSES = (  # (shift x, shift y, scale) of dlib's box, in units of its side; mirrored in turn
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 1.0),
    (0.04, 0.03, 1.05),
    (0.04, 0.03, 1.05),
    (-0.04, -0.03, 1.05),
    (-0.04, -0.03, 1.05),
    (0.04, -0.03, 0.95),
    (0.04, -0.03, 0.95),
    (-0.04, 0.03, 0.95),
    (-0.04, 0.03, 0.95),
)
MAX_PASSES = len(_PASSES)
_SPREAD_OF_NOTHING = 0.2  # passes that differ by this much of the eye distance agree on nothing


def landmarks(gray: np.ndarray, box: Box, passes: int) -> tuple[np.ndarray, float]:
    """Return the 51 points of one face and how well dlib's passes agree on them.

    The face is turned upright, brought to one size (small faces are enlarged bicubically, large
    ones averaged down) and given to dlib `passes` times with the box moved a little and the
    picture mirrored; the points are the passes' median. Median and mirror gain about one point of
    accuracy on FER2013.

    Args:
        gray: uint8 (H, W).
        box: the face; with keypoints its roll is known at once, without them a first pass
            finds it.
        passes: 1 to MAX_PASSES.

    Returns:
        points float32 (51, 2) in pixels of the picture, agreement in [0, 1] (1: all passes agree;
        also 1 for a single pass, which has nothing to disagree with).
    """
    if not 1 <= passes <= MAX_PASSES:
        raise ValueError(f"passes must be 1 to {MAX_PASSES}; received {passes}.")
    frame = frame_of(box)
    if box.keypoints is None:
        frame = frame_of_points(_median(_shapes(gray, frame, range(min(passes, 2)))))
    shapes = _shapes(gray, frame, range(passes))
    points = _median(shapes).astype(np.float32)
    return points, agreement(shapes, points)


def _median(shapes: np.ndarray) -> np.ndarray:
    """Return NumPy's median (51, 2) of shapes (n, 51, 2), bit for bit, in an eighth of its time."""
    ordered = np.sort(shapes, axis=0)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def look(gray: np.ndarray, box: Box, *, mirrored: bool) -> np.ndarray:
    """Return what the first pass, or the first mirrored one, sees of a box with keypoints.

    Args:
        gray: uint8 (H, W).

    Returns:
        float64 (51, 2) in pixels of the picture.
    """
    return _shapes(gray, frame_of(box), [int(mirrored)])[0]


def agreement(looks: np.ndarray, points: np.ndarray) -> float:
    """Return how well several looks at a face agree with the points taken from them, 0 to 1.

    Args:
        looks: (n, 51, 2), and points (51, 2) in the same unit.
    """
    spread = np.median(np.linalg.norm(looks - points, axis=-1)) / eye_distance(points)
    return float(np.clip(1 - spread / _SPREAD_OF_NOTHING, 0, 1))


def frame_of(box: Box) -> Frame:
    """Return where dlib is to look for the face of a box."""
    if box.keypoints is None:
        side = max(box.width, box.height) * (0.82 if box.source == "whole image" else 1.0)
        x, y = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
        return Frame(x - 0.5, y - 0.5, side, 0.0)
    right_eye, left_eye, _, mouth, *_ = np.asarray(box.keypoints)
    return frame_around(right_eye, left_eye, mouth, box.width)


def _shapes(gray: np.ndarray, frame: Frame, passes: Sequence[int]) -> np.ndarray:
    """Return float64 (n, 51, 2) of n of the `_PASSES`, in pixels of the picture."""
    crop = upright_crop(gray, frame)
    mirrored = cv2.flip(crop, 1)
    shapes = np.empty((len(passes), POINTS, 2))
    for index, number in enumerate(passes):
        if number % 2 == 0:
            shapes[index] = _predict(crop, _PASSES[number])
        else:
            shapes[index] = _predict(mirrored, _PASSES[number])[MIRROR]
            shapes[index, :, 0] = CROP_SIDE - 1 - shapes[index, :, 0]
    transform = frame.to_picture()
    return shapes @ transform[:, :2].T + transform[:, 2]


def _predict(crop: np.ndarray, jitter: tuple[float, float, float]) -> np.ndarray:
    shift_x, shift_y, scale = jitter
    side = BOX_SIDE * scale
    x = round(CROP_SIDE / 2 + shift_x * BOX_SIDE - side / 2)
    y = round(CROP_SIDE / 2 + shift_y * BOX_SIDE - side / 2)
    box = dlib.rectangle(x, y, x + round(side) - 1, y + round(side) - 1)
    # What imutils' `shape_to_np` returns but for the jaw, in a third of its time.
    part = _predictor()(crop, box).part
    return np.array([(point.x, point.y) for point in map(part, range(JAW, JAW + POINTS))], float)


def jaw(gray: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the jaw's 17 points of a face whose 51 others are known, in one pass of dlib.

    No recipe uses them: the benchmark asks what leaving them out costs.

    Args:
        gray: uint8 (H, W).
        points: (51, 2) in pixels of the picture.

    Returns:
        float32 (17, 2) in pixels of the picture, from one ear over the chin to the other.
    """
    frame = frame_of_points(points)
    corner = round((CROP_SIDE - BOX_SIDE) / 2)
    box = dlib.rectangle(corner, corner, corner + BOX_SIDE - 1, corner + BOX_SIDE - 1)
    shape = face_utils.shape_to_np(_predictor()(upright_crop(gray, frame), box), dtype="float64")
    transform = frame.to_picture()
    return (shape[:JAW] @ transform[:, :2].T + transform[:, 2]).astype(np.float32)


@functools.cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(shape_predictor.find()))
