"""The measurements of larger sets, each in a process of its own since they stub the engine."""

import json
import os
import subprocess
import sys

import pytest

from facelines.benchmark.serving.speed import write_fer2013
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess


def measure(module: str, *arguments: str) -> dict:
    run = subprocess.run(
        [sys.executable, "-m", f"facelines.benchmark.{module}", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_generated_pictures_are_all_prepared_and_told_of_by_tenths():
    told = measure("preparing", "60", "--shard-size", "2")
    assert told["rows"] == told["pictures"] == 60
    done = [tenth["pictures"] for tenth in told["tenths"]]
    assert done == sorted(done) and done[-1] == 60 and 5 <= len(done) <= 11
    assert all(0 < tenth["resident_mb"] <= told["resident_peak_mb"] for tenth in told["tenths"])


def test_stub_shards_are_led_to_their_manifest():
    told = measure("scheduling", "50")
    assert told["shards"] == 50 and told["microseconds_a_shard"] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="finds workers in /proc")
def test_a_set_that_was_killed_is_that_of_a_clean_run():
    told = measure("killing", "2", "--pictures", "24")
    assert told["driver"] + told["worker"] == 2
    assert told["wrong"] == told["left_behind"] == 0


def test_a_set_many_times_over_is_trained_on_from_the_disk(tmp_path):
    source = write_fer2013(tmp_path / "faces.csv", 60)
    options = Options(Pipeline(detector="none", passes=1), shard_samples=20)
    rows = preprocess(source, tmp_path / "set", options).rows
    told = measure("streaming", str(tmp_path / "set"), str(5 * rows), "--folder", str(tmp_path))
    assert told["rows"] == 5 * rows
    assert told["on_disk_mb"] >= 5 * rows * 48 * 48 * 2 / 1e6  # drawings and pixels at least
    assert told["peak_mb"] > 0
