from types import SimpleNamespace

import numpy as np
import pytest

from facelines.model.reference import mean_of
from facelines.model.running_reference import RunningReference

LABELS = ("happy", "neutral", "sad")


class Told:
    """A recognizer that sees in each face what its first point says."""

    prior = dict.fromkeys(LABELS, 1.0)

    def probabilities(self, batch):
        shown = int(round(float(batch["points"][0, 0, 0]) * 10))
        return np.full((1, 3), 0.02) + 0.94 * np.eye(3)[[shown]]

    def reference_of(self, batch, quality=None, seen=None):
        return mean_of(batch, seen, self.prior, quality)


def face(shown=1, quality=1.0):
    points = np.full((51, 2), 0.5, np.float32)
    points[0, 0] = shown / 10
    blank = np.zeros((48, 48), np.uint8)
    return SimpleNamespace(
        normalised=points, normalised_mesh=None, quality=quality, image=blank, pixels=blank
    )


def followed(shown, seconds_apart=0.5, quality=1.0):
    running = RunningReference(Told())
    said = [running(face(one, quality), at * seconds_apart) for at, one in enumerate(shown)]
    return said[-1]


@pytest.mark.parametrize(
    ("shown", "seconds_apart", "quality"),
    [([1], 0.5, 1.0), ([1, 0, 2, 1, 0], 0.5, 1.0), ([1] * 60, 0.01, 1.0), ([1, 2] * 30, 0.5, 0.2)],
)
def test_nothing_is_said_after_a_moment_or_of_doubtful_faces(shown, seconds_apart, quality):
    assert followed(shown, seconds_apart, quality) is None


def test_who_shows_one_thing_alone_is_hardly_moved():
    one, several = followed([1] * 60), followed([0, 1, 2] * 20)
    assert one.part < 0.4 and several.part == 1
    assert one.mixture["neutral"] > 0.8


def test_what_is_long_gone_is_forgotten():
    assert followed([0] * 100 + [2] * 120).mixture["happy"] < 0.05


def test_seconds_of_motion_count_as_few_pictures():
    assert followed([0, 1, 2] * 20).count < 20
