from dataclasses import replace

import numpy as np
import pytest

from facelines.model.follow import FollowedFaces
from facelines.model.recognizer import UNCERTAIN, UNREADABLE, Prediction
from facelines.preprocessing.faces import Box
from facelines.preprocessing.pipeline import Face

LABELS = ("happy", "sad")


def prediction(x, happy=0.9, emotion="happy"):
    nothing = np.zeros((51, 2), np.float32)
    picture = np.zeros((48, 48), np.uint8)
    face = Face(Box(x, 0, x + 100, 100, 0.9), nothing, nothing, picture, picture, 0.9)
    return Prediction(face, np.array([happy, 1 - happy], np.float32), LABELS, emotion)


@pytest.fixture
def follow():
    return FollowedFaces(0.4)


def test_no_faces_are_no_faces(follow):
    assert follow([], 0.0) == []


def test_faces_keep_their_numbers_while_they_move_and_swap_places_in_the_list(follow):
    follow([prediction(0), prediction(300)], 0.0)
    followed = follow([prediction(320), prediction(10)], 0.1)
    assert [(number, one.face.box.x_min) for number, one in followed] == [(0, 10), (1, 320)]


def test_a_new_face_has_a_new_number_and_one_that_left_is_forgotten(follow):
    follow([prediction(0)], 0.0)
    assert [number for number, _ in follow([prediction(500)], 0.1)] == [1]
    assert [number for number, _ in follow([prediction(0)], 5.0)] == [2]


def test_the_label_is_held_and_the_probabilities_stay_of_the_moment(follow):
    follow([prediction(0)], 0.0)
    ((_, flicker),) = follow([prediction(0, happy=0.4, emotion="sad")], 0.04)
    assert flicker.emotion == "happy" and flicker.best == "sad"
    assert flicker.confidence == pytest.approx(0.4)


def test_what_cannot_be_read_has_no_held_label(follow):
    follow([prediction(0)], 0.0)
    ((_, doubtful),) = follow([replace(prediction(0), emotion=UNREADABLE)], 0.04)
    assert doubtful.emotion == UNREADABLE


def test_a_face_that_stays_below_the_threshold_is_uncertain():
    follow = FollowedFaces(0.95)
    ((_, unsure),) = follow([prediction(0)], 0.0)
    assert unsure.emotion == UNCERTAIN
