import numpy as np
import pytest

from facelines.preprocessing import framings
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, eye_distance


def test_a_reframed_picture_has_its_size_and_follows_from_its_seed(astronaut_crop):
    first, again, other = (
        framings.reframed(astronaut_crop, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == astronaut_crop.shape and first.dtype == np.uint8
    assert (first == again).all() and (first != other).any()


def test_reframing_changes_aspect_size_and_roll_and_keeps_the_face_in_view(astronaut_crop):
    ratios, sizes, rolls = [], [], []
    for seed in range(12):
        face = Pipeline(passes=1).one(
            framings.reframed(astronaut_crop, np.random.default_rng(seed))
        )
        right, left = (
            face.points[GROUPS[f"{side}_eye"]].mean(axis=0) for side in ("right", "left")
        )
        mouth = face.points[GROUPS["mouth"]].mean(axis=0)
        sizes.append(eye_distance(face.points))
        ratios.append(np.linalg.norm(mouth - (right + left) / 2) / sizes[-1])
        rolls.append(np.degrees(np.arctan2(*(left - right)[::-1])))
        assert face.box.source == "detected"
    assert np.std(ratios) > 0.05 and np.std(sizes) > 1.5 and np.std(rolls) > 3


@pytest.mark.parametrize(
    "name, shape",
    [("squashed", (36, 48)), ("tight", (38, 38)), ("loose", (60, 60)), ("turned", (48, 48))],
)
def test_fixed_framings_are_of_the_stated_size(astronaut_crop, name, shape):
    framed = framings.FIXED[name](astronaut_crop)
    assert framed.shape == shape and framed.dtype == np.uint8


def test_a_turned_picture_has_a_turned_face(astronaut_crop):
    def roll(gray):
        points = Pipeline().one(gray).points
        across = points[GROUPS["left_eye"]].mean(axis=0) - points[GROUPS["right_eye"]].mean(axis=0)
        return np.degrees(np.arctan2(across[1], across[0]))

    change = roll(framings.turned(astronaut_crop)) - roll(astronaut_crop)
    assert change == pytest.approx(-20, abs=4)
