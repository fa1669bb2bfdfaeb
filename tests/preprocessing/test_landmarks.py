import cv2
import numpy as np
import pytest

from facelines.preprocessing import faces, landmarks
from facelines.preprocessing.points import GROUPS, MIRROR, eye_centres, eye_distance


@pytest.fixture(scope="module")
def box(astronaut):
    return faces.detect(astronaut, "blazeface", 0.5)[0]


def test_mirroring_twice_is_the_identity():
    assert sorted(MIRROR) == list(range(51))
    assert (MIRROR[MIRROR] == np.arange(51)).all()


def test_mirroring_exchanges_left_and_right_groups():
    for right, left in (("right_eye", "left_eye"), ("right_eyebrow", "left_eyebrow")):
        assert set(MIRROR[GROUPS[right]]) == set(range(51)[GROUPS[left]])
    assert set(MIRROR[GROUPS["mouth"]]) == set(range(51)[GROUPS["mouth"]])


def test_groups_cover_every_point_once():
    covered = [index for group in GROUPS.values() for index in range(51)[group]]
    assert sorted(covered) == list(range(51))


def test_points_are_float32_inside_the_face(astronaut, box):
    points, quality = landmarks.landmarks(astronaut, box, 10)
    assert points.shape == (51, 2) and points.dtype == np.float32
    assert 0.5 < quality <= 1
    right, left = eye_centres(points)
    assert np.linalg.norm(right - box.keypoints[0]) < 8
    assert np.linalg.norm(left - box.keypoints[1]) < 8


def test_points_turn_with_the_picture(astronaut, box):
    points, _ = landmarks.landmarks(astronaut, box, 10)
    turn = cv2.getRotationMatrix2D((224.0, 120.0), 25, 1.0)
    turned = cv2.warpAffine(astronaut, turn, astronaut.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    keypoints = np.asarray(box.keypoints) @ turn[:, :2].T + turn[:, 2]
    moved = faces.Box(
        box.x_min, box.y_min, box.x_max, box.y_max, 1.0, keypoints=tuple(map(tuple, keypoints))
    )
    found, _ = landmarks.landmarks(turned, moved, 10)
    expected = points @ turn[:, :2].T + turn[:, 2]
    error = np.linalg.norm(found - expected, axis=1).mean() / eye_distance(points)
    assert error < 0.04


def test_a_box_without_keypoints_gives_nearly_the_same_points(astronaut, box):
    bare = faces.Box(box.x_min, box.y_min, box.x_max, box.y_max, 1.0)
    with_keypoints, _ = landmarks.landmarks(astronaut, box, 10)
    without, _ = landmarks.landmarks(astronaut, bare, 10)
    error = np.linalg.norm(with_keypoints - without, axis=1).mean()
    assert error / eye_distance(with_keypoints) < 0.06


@pytest.mark.parametrize("passes", [0, 11])
def test_a_wrong_number_of_passes_is_an_error(astronaut, box, passes):
    with pytest.raises(ValueError, match=f"1 to 10; received {passes}"):
        landmarks.landmarks(astronaut, box, passes)


@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (48, 48)])
def test_even_a_picture_without_a_face_has_finite_points(shape):
    gray = np.zeros(shape, np.uint8)
    points, quality = landmarks.landmarks(gray, faces.whole_image(gray), 4)
    assert np.isfinite(points).all() and 0 <= quality <= 1


def test_noise_agrees_less_than_a_face(astronaut, box):
    noise = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    _, on_noise = landmarks.landmarks(noise, faces.whole_image(noise), 10)
    _, on_face = landmarks.landmarks(astronaut, box, 10)
    assert on_noise < on_face


@pytest.mark.parametrize("passes", [1, 2, 3, 4])
def test_the_median_of_passes_is_numpys_to_the_bit(passes):
    shapes = np.random.default_rng(passes).normal(100, 30, (passes, 51, 2))
    assert np.array_equal(landmarks._median(shapes), np.median(shapes, axis=0))
