"""A face's box -> dlib's 68 landmarks -> the 51 without the jaw, as float32 (51, 2)."""

import functools
from dataclasses import dataclass

import cv2
import dlib
import numpy as np
from imutils import face_utils

import shape_predictor
from preprocessing.faces import Box

JAW = face_utils.FACIAL_LANDMARKS_68_IDXS["jaw"][1]  # the first 17 of dlib's 68 points
POINTS = 68 - JAW


def _groups() -> dict[str, slice]:
    named = {
        name: slice(first - JAW, last - JAW)
        for name, (first, last) in face_utils.FACIAL_LANDMARKS_68_IDXS.items()
        if name != "jaw"
    }
    # imutils' "mouth" is both lips' outlines; here it is the outer one alone.
    return named | {"mouth": slice(named["mouth"].start, named["inner_mouth"].start)}


GROUPS = _groups()  # right and left are the person's own: right_eye is on the picture's left

# Point i of a mirrored face is point MIRROR[i] of the face.
MIRROR = np.array(
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]  # brows
    + [10, 11, 12, 13]  # bridge of the nose
    + [18, 17, 16, 15, 14]  # base of the nose
    + [28, 27, 26, 25, 30, 29, 22, 21, 20, 19, 24, 23]  # eyes
    + [37, 36, 35, 34, 33, 32, 31, 42, 41, 40, 39, 38]  # outer lips
    + [47, 46, 45, 44, 43, 50, 49, 48]  # inner lips
)

_CROP = 300  # pixels a side of the upright crop that dlib sees
_BOX = 165  # pixels a side of the box that dlib is given, in the middle of the crop
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
_MUCH_ENLARGED = 0.5  # pixels of the picture in one of the crop
_SPREAD_OF_NOTHING = 0.2  # passes that differ by this much of the eye distance agree on nothing


@dataclass(frozen=True)
class Frame:
    """An upright square on a picture: where dlib looks. Pixels; `roll` in radians, y down."""

    x: float
    y: float
    side: float
    roll: float

    def to_picture(self, crop: int = _CROP, box: int = _BOX) -> np.ndarray:
        """Return the float64 (2, 3) transform from pixels of the upright crop to the picture.

        Args:
            crop: pixels a side of the crop.
            box: pixels that this frame's side takes of them.
        """
        scale = self.side / box
        cosine, sine = scale * np.cos(self.roll), scale * np.sin(self.roll)
        rotation = np.array([[cosine, -sine], [sine, cosine]])
        # Pixel centres are whole numbers, so a crop's middle is (n - 1) / 2.
        shift = (self.x, self.y) - rotation @ np.full(2, (crop - 1) / 2)
        return np.column_stack([rotation, shift])


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
        points float32 (51, 2) in pixels of the picture, quality in [0, 1] (1: all passes agree;
        also 1 for a single pass, which has nothing to disagree with).
    """
    if not 1 <= passes <= MAX_PASSES:
        raise ValueError(f"passes must be 1 to {MAX_PASSES}; received {passes}.")
    frame = frame_of(box)
    if box.keypoints is None:
        frame = frame_of_points(np.median(_shapes(gray, frame, min(passes, 2)), axis=0))
    shapes = _shapes(gray, frame, passes)
    points = np.median(shapes, axis=0).astype(np.float32)
    spread = np.median(np.linalg.norm(shapes - points, axis=-1)) / eye_distance(points)
    return points, float(np.clip(1 - spread / _SPREAD_OF_NOTHING, 0, 1))


def eye_centres(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (2,) of the person's right and left eye, in the points' own units."""
    return points[GROUPS["right_eye"]].mean(axis=0), points[GROUPS["left_eye"]].mean(axis=0)


def eye_distance(points: np.ndarray) -> float:
    """Return the distance between the eyes' centres; at least a millionth, never 0."""
    right, left = eye_centres(points)
    return max(float(np.linalg.norm(left - right)), 1e-6)


def frame_of(box: Box) -> Frame:
    """Return where dlib is to look for the face of a box."""
    if box.keypoints is None:
        side = max(box.width, box.height) * (0.82 if box.source == "whole image" else 1.0)
        x, y = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
        return Frame(x - 0.5, y - 0.5, side, 0.0)
    right_eye, left_eye, _, mouth, *_ = np.asarray(box.keypoints)
    return _frame(right_eye, left_eye, mouth, box.width)


def frame_of_points(points: np.ndarray) -> Frame:
    """Return where dlib is to look, from points (51, 2) found before: to refine or to follow."""
    right_eye, left_eye = eye_centres(points)
    return _frame(right_eye, left_eye, points[GROUPS["mouth"]].mean(axis=0), None)


def _frame(right_eye, left_eye, mouth, box_width: float | None) -> Frame:
    """Place dlib's box as its own HOG detector would, measured on 1,734 faces of FER2013.

    There the HOG box's side is 2.2 times the mean of eye distance, eye-mouth distance and 0.43
    of BlazeFace's box width (three lengths, since yaw shortens the first and an open mouth
    stretches the second), its centre 0.38 eye-mouth distances below the eyes.
    """
    eyes = (right_eye + left_eye) / 2
    lengths = [np.linalg.norm(left_eye - right_eye), np.linalg.norm(mouth - eyes)]
    if box_width is not None:
        lengths.append(0.43 * box_width)
    across = left_eye - right_eye
    x, y = eyes + 0.38 * (mouth - eyes)
    side = max(2.2 * float(np.mean(lengths)), 1.0)
    return Frame(float(x), float(y), side, float(np.arctan2(across[1], across[0])))


def upright_crop(gray: np.ndarray, frame: Frame, crop: int = _CROP, box: int = _BOX) -> np.ndarray:
    """Return the face of a frame upright and in one size, uint8 (crop, crop), `box` of it."""
    transform = frame.to_picture(crop, box)
    scale = frame.side / box
    # Cubic is six times as slow, and worth it only where each pixel is seen much enlarged.
    interpolation = cv2.INTER_CUBIC if scale < _MUCH_ENLARGED else cv2.INTER_LINEAR
    if scale > 2:  # average first: warping alone would skip pixels
        half = cv2.resize(gray, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        shrink = np.array([[half.shape[1] / gray.shape[1]], [half.shape[0] / gray.shape[0]]])
        gray, transform = half, (transform + [[0, 0, 0.5]]) * shrink - [[0, 0, 0.5]]
    return cv2.warpAffine(
        gray,
        transform,
        (crop, crop),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _shapes(gray: np.ndarray, frame: Frame, passes: int) -> np.ndarray:
    """Return float64 (passes, 51, 2), in pixels of the picture."""
    crop = upright_crop(gray, frame)
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    shapes = np.empty((passes, POINTS, 2))
    for index, jitter in enumerate(_PASSES[:passes]):
        if index % 2 == 0:
            shapes[index] = _predict(crop, jitter)
        else:
            shapes[index] = _predict(mirrored, jitter)[MIRROR]
            shapes[index, :, 0] = _CROP - 1 - shapes[index, :, 0]
    transform = frame.to_picture()
    return shapes @ transform[:, :2].T + transform[:, 2]


def _predict(crop: np.ndarray, jitter: tuple[float, float, float]) -> np.ndarray:
    shift_x, shift_y, scale = jitter
    side = _BOX * scale
    x = round(_CROP / 2 + shift_x * _BOX - side / 2)
    y = round(_CROP / 2 + shift_y * _BOX - side / 2)
    box = dlib.rectangle(x, y, x + round(side) - 1, y + round(side) - 1)
    return face_utils.shape_to_np(_predictor()(crop, box), dtype="float64")[JAW:]


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
    corner = round((_CROP - _BOX) / 2)
    box = dlib.rectangle(corner, corner, corner + _BOX - 1, corner + _BOX - 1)
    shape = face_utils.shape_to_np(_predictor()(upright_crop(gray, frame), box), dtype="float64")
    transform = frame.to_picture()
    return (shape[:JAW] @ transform[:, :2].T + transform[:, 2]).astype(np.float32)


@functools.cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(shape_predictor.find()))
