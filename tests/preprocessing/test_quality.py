import numpy as np
import pytest

from facelines.preprocessing.pipeline import _BUILT_IN_FACE, Pipeline
from facelines.preprocessing.points import eye_distance
from facelines.preprocessing.quality import DOUBTFUL, quality

FACE = _BUILT_IN_FACE.astype(np.float64)


def test_without_a_second_source_quality_is_agreement():
    assert quality(0.7) == 0.7


def test_the_worst_sign_counts():
    good = quality(0.95, FACE, FACE + 1, 20.0)
    assert good > 0.9
    apart = FACE + (0.25 * eye_distance(FACE), 0)
    for worse in (
        quality(0.2, FACE, FACE, 20.0),
        quality(0.95, FACE, apart, 20.0),
        quality(0.95, FACE, FACE, -5.0),
    ):
        assert worse < DOUBTFUL


def test_quality_does_not_depend_on_the_size_of_the_picture():
    second = FACE + (3, 0)
    assert quality(1.0, FACE * 9, second * 9, 9.0) == pytest.approx(quality(1.0, FACE, second, 9.0))


@pytest.mark.parametrize("presence", [-1e4, 1e4])
def test_quality_stays_within_its_bounds(presence):
    assert 0 <= quality(1.0, FACE, FACE + 1e6, presence) <= 1


def test_a_clear_face_is_good_and_noise_is_doubtful(astronaut):
    noise = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    assert Pipeline()(astronaut)[0].quality > 0.7
    assert Pipeline().one(noise).quality < DOUBTFUL
