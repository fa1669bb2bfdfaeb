"""Does preparing stay flat? Generated pictures through the real engine, landmarks stubbed.

    python -m facelines.benchmark.preparing 1000 20000 --workers 2

Everything is real but the landmarks: no detector or dlib runs, every face is one drawing. So the
rates say what reading, sharding, hashing, writing and accounting cost, not what faces cost.
"""

import argparse
import json
import resource
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from facelines.preprocessing.images import encode_png
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess

_A_FOLDER = 1000  # pictures


def generate(folder: Path, count: int) -> None:
    """Write `count` different 48x48 pictures into class folders of a training and a test split."""
    for index in range(count):
        split = "test" if index % 10 == 9 else "train"
        label = ("calm", "smiling", "tense")[index % 3]
        place = folder / split / label / f"{index // _A_FOLDER:05d}"
        place.mkdir(parents=True, exist_ok=True)
        gray = np.full((48, 48), 40, np.uint8)
        gray[0, :32] = np.frombuffer(f"{index:032d}".encode(), np.uint8)
        (place / f"{index:08d}.png").write_bytes(encode_png(gray))


class Peak:
    """The largest resident memory of this process, in MB, while it is entered."""

    def __enter__(self) -> "Peak":
        self.megabytes, self._ended = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self.megabytes = max(self.megabytes, resident())


def resident() -> float:
    """Return this process's resident memory in MB (Linux: now; elsewhere: its peak so far)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def stub() -> None:
    """Give every picture the same face, found once, in this process and in its workers."""
    face = Pipeline(detector="none", mesh=False).one(np.zeros((48, 48), np.uint8))
    Pipeline.one = lambda self, gray: face


def run(count: int, workers: int, size: int) -> dict:
    """Prepare `count` generated pictures and return what it took."""
    folder = Path(tempfile.mkdtemp(prefix="facelines-preparing-"))
    try:
        generate(folder / "pictures", count)
        before, started = resident(), time.perf_counter()
        with Peak() as peak:
            fast = Pipeline(detector="none", passes=1, mesh=False)
            options = Options(fast, workers=workers, shard_samples=size)
            summary = preprocess(folder / "pictures", folder / "out", options)
        seconds = time.perf_counter() - started
        return {
            "pictures": count,
            "rows": summary.rows,
            "seconds": round(seconds, 1),
            "pictures_a_second": round(count / seconds, 1),
            "resident_before_mb": round(before),
            "resident_peak_mb": round(peak.megabytes),
            "digest": summary.digest,
        }
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Run for each count and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", nargs="+", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shard-size", type=int, default=500)
    arguments = parser.parse_args()
    for count in arguments.counts:
        print(json.dumps(run(count, arguments.workers, arguments.shard_size)), flush=True)


if __name__ in ("__main__", "__mp_main__"):  # the second in worker processes
    stub()
if __name__ == "__main__":
    sys.exit(main())
