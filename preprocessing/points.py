"""The 51 points of a face: their groups, their mirror image, and the upright frame around them.

Pure: no dlib, no file. Points are float (51, 2), x and y in turn, y downwards.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from imutils import face_utils

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

CROP_SIDE = 300  # pixels a side of the upright crop that dlib sees
BOX_SIDE = 165  # pixels a side of the box that dlib is given, in the middle of the crop
_MUCH_ENLARGED = 0.5  # pixels of the picture in one of the crop
_CUBIC_REACH = 2  # pixels to either side of a place that cubic interpolation looks at


@dataclass(frozen=True)
class Frame:
    """An upright square on a picture: where dlib looks. Pixels; `roll` in radians, y down."""

    x: float
    y: float
    side: float
    roll: float

    def to_picture(self, crop: int = CROP_SIDE, box: int = BOX_SIDE) -> np.ndarray:
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


def centre(points: np.ndarray) -> np.ndarray:
    """Return the mean (2,) of points (n, 2): NumPy's `mean` bit for bit, in half its time."""
    return np.add.reduce(points, axis=0) / len(points)


def eye_centres(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres (2,) of the person's right and left eye, in the points' own units."""
    return centre(points[GROUPS["right_eye"]]), centre(points[GROUPS["left_eye"]])


def eye_distance(points: np.ndarray) -> float:
    """Return the distance between the eyes' centres; at least a millionth, never 0."""
    right, left = eye_centres(points)
    return max(math.hypot(*(left - right)), 1e-6)


def frame_of_points(points: np.ndarray) -> Frame:
    """Return where dlib is to look, from points (51, 2) found before: to refine or to follow."""
    return frame_around(*eye_centres(points), centre(points[GROUPS["mouth"]]), None)


def frame_around(right_eye, left_eye, mouth, box_width: float | None) -> Frame:
    """Place dlib's box as its own HOG detector would, measured on 1,734 faces of FER2013.

    There the HOG box's side is 2.2 times the mean of eye distance, eye-mouth distance and 0.43
    of BlazeFace's box width (three lengths, since yaw shortens the first and an open mouth
    stretches the second), its centre 0.38 eye-mouth distances below the eyes.
    """
    eyes = (right_eye + left_eye) / 2
    across = left_eye - right_eye
    lengths = [math.hypot(*across), math.hypot(*(mouth - eyes))]
    if box_width is not None:
        lengths.append(0.43 * box_width)
    x, y = eyes + 0.38 * (mouth - eyes)
    side = max(2.2 * sum(lengths) / len(lengths), 1.0)
    return Frame(float(x), float(y), side, math.atan2(across[1], across[0]))


def upright_crop(
    gray: np.ndarray, frame: Frame, crop: int = CROP_SIDE, box: int = BOX_SIDE
) -> np.ndarray:
    """Return the face of a frame upright and in one size, uint8 (crop, crop), `box` of it."""
    transform = frame.to_picture(crop, box)
    scale = frame.side / box
    # Cubic is six times as slow, and worth it only where each pixel is seen much enlarged.
    interpolation = cv2.INTER_CUBIC if scale < _MUCH_ENLARGED else cv2.INTER_LINEAR
    if scale > 2:  # average first: warping alone would skip pixels
        half = cv2.resize(gray, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        shrink = np.array([[half.shape[1] / gray.shape[1]], [half.shape[0] / gray.shape[0]]])
        gray, transform = half, (transform + [[0, 0, 0.5]]) * shrink - [[0, 0, 0.5]]
    if interpolation == cv2.INTER_CUBIC:
        gray, transform = _with_border(gray, transform, crop)
    return cv2.warpAffine(
        gray,
        transform,
        (crop, crop),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _with_border(
    gray: np.ndarray, transform: np.ndarray, crop: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture that holds all that a crop shows, and the crop's transform to it.

    Its border has the pixels that OpenCV would repeat there itself, bit for bit, at one and a half
    times the cost where the interpolation is cubic.
    """
    end = crop - 1
    corners = transform @ np.array([[0, end, 0, end], [0, 0, end, end], [1, 1, 1, 1]])
    left, top = np.floor(corners.min(axis=1)).astype(int) - _CUBIC_REACH
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + _CUBIC_REACH + 1
    height, width = gray.shape
    part = gray[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if not part.size or (left >= 0 and top >= 0 and right <= width and bottom <= height):
        return gray, transform
    missing = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
    bordered = cv2.copyMakeBorder(part, *missing, cv2.BORDER_REPLICATE)
    return bordered, transform - [[0, 0, left], [0, 0, top]]
