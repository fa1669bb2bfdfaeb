"""Arrays of any kind -> gray uint8 (H, W): brightness brought to 0 to 255, colour to luma. Pure."""

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R 601, of R, G and B
_DEPTHS = (8, 10, 12, 14, 16)
_KINDS = "bool, integers or floats (H, W), RGB (H, W, 3) or RGBA (H, W, 4)"


def as_gray(picture: np.ndarray) -> np.ndarray:
    """Return a picture as uint8 (H, W), unchanged where it is that already.

    Args:
        picture: (H, W) or (H, W, 1) gray, (H, W, 3) RGB (not OpenCV's BGR) or (H, W, 4) RGBA,
            which is laid on white. bool; integers, whose depth is the least of 8, 10, 12, 14 and
            16 bits that holds them all; floats from 0 to 1, to 255 or to 65,535.

    Raises:
        ValueError: of another shape or type, empty, or with values below 0 or not finite.
    """
    array = np.asarray(picture)
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        return np.ascontiguousarray(array)
    _check(array)
    array = eight_bits(array)
    if array.ndim == 3:
        array = _luma(array)
    return np.ascontiguousarray(array)


def _check(array: np.ndarray) -> None:
    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if not shaped or not array.size or array.dtype.kind not in "buif":
        raise ValueError(
            f"A picture of {array.dtype} and shape {array.shape}; expected {_KINDS}, not empty."
        )


def eight_bits(array: np.ndarray, bits: int | None = None) -> np.ndarray:
    """Return values brought to uint8, in the array's own shape.

    Args:
        bits: of integers, how many hold the brightest value; by default seen from the values.

    Raises:
        ValueError: values below 0, not finite, or floats above 65,535.
    """
    if array.dtype == np.uint8 and bits is None:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if not np.isfinite(high) or not low >= 0:
        raise ValueError(f"Values from {low} to {high}; expected 0 or more, and none not finite.")
    if array.dtype.kind == "f":
        return np.rint(array * _scale(float(high))).astype(np.uint8)
    return (array >> (_depth(int(high), bits) - 8)).astype(np.uint8)


def _scale(high: float) -> float:
    """Return the factor to 0..255 of floats whose range is known by their greatest value."""
    for full in (1.0, 255.0, 65535.0):
        if high <= full:
            return 255.0 / full
    raise ValueError(f"Floats up to {high}; expected a range of 0 to 1, to 255 or to 65535.")


def _depth(high: int, bits: int | None) -> int:
    needed = high.bit_length()
    return next((depth for depth in (bits or 8, *_DEPTHS) if depth >= needed), needed)


def _luma(array: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W) of uint8 (H, W, 1, 3 or 4)."""
    if array.shape[2] == 1:
        return array[..., 0]
    gray = array[..., :3] @ _LUMA
    if array.shape[2] == 4:
        alpha = array[..., 3] / 255
        gray = gray * alpha + 255 * (1 - alpha)
    return np.rint(gray).astype(np.uint8)
