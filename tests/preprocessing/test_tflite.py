import threading

import numpy as np
import pytest

from facelines.preprocessing import images, search, tflite
from facelines.preprocessing.images import SAMPLE_PHOTO
from facelines.preprocessing.landmarks import frame_of
from facelines.preprocessing.mesh import mesh_points


@pytest.fixture(scope="module")
def photo():
    return images.read_gray(SAMPLE_PHOTO)


@pytest.fixture
def with_engine(monkeypatch):
    """Call a function with one engine's networks, as where no other is installed."""

    def call(name, function, *arguments):
        monkeypatch.setattr(tflite, "engine", lambda: name)
        monkeypatch.setattr(tflite, "_networks", threading.local())
        return function(*arguments)

    return call


@pytest.mark.parametrize("size", ["photo", "crop"])
@pytest.mark.parametrize("detector", ["blazeface", "short", "full"])
def test_engines_agree_on_boxes_within_a_tenth_of_a_pixel(photo, with_engine, size, detector):
    gray = photo if size == "photo" else photo[60:180, 170:290]
    found = [with_engine(name, search.find, gray, detector, 0.5) for name in tflite.ENGINES]
    assert len(found[0]) == len(found[1]) > 0
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=0.1)
        edges = [(box.x_min, box.y_min, box.x_max, box.y_max) for box in (one, other)]
        np.testing.assert_allclose(*edges, atol=0.1)
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_engines_agree_on_the_mesh_within_a_tenth_of_a_pixel(photo, with_engine):
    frame = frame_of(search.find(photo, "blazeface", 0.5)[0])
    (points, presence), (others, its) = [
        with_engine(name, mesh_points, photo, frame) for name in tflite.ENGINES
    ]
    np.testing.assert_allclose(points, others, atol=0.1)
    assert presence == pytest.approx(its, abs=0.01)


@pytest.mark.parametrize("name", tflite.ENGINES)
def test_an_engine_prints_nothing(photo, with_engine, capfd, name):
    with_engine(name, search.find, photo, "blazeface", 0.5)
    assert capfd.readouterr() == ("", "")
