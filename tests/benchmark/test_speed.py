import json
import sys

import numpy as np
import pytest

from facelines import cli
from facelines.benchmark.serving import speed


@pytest.mark.parametrize(
    ("name", "value", "met"),
    [("frame_ratio", 0.1, True), ("frame_ratio", 0.2, False), ("scaling_2", 0.1, False)],
)
def test_a_figure_is_met_on_its_own_side(name, value, met):
    assert speed.Figure(name, value, "a yardstick", 0.15, 0.05, 50).is_met is met


def test_the_median_of_each_action_is_taken_after_the_warm_up():
    calls = []
    seconds = speed.in_turn(3, lambda: calls.append("a"), lambda: calls.append("b"))
    assert calls == ["a", "b"] * (speed.WARM_UP + 3)
    assert len(seconds) == 2 and min(seconds) >= 0


def test_the_frame_and_the_crops_are_as_they_say():
    assert speed.frame().shape == (480, 640, 3)
    first, second = speed.face_crops(2)
    assert first.shape == (48, 48) and first.dtype == np.uint8 and (first != second).any()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parent's memory counts")
def test_the_memory_of_a_command_is_its_own():
    held = bytearray(400 << 20)
    seconds, peak = speed.child("doctor")
    assert seconds > 0 and 10 < peak < 300 < len(held) >> 20


def test_the_command_measures_each_figure(capsys):
    assert cli.main(["speed", "--repeats", "1", "--images", "8", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    names = {"frame_ratio", "frame_tracking_ratio", "photo_ratio", "classifier_ratio"}
    assert figures.keys() == names | {"preprocess_ratio", "machine"}
    assert all(figures[name]["value"] > 0 and figures[name]["repeats"] for name in names)
