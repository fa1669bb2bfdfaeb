"""The fuzzer finds what it is made to find, and every door holds for a few inputs."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

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
    door = Door([b"seed of a few bytes"], fault, (ValueError,))
    # As the fuzzer does it: this process has long had more memory than the fault takes.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        report = pool.submit(run_door, door, "planted", inputs=60).result()
    assert any(message in find for find in report.finds)


def test_an_input_is_the_same_by_its_number():
    seen = []
    door = Door([b"seed"], seen.append)
    run_door(door, "same", inputs=5)
    run_door(door, "same", first=3, inputs=1)
    assert seen[1:][3] == seen[-1]  # each run tries the seeds first


@pytest.mark.parametrize(
    "name, before, after",
    [
        ("manifest", b'"thickness"', b'"thinness_"'),
        ("manifest", b'"landmark_file"', b'"landmark_fill"'),
        ("manifest", b'"file"', b'"fill"'),
        ("shards", b"pixels", b"pixals"),
        ("shards", b"sha256", b"sha255"),
        ("shards", b"subject", b"subjact"),
    ],
)
def test_what_was_found_in_a_prepared_set_is_one_line(tmp_path, name, before, after):
    door = DOORS[name](tmp_path)
    (data,) = door.seeds
    assert before in data
    with pytest.raises(DatasetError):
        door.enter(data.replace(before, after))


@pytest.mark.parametrize("name", DOORS)
def test_a_door_holds(name, tmp_path):
    report = run_door(DOORS[name](tmp_path), name, inputs=25)
    assert report.finds == []
    assert report.inputs == 25
