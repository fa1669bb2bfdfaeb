"""The same face framed otherwise: at random for training, in four fixed ways to measure with.

FER2013's faces are cut alike. Pictures from elsewhere are squashed, cut closer, with more around
the face, or turned, and each changes what the landmarkers see, so their errors as well.
"""

import cv2
import numpy as np

_ASPECT = 0.12  # standard deviation of the logarithm of height over width
_ROTATION = 8.0  # standard deviation in degrees
_TIGHTEST = 0.75  # of the side is left by the closest cut
_LOOSEST = 0.30  # of the side is added by the widest
_SHIFT = 0.04  # of the side, at most


def reframed(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a picture of a face stretched, cut or padded, and turned at random.

    Args:
        gray: uint8 (H, W).

    Returns:
        uint8 (H, W). What was outside repeats the edge, or is of one random gray.
    """
    height, width = gray.shape
    stretch = np.exp(rng.normal(0, _ASPECT) / 2)
    zoom = (
        1 / rng.uniform(_TIGHTEST, 1) if rng.random() < 0.5 else 1 / (1 + rng.uniform(0, _LOOSEST))
    )
    angle = np.radians(rng.normal(0, _ROTATION))
    shift = rng.uniform(-_SHIFT, _SHIFT, 2) * (width, height)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn * zoom @ np.diag([1 / stretch, stretch])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    transform = np.column_stack([linear, middle + shift - linear @ middle])
    repeats = rng.random() < 0.5
    return cv2.warpAffine(
        gray,
        transform,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE if repeats else cv2.BORDER_CONSTANT,
        borderValue=int(rng.integers(256)),
    )


def squashed(gray: np.ndarray) -> np.ndarray:
    """Return a picture at 0.76 of its height, as RAF-DB's aligned faces are."""
    height, width = gray.shape
    return cv2.resize(gray, (width, max(1, round(0.76 * height))), interpolation=cv2.INTER_AREA)


def tight(gray: np.ndarray) -> np.ndarray:
    """Return the inner 80 % of a picture's sides."""
    top, left = (round(0.1 * side) for side in gray.shape)
    return gray[top : gray.shape[0] - top, left : gray.shape[1] - left].copy()


def loose(gray: np.ndarray) -> np.ndarray:
    """Return a picture whose sides a repeated edge makes 25 % longer."""
    top, left = (round(0.125 * side) for side in gray.shape)
    return cv2.copyMakeBorder(gray, top, top, left, left, cv2.BORDER_REPLICATE)


def turned(gray: np.ndarray) -> np.ndarray:
    """Return a picture turned by 20 degrees about its middle."""
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 20, 1)
    return cv2.warpAffine(
        gray, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


FIXED = {"squashed": squashed, "tight": tight, "loose": loose, "turned": turned}
