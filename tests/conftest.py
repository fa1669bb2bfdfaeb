"""Fixtures that several test files use: a real face, prepared arrays, a tiny trained artifact."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from facelines.demo import PHOTO
from facelines.preprocessing.images import read_gray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.register_assert_rewrite("page_tools")  # its assertions show what they compared


def pytest_collection_modifyitems(config, items):
    """Leave out, rather than skip, what needs Ray or the real data beside the repository."""
    missing = {
        "ray": find_spec("ray") is None,
        "shared_data": not (config.rootpath.parent / "shared" / "data").is_dir(),
    }
    for name in filter(missing.get, missing):
        marked = [item for item in items if item.get_closest_marker(name)]
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """A photo with one frontal, smiling face, uint8 (512, 512)."""
    return read_gray(PHOTO)


@pytest.fixture(scope="session")
def astronaut_crop(astronaut) -> np.ndarray:
    """The same face as a data set would cut it, uint8 (48, 48)."""
    import cv2

    return cv2.resize(astronaut[60:200, 160:300], (48, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="session")
def moods(tmp_path_factory):
    """A user's own set: a folder of eight pictures of one face for each of three classes."""
    from PIL import Image

    photo = Image.open(PHOTO).convert("L")
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("source") / "moods"
    for label in ("calm", "smiling", "tense"):
        (root / label).mkdir(parents=True)
        for index in range(8):
            x, y, side = rng.integers(150, 175), rng.integers(30, 60), rng.integers(120, 150)
            crop = photo.resize((64, 64), Image.Resampling.BOX, (x, y, x + side, y + side))
            noise = rng.integers(0, 120, (64, 64)).astype(np.uint8)  # so that no two look alike
            picture = Image.blend(crop, Image.fromarray(noise), 0.4)
            picture.save(root / label / f"{index}.png")
    return root


@pytest.fixture(scope="session")
def embedded_rows() -> dict:
    """The first 400 faces of the embedded set's Training and all keys that training needs."""
    from facelines.model import sources
    from facelines.preprocessing import fer2013_landmarks

    arrays = fer2013_landmarks.load()
    chosen = np.concatenate(
        [
            np.flatnonzero(arrays["split"] == "Training")[:400],
            np.flatnonzero(arrays["split"] == "PublicTest")[:200],
        ]
    )
    rows = sources.select(arrays, chosen)
    rows["pixels"] = np.zeros((len(chosen), 48, 48), np.uint8)
    for values in rows.values():
        values.flags.writeable = False  # shared by all tests
    return rows


@pytest.fixture
def cluster(monkeypatch):
    """The address of a Ray cluster of this machine, which has room for two faces at a time."""
    port, ray = 6399, str(Path(sys.executable).with_name("ray"))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    head = ["--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false"]
    subprocess.run(
        [ray, "start", *head, '--resources={"faces": 2}'], check=True, capture_output=True
    )
    yield f"127.0.0.1:{port}"
    subprocess.run([ray, "stop", "--force"], check=True, capture_output=True)
