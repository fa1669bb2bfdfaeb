"""The Ray engine on a cluster of this machine: the set of one process, killed workers or not."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from facelines.benchmark.serving.speed import write_fer2013
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import read_manifest

pytestmark = [pytest.mark.ray, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

ROOT = Path(__file__).resolve().parents[2]
FAST = ["--detector", "none", "--passes", "1", "--shard-size", "4"]
RAY = shutil.which("ray", path=Path(sys.executable).parent)


@pytest.fixture
def cluster(bucket, monkeypatch):
    """A cluster at RAY_ADDRESS, whose workers know the bucket's server."""
    address = "127.0.0.1:6399"
    start = ["start", "--head", "--port=6399", "--num-cpus=2", "--include-dashboard=false"]
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    ray(*start)
    monkeypatch.setenv("RAY_ADDRESS", address)
    yield address
    ray("stop", "--force")


def ray(*arguments: str) -> None:
    subprocess.run([RAY, *arguments], check=True, capture_output=True)


def start(source: Path, out: str) -> subprocess.Popen:
    """Begin a run in a process of its own, which Ray's threads and warnings stay in."""
    command = [sys.executable, "run.py", "preprocess", str(source), out, "--engine", "ray", *FAST]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


def working() -> list[int]:
    """Return the processes in which Ray completes a shard."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"_complete_remotely" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def test_a_cluster_gives_the_set_of_one_process_though_its_workers_are_killed(
    tmp_path, bucket, cluster
):
    source = write_fer2013(tmp_path / "faces.csv", 120)
    options = Options(Pipeline(detector="none", passes=1), shard_samples=4)
    expected = preprocess(source, tmp_path / "one", options)
    for out, kills in ((str(tmp_path / "ray"), 0), (f"{bucket}/ray", 2)):
        run, killed = start(source, out), set()
        while run.poll() is None and len(killed) < kills:
            for process in [one for one in working() if one not in killed][:1]:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)
            time.sleep(0.05)
        _, said = run.communicate()
        assert run.returncode == 0, said
        assert len(killed) == kills, "the workers must be at work long enough to be killed"
        summary = read_manifest(out)["summary"]
        assert (summary["digest"], summary["rows"]) == (expected.digest, expected.rows)
