import numpy as np
import pytest

from facelines.preprocessing import aspect, framings
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS


def test_a_squashed_face_is_seen_as_such_and_mended(astronaut_crop):
    recipe = Pipeline()
    squashed = framings.squashed(astronaut_crop)
    pictures = (astronaut_crop, squashed, aspect.stretched(squashed, 1 / 0.76))
    points = np.array([recipe.one(picture).points for picture in pictures])
    before, after, mended = aspect.ratios(points)
    assert after / before == pytest.approx(0.76, abs=0.1)
    assert mended / before == pytest.approx(1, abs=0.1)


def test_a_ratio_is_of_eyes_to_mouth_over_eye_to_eye():
    points = np.zeros((2, 51, 2))
    points[:, GROUPS["left_eye"]] = 4, 0
    points[:, GROUPS["mouth"]] = 2, 5
    points[1] *= 3
    np.testing.assert_allclose(aspect.ratios(points), 5 / 4)


@pytest.mark.parametrize("median", [0.98, 1.08, 1.12, 1.28])
def test_sets_like_fer2013_and_ckplus_are_left_as_they_are(median):
    assert aspect.factor_of(aspect.AUTO, median) == 1
    assert aspect.remark(median, 1.0) is None


@pytest.mark.parametrize(
    "median, factor, word", [(0.84, 1.33, "squashed"), (1.5, 0.75, "stretched")]
)
def test_plainly_squashed_or_stretched_sets_are_mended_and_remarked_on(median, factor, word):
    assert aspect.factor_of(aspect.AUTO, median) == factor
    assert aspect.factor_of(1, median) == 1
    assert word in aspect.remark(median, factor)
    assert "--aspect auto" in aspect.remark(median, 1.0)


def test_stretching_keeps_the_area_and_one_changes_nothing(astronaut):
    assert aspect.stretched(astronaut, 1.0) is astronaut
    height, width = aspect.stretched(astronaut, 4 / 3).shape
    assert height / width == pytest.approx(4 / 3, abs=0.01)
    assert height * width == pytest.approx(astronaut.size, rel=0.01)


@pytest.mark.parametrize("text", ["", "tall", "0", "-1", "nan", "100"])
def test_what_is_no_aspect_is_refused(text):
    with pytest.raises(ValueError):
        aspect.parse(text)


def test_a_set_that_cannot_be_decoded_has_the_usual_ratio():
    assert aspect.median_ratio([], Pipeline()) == aspect.FER2013_RATIO
    assert np.isfinite(aspect.factor_of(aspect.AUTO, aspect.FER2013_RATIO))
