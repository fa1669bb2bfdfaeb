import numpy as np
import pytest

from facelines.preprocessing import faces, landmarks
from facelines.preprocessing.points import eye_centres

FACE = (178, 60, 270, 190)  # of the astronaut: left, top, right, bottom, by eye


def overlap(box, other) -> float:
    width = min(box.x_max, other[2]) - max(box.x_min, other[0])
    height = min(box.y_max, other[3]) - max(box.y_min, other[1])
    shared = max(width, 0) * max(height, 0)
    area = (other[2] - other[0]) * (other[3] - other[1])
    return shared / (box.width * box.height + area - shared)


@pytest.mark.parametrize("detector", ["blazeface", "full", "short", "haar", "hog"])
def test_every_detector_finds_the_face_first(astronaut, detector):
    found = faces.detect(astronaut, detector, 0.5)
    assert overlap(found[0], FACE) > 0.4
    assert found[0].source == "detected"


def test_no_detector_finds_nothing(astronaut):
    assert faces.detect(astronaut, "none", 0.5) == []


@pytest.mark.parametrize("shape", [(48, 48), (1, 1), (3, 400), (300, 200)])
def test_a_flat_picture_holds_no_face(shape):
    assert faces.detect(np.full(shape, 128, np.uint8), "blazeface", 0.5) == []


def test_an_unknown_detector_is_named_in_the_error(astronaut):
    with pytest.raises(ValueError, match="'yolo'.*blazeface"):
        faces.detect(astronaut, "yolo", 0.5)


def test_boxes_move_with_the_picture(astronaut):
    """A picture shifted by whole cells of the detector's input has the same faces, shifted."""
    first = faces.detect(astronaut, "full", 0.5)[0]
    shifted = np.roll(astronaut, 64, axis=1)
    second = faces.detect(shifted, "full", 0.5)[0]
    assert second.x_min - first.x_min == pytest.approx(64, abs=6)
    assert second.y_min == pytest.approx(first.y_min, abs=6)


def test_keypoints_lie_where_eyes_and_mouth_are(astronaut):
    box = faces.detect(astronaut, "blazeface", 0.5)[0]
    right_eye, left_eye, nose, mouth, *_ = box.keypoints
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_eye[1] < nose[1] < mouth[1]


def test_a_small_face_in_a_large_picture_keeps_exact_keypoints(astronaut):
    """The full range's own keypoints are off by tens of pixels there."""
    large = np.full((1000, 1300), 128, np.uint8)
    large[400:912, 700:1212] = astronaut
    (box,) = faces.detect(large, "blazeface", 0.3)
    points, _ = landmarks.landmarks(large, box, 10)
    eyes = np.array(eye_centres(points))
    error = np.linalg.norm(np.array(box.keypoints)[:2] - eyes, axis=1).max()
    assert error < 0.06 * box.width
    assert overlap(box, (872, 471, 977, 577)) > 0.6


def test_two_faces_are_two_boxes(astronaut):
    found = faces.detect(np.hstack([astronaut, astronaut]), "blazeface", 0.5)
    assert len(found) == 2


def test_the_whole_image_is_a_box_that_says_so():
    box = faces.whole_image(np.zeros((30, 40), np.uint8))
    assert (box.width, box.height, box.source) == (40, 30, "whole image")
