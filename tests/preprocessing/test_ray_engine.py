"""The Ray engine on a cluster of this machine: the set of one process, killed workers or not."""

import os
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


def start(source: Path, out: str, *more: str) -> subprocess.Popen:
    """Begin a run in a process of its own, in the source's folder: the cluster is elsewhere."""
    command = [sys.executable, str(ROOT / "run.py"), "preprocess", source.name, out]
    command += ["--engine", "ray", *FAST, *more]
    return subprocess.Popen(command, cwd=source.parent, stderr=subprocess.PIPE, text=True)


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
    for out, kills in (("ray", 0), (f"{bucket}/ray", 2)):
        run, killed = start(source, out, "--address", cluster), set()
        while run.poll() is None and len(killed) < kills:
            for process in [one for one in working() if one not in killed][:1]:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)
            time.sleep(0.05)
        _, said = run.communicate()
        assert run.returncode == 0, said
        assert len(killed) == kills, "the workers must be at work long enough to be killed"
        summary = read_manifest(tmp_path / out if out == "ray" else out)["summary"]
        assert (summary["digest"], summary["rows"]) == (expected.digest, expected.rows)


def test_what_a_task_takes_is_the_clusters_own(tmp_path, cluster, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    source = write_fer2013(tmp_path / "faces.csv", 8)
    run = start(source, "ray", "--resources", "CPU=0.5,faces=1")
    _, said = run.communicate()
    assert run.returncode == 0, said
    run = start(source, "more", "--resources", "faces=3")
    _, said = run.communicate()
    assert (
        run.returncode == 1 and "takes CPU=1, faces=3, and no machine" in said and "faces=2" in said
    )
    assert said.count("error:") == 1 and "Traceback" not in said
