"""The fuzzer finds what it is made to find, and every door holds for a few inputs."""

import time

import numpy as np
import pytest

from facelines.preprocessing.samples import DatasetError
from tests.fuzz.doors import DOORS
from tests.fuzz.run import Door, run_door


def crash(data: bytes) -> None:
    if b"\xff\xff" in data:
        raise KeyError("planted")


def hang(data: bytes) -> None:
    if data[:1] != b"s":
        end = time.process_time() + 1.2
        while time.process_time() < end:
            pass


def hoard(data: bytes) -> None:
    if data[:1] != b"s":
        np.ones(400 << 17)  # 400 MiB


@pytest.mark.parametrize(
    "fault, message", [(crash, "KeyError: 'planted'"), (hang, " s"), (hoard, "MiB more")]
)
def test_a_planted_fault_is_found(fault, message):
    report = run_door(Door([b"seed of a few bytes"], fault, (ValueError,)), "planted", inputs=60)
    assert any(message in find for find in report.finds)


def test_an_input_is_the_same_by_its_number():
    seen = []
    door = Door([b"seed"], seen.append)
    run_door(door, "same", inputs=5)
    run_door(door, "same", first=3, inputs=1)
    assert seen[1:][3] == seen[-1]  # each run tries the seeds first


def test_a_manifest_of_an_unknown_setting_is_one_line(tmp_path):
    door = DOORS["manifest"](tmp_path)
    (manifest,) = door.seeds
    with pytest.raises(DatasetError, match="'thinness'"):
        door.enter(manifest.replace(b'"thickness"', b'"thinness"'))


@pytest.mark.parametrize("name", DOORS)
def test_a_door_holds(name, tmp_path):
    report = run_door(DOORS[name](tmp_path), name, inputs=25)
    assert report.finds == []
    assert report.inputs == 25
