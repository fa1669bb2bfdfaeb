"""Arrays of any kind give the face of their 8-bit copy, or one line that says why not."""

import numpy as np
import pytest

from facelines.preprocessing.arrays import as_gray, eight_bits

GRAY = np.random.default_rng(0).integers(0, 256, (16, 24), np.uint8)
GRAY[0, :2] = 0, 255

SAME = {
    "uint8": GRAY,
    "not contiguous": np.repeat(GRAY, 2, axis=1)[:, ::2],
    "one channel": GRAY[..., None],
    "RGB": np.dstack([GRAY] * 3),
    "RGBA, opaque": np.dstack([GRAY] * 3 + [np.full_like(GRAY, 255)]),
    "float64 0 to 1": GRAY / 255,
    "float16 0 to 1": (GRAY / 255).astype(np.float16),
    "float32 0 to 255": GRAY.astype(np.float32),
    "float 0 to 65535": GRAY * 257.0,
    "uint16": GRAY.astype(np.uint16) * 257,
    "12 bits in uint16": GRAY.astype(np.uint16) * 16 + 15,
    "10 bits in int32": GRAY.astype(np.int32) * 4 + 3,
    "8 bits in int64": GRAY.astype(np.int64),
    "RGB of floats": np.dstack([GRAY / 255] * 3),
    "a list": GRAY.tolist(),
}


@pytest.mark.parametrize("array", SAME.values(), ids=SAME.keys())
def test_every_kind_becomes_the_same_gray_picture(array):
    gray = as_gray(array)
    assert (gray.dtype, gray.shape, gray.flags.c_contiguous) == (np.uint8, GRAY.shape, True)
    assert np.abs(gray.astype(int) - GRAY).max() <= ("float16" in str(getattr(array, "dtype", "")))


def test_colour_is_red_green_blue():
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert as_gray(red)[0, 0] == 76


def test_what_is_transparent_is_white_and_a_mask_is_black_and_white():
    assert as_gray(np.zeros((8, 8, 4), np.uint8)).min() == 255
    assert as_gray(np.eye(8, dtype=bool)).tolist() == (np.eye(8, dtype=int) * 255).tolist()


BAD = {
    "empty": (GRAY[:0], r"shape \(0, 24\)"),
    "one number": (np.float32(1), r"shape \(\)"),
    "channels first": (np.zeros((3, 16, 24), np.uint8), r"\(3, 16, 24\)"),
    "a batch": (np.zeros((2, 16, 24, 3), np.uint8), r"\(2, 16, 24, 3\)"),
    "text": (np.array([["a"]]), "expected bool, integers or floats"),
    "complex": (GRAY.astype(complex), "complex128"),
    "below 0": (GRAY / 255 - 0.5, "expected 0 or more"),
    "not a number": (np.full((8, 8), np.nan), "not finite"),
    "without end": (np.full((8, 8), np.inf), "not finite"),
    "floats beyond 65535": (np.full((8, 8), 1e9), "range of 0 to 1"),
}


@pytest.mark.parametrize(("array", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_no_picture_is_one_line(array, message):
    with pytest.raises(ValueError, match=message) as caught:
        as_gray(array)
    assert "\n" not in str(caught.value)


def test_a_dark_picture_of_known_depth_stays_dark():
    assert eight_bits(np.full((8, 8), 255, np.uint16), 12).max() == 15
