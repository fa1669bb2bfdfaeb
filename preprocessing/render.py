"""Pure functions: points -> 48x48 binary image; a face's frame -> 48x48 pixels. No I/O."""

import math

import cv2
import numpy as np

from facelines.preprocessing.points import GROUPS, Frame, centre, eye_centres

STYLES = ("lines", "points")
SIZE = 48

_MARGIN = 1.5 / 48  # of the square's side, kept free of ink
_UNIT = 0.42  # length of the face's unit in the normalised square
EYES = np.array((0.5, 0.29))  # where the eyes' middle lands in the normalised square
_SHIFT = 6  # fractional bits of OpenCV's drawing functions
_CLOSED = ("right_eye", "left_eye", "mouth", "inner_mouth")
_BRIDGE = 4  # the nose's first points run down its bridge, the others along its base


def normalise(
    points: np.ndarray, *, level_roll: bool = True, landmarks: np.ndarray | None = None
) -> np.ndarray:
    """Bring points to a standard place, size and (by default) roll; the shape is kept.

    The unit is the mean of the eye distance and 1.36 of the way from the eyes to the nose's base
    (equal in FER2013's median face): lengths that an expression hardly changes, one of which
    shrinks when a head turns and the other when it nods. So an open mouth stays longer than a
    closed one. A face that would leave the square is made smaller until it fits.

    Args:
        points: float (51, 2), any unit; (n, 2) with `landmarks`.
        level_roll: rotate the line between the eyes to horizontal.
        landmarks: float (51, 2) in the unit of `points`: the landmarks of the same face, by which
            other points of it are placed and which alone stay inside the square.

    Returns:
        float32 (51, 2) or (n, 2) in units of the drawing's side: 0 is its left or top edge, 1 the
        other.
    """
    points = np.asarray(points, np.float64)
    landmarks = points if landmarks is None else np.asarray(landmarks, np.float64)
    right, left = eye_centres(landmarks)
    middle = (right + left) / 2
    nose_base = centre(landmarks[GROUPS["nose"]][_BRIDGE:])
    unit = (math.hypot(*(left - right)) + 1.36 * math.hypot(*(nose_base - middle))) / 2
    turn = np.eye(2)
    if level_roll:
        across = left - right
        angle = np.arctan2(across[1], across[0])
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[cosine, -sine], [sine, cosine]])

    def offset(some):
        return (some - middle) / max(unit, 1e-6) @ turn * _UNIT

    return (EYES + offset(points) / _excess(offset(landmarks))).astype(np.float32)


def _excess(offset: np.ndarray) -> float:
    """Return how often too large a face is for the margin, 1 or more: offsets from the eyes."""
    room = np.where(offset < 0, EYES - _MARGIN, 1 - _MARGIN - EYES)
    return max(float(np.max(np.abs(offset) / room)), 1.0)


def draw(
    normalised: np.ndarray, *, size: int = SIZE, style: str = "lines", thickness: int = 1
) -> np.ndarray:
    """Draw normalised points as a binary image.

    Args:
        normalised: float (51, 2), as from `normalise`.
        size: side in pixels.
        style: "lines" joins each facial group's points, "points" sets a dot for each.
        thickness: of the lines, in pixels.

    Returns:
        uint8 (size, size), 0 or 255.
    """
    if style not in STYLES:
        raise ValueError(f"Unknown style {style!r}; expected one of {', '.join(STYLES)}.")
    image = np.zeros((size, size), np.uint8)
    # A pixel's centre has a whole-number coordinate in OpenCV, hence the half.
    place = np.round((np.asarray(normalised) * size - 0.5) * (1 << _SHIFT)).astype(np.int32)
    if style == "points":
        x, y = (place >> _SHIFT).clip(0, size - 1).T
        image[y, x] = 255
        return image
    for line, closed in _lines(place):
        cv2.polylines(image, [line], closed, 255, thickness, cv2.LINE_8, _SHIFT)
    return image


def _lines(points: np.ndarray):
    """Yield (the points of one stroke, whether it is closed)."""
    for name, group in GROUPS.items():
        if name == "nose":
            yield points[group][:_BRIDGE], False
            yield points[group][_BRIDGE:], False
        else:
            yield points[group], name in _CLOSED


_PIXEL_SIDE = 1.20  # of dlib's box: FER2013's own framing, median of its training faces
_PIXEL_SHIFT = (0.0, -0.066)


def crop_pixels(gray: np.ndarray, frame: Frame, size: int = SIZE) -> np.ndarray:
    """Cut a face out of a picture upright and framed as FER2013's faces are.

    Args:
        gray: uint8 (H, W).
        frame: where the face is.

    Returns:
        uint8 (size, size).
    """
    side = _PIXEL_SIDE * frame.side
    cosine, sine = np.cos(frame.roll), np.sin(frame.roll)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    centre = (frame.x, frame.y) + rotation @ _PIXEL_SHIFT * frame.side
    oversampling = max(1, round(side / size))  # average over what falls into one pixel
    fine = size * oversampling
    turn = rotation * side / fine
    transform = np.column_stack([turn, centre - turn @ np.full(2, (fine - 1) / 2)])
    crop = cv2.warpAffine(
        gray,
        transform,
        (fine, fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def resize_pixels(gray: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Bring a picture that is one face to uint8 (size, size)."""
    if gray.shape == (size, size):
        return gray.copy()
    shrinking = max(gray.shape) > size
    return cv2.resize(
        gray, (size, size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    )
