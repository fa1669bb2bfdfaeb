import numpy as np
import pytest

from facelines.preprocessing import render
from facelines.preprocessing.pipeline import _BUILT_IN_FACE
from facelines.preprocessing.points import Frame, eye_centres

FACE = _BUILT_IN_FACE / 200


def turned(points, degrees):
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("scale, shift", [(1, 0), (3.7, 0), (0.02, 5), (200, -1000)])
def test_normalising_ignores_scale_and_shift(scale, shift):
    moved = render.normalise(FACE * scale + shift)
    np.testing.assert_allclose(moved, render.normalise(FACE), atol=2e-4)


@pytest.mark.parametrize("degrees", [-170, -30, 10, 45, 90])
def test_normalising_levels_roll(degrees):
    level = render.normalise(turned(FACE, degrees))
    np.testing.assert_allclose(level, render.normalise(FACE), atol=1e-4)


def test_roll_can_be_kept():
    right, left = eye_centres(render.normalise(turned(FACE, 20), level_roll=False))
    angle = np.degrees(np.arctan2(*(left - right)[::-1]))
    assert angle == pytest.approx(20, abs=1.5)


def test_an_open_mouth_stays_longer_than_a_closed_one():
    opened = FACE.copy()
    opened[36:43, 1] += 0.08
    closed = render.normalise(FACE)
    assert np.ptp(render.normalise(opened)[:, 1]) > np.ptp(closed[:, 1]) + 0.02


@pytest.mark.parametrize("points", [np.zeros((51, 2)), FACE, FACE * [1, 4], FACE * [0.1, 1]])
def test_every_point_lands_inside_the_square(points):
    normalised = render.normalise(points)
    assert normalised.dtype == np.float32
    assert normalised.min() >= 0.03 and normalised.max() <= 0.97


@pytest.mark.parametrize("style", render.STYLES)
@pytest.mark.parametrize("size", [32, 48, 64])
def test_a_drawing_is_binary_and_has_ink(style, size):
    image = render.draw(render.normalise(FACE), size=size, style=style)
    assert image.shape == (size, size) and image.dtype == np.uint8
    assert set(np.unique(image)) == {0, 255}
    assert 30 < np.count_nonzero(image) < size * size / 2


def test_lines_hold_more_ink_than_points():
    normalised = render.normalise(FACE)
    lines = np.count_nonzero(render.draw(normalised))
    assert lines > 1.5 * np.count_nonzero(render.draw(normalised, style="points"))


def test_an_unknown_style_is_an_error():
    with pytest.raises(ValueError, match="'oil'.*lines, points"):
        render.draw(FACE, style="oil")


def test_pixels_of_an_upright_frame_are_the_framed_square():
    gray = np.zeros((400, 400), np.uint8)
    gray[150:250, 150:250] = 255
    frame = Frame(199.5, 199.5 + 0.066 * 100 / 1.2, 100 / 1.2, 0.0)
    assert (render.crop_pixels(gray, frame) > 200).mean() > 0.95


def test_pixels_of_a_rolled_frame_are_upright(astronaut):
    import cv2

    level = Frame(224.0, 125.0, 90.0, 0.0)
    turn = cv2.getRotationMatrix2D((224.0, 125.0), -30, 1.0)  # clockwise on the picture
    tilted = cv2.warpAffine(astronaut, turn, (512, 512))
    rolled = Frame(224.0, 125.0, 90.0, np.radians(30))
    first, second = render.crop_pixels(astronaut, level), render.crop_pixels(tilted, rolled)
    assert np.abs(first.astype(int) - second.astype(int)).mean() < 4


def test_a_picture_of_the_right_size_keeps_its_pixels():
    gray = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    assert (render.resize_pixels(gray) == gray).all()
