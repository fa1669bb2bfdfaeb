"""Fixtures that several test files use: a real face, prepared arrays, a tiny trained artifact."""

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photo with one frontal, smiling face, uint8 (512, 512)."""
    from skimage import data

    red, green, blue = np.moveaxis(data.astronaut().astype(np.float32), -1, 0)
    return np.round(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)


@pytest.fixture(scope="session")
def astronaut_crop(astronaut) -> np.ndarray:
    """The same face as a data set would cut it, uint8 (48, 48)."""
    import cv2

    return cv2.resize(astronaut[60:200, 160:300], (48, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def embedded_rows() -> dict:
    """The first 400 faces of the embedded set's Training and all keys that training needs."""
    from model import embedded, sources

    arrays = embedded.load()
    chosen = np.concatenate(
        [np.flatnonzero(arrays["split"] == "Training")[:400],
         np.flatnonzero(arrays["split"] == "PublicTest")[:200]]
    )  # fmt: skip
    rows = sources.select(arrays, chosen)
    rows["pixels"] = np.zeros((len(chosen), 48, 48), np.uint8)
    return rows
