"""A still face is not read anew on every frame; one that changes is, at once."""

import cv2
import numpy as np
import pytest
from webapp_fakes import frame

from facelines.preprocessing.faces import Box
from facelines.webapp.stillness import Stillness

FACE = Box(260, 100, 380, 220, 0.9)


@pytest.fixture
def picture():
    return cv2.cvtColor(frame(1), cv2.COLOR_RGB2GRAY)


@pytest.fixture
def stillness(picture):
    remembered = Stillness()
    remembered.remember(picture, FACE)
    return remembered


def noisy(picture, seed):
    noise = np.random.default_rng(seed).normal(0, 3, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def test_nothing_remembered_is_not_still(picture):
    assert not Stillness().lasts(picture)


def test_a_cameras_noise_is_no_change(picture, stillness):
    assert stillness.lasts(noisy(picture, 1))


def test_a_still_face_is_read_now_and_then(picture, stillness):
    assert [stillness.lasts(picture) for _ in range(6)] == [True] * 4 + [False] * 2
    stillness.remember(picture, FACE)
    assert stillness.lasts(picture)


@pytest.mark.parametrize("rows", [slice(130, 140), slice(170, 180)], ids=["eyes", "mouth"])
def test_a_moved_feature_is_a_change(picture, stillness, rows):
    changed = picture.copy()
    changed[rows, 300:340] = np.roll(picture, 3, axis=0)[rows, 300:340]
    assert not stillness.lasts(changed)


def test_a_face_outside_the_picture_is_no_error(picture):
    remembered = Stillness()
    remembered.remember(picture, Box(700, 500, 800, 600, 0.9))
    assert not remembered.lasts(picture)
