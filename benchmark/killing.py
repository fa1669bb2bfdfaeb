"""Does a set survive being killed? SIGKILL at random moments, then the digest of a clean run.

    python -m facelines.benchmark.killing 50

A run of `preprocess` and its workers are killed again and again, one of them at a time, each time
somewhere in its work; the same command goes on each time. Linux only.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from facelines.benchmark.serving.speed import write_fer2013
from facelines.preprocessing import layout

_COMMAND = "import sys; from facelines.cli import main; sys.exit(main())"
_PATIENCE = 30  # seconds for the workers of a killed run to end by themselves


def kill_again_and_again(kills: int, pictures: int, folder: Path, rng: random.Random) -> dict:
    """Kill runs so many times and return what happened.

    Returns:
        {driver, worker: times that one was killed; completed: runs that were done before their
        moment came, after which a new set was begun; left_behind: workers that outlived their
        driver; wrong: sets whose digest is not that of a clean run}.
    """
    source = write_fer2013(folder / "faces.csv", pictures)
    with _started(source, folder / "clean") as run:
        begun = _working(run, folder / "clean")
        run.wait()
        seconds = time.monotonic() - begun
    clean, out, seen = (
        _digest(folder / "clean"),
        folder / "out",
        Counter(driver=0, worker=0, left_behind=0, wrong=0),
    )
    while seen["driver"] + seen["worker"] < kills:
        with _started(source, out) as run:
            _working(run, out)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(rng.uniform(0, seconds))
            workers = _workers(run.pid)
            if run.poll() is None:
                victim = rng.choice(["driver", "worker"] if workers else ["driver"])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(run.pid if victim == "driver" else rng.choice(workers), signal.SIGKILL)
                    seen[victim] += 1
                run.wait()
                seen["left_behind"] += _outlive(workers)
            print(dict(seen), file=sys.stderr)  # it takes minutes
            if run.returncode == 0:
                seen["completed"] += 1
                seen["wrong"] += _digest(out) != clean
                shutil.rmtree(out)
    with _started(source, out) as run:
        run.wait()
    seen["wrong"] += _digest(out) != clean
    return dict(seen)


@contextlib.contextmanager
def _started(source: Path, out: Path) -> Iterator[subprocess.Popen]:
    """Start a run of two workers; it is ended where it has not ended by itself."""
    run = subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "preprocess", str(source), str(out)]
        + ["--detector", "none", "--passes", "1", "--shard-size", "4", "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def _working(run: subprocess.Popen, out: Path) -> float:
    """Wait until a run holds its folder; return when that was."""
    while run.poll() is None and not (out / layout.LOCK).exists():
        time.sleep(0.01)
    return time.monotonic()


def _workers(process: int) -> list[int]:
    """Return the worker processes of a run."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children if b"spawn_main" in _command_line(int(child))]


def _command_line(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def _outlive(workers: list[int]) -> int:
    """Return how many workers are still there when they should have ended."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and any(map(_command_line, workers)):
        time.sleep(0.05)
    return sum(map(bool, map(_command_line, workers)))


def _digest(out: Path) -> str | None:
    """Return the digest of a complete set, None of any other."""
    try:
        return json.loads((out / layout.MANIFEST).read_text())["summary"]["digest"]
    except OSError:
        return None


def main() -> int:
    """Kill, print a line of JSON, and return 1 where a set came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kills", nargs="?", type=int, default=50)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="facelines-killing-") as folder:
        rng = random.Random(arguments.seed)
        seen = kill_again_and_again(arguments.kills, arguments.pictures, Path(folder), rng)
    print(json.dumps(seen))
    return int(seen["wrong"] + seen["left_behind"] > 0)


if __name__ == "__main__":
    sys.exit(main())
