"""Does preparing stay flat? Generated pictures through the real engine, landmarks stubbed.

    python -m facelines.benchmark.preparing 1000 20000 --workers 2

Each count has a process of its own. Everything is real but the landmarks: no detector or dlib
runs, every face is one drawing. So the rates say what reading, sharding, hashing, writing and
accounting cost, not what faces cost. Processor time is the one to compare on a machine that does
other things too.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from facelines.preprocessing.images import encode_png
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess

_A_FOLDER = 1000  # pictures
_EVERY = 0.2  # seconds between looks at memory


def generate(folder: Path, count: int) -> None:
    """Write `count` different 48x48 pictures into class folders of a training and a test split."""
    gray = np.full((48, 48), 40, np.uint8)
    for index in range(count):
        split = "test" if index % 10 == 9 else "train"
        label = ("calm", "smiling", "tense")[index % 3]
        place = folder / split / label / f"{index // _A_FOLDER:05d}"
        if index % _A_FOLDER < 30:  # all six places are among the first
            place.mkdir(parents=True, exist_ok=True)
        gray[0, :32] = np.frombuffer(f"{index:032d}".encode(), np.uint8)
        (place / f"{index:08d}.png").write_bytes(encode_png(gray))


class Look(NamedTuple):
    """What a process had used at a moment.

    moment: seconds since the epoch. megabytes: resident now. processor: seconds, with its workers'.
    """

    moment: float
    megabytes: float
    processor: float


class Watch:
    """Looks at this process while it is entered; `looks` holds them in order."""

    def __enter__(self) -> "Watch":
        self.looks, self._ended = [look()], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()
        self.looks.append(look())

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            self.looks.append(look())

    def peak(self) -> float:
        """Return the most that was resident, in MB."""
        return max(look.megabytes for look in self.looks)


def look() -> Look:
    """Return what this process has used so far."""
    ended = os.times()
    running = sum(_processor_seconds(child.pid) for child in active_children())
    return Look(time.time(), resident(), sum(ended[:4]) + running)


def _processor_seconds(process: int | None) -> float:
    """Return what a running process has used (Linux; elsewhere 0)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


def run(count: int, workers: int, size: int, place: Path | None) -> dict:
    """Prepare `count` generated pictures and return what it took."""
    folder = Path(tempfile.mkdtemp(prefix="facelines-preparing-", dir=place))
    try:
        generate(folder / "pictures", count)
        with Watch() as watch:
            fast = Pipeline(detector="none", passes=1, mesh=False)
            options = Options(fast, workers=workers, shard_samples=size)
            summary = preprocess(folder / "pictures", folder / "out", options)
        first, last = watch.looks[0], watch.looks[-1]
        seconds, processor = last.moment - first.moment, last.processor - first.processor
        return {
            "pictures": count,
            "rows": summary.rows,
            "seconds": round(seconds, 1),
            "pictures_a_second": round(count / seconds, 1),
            "pictures_a_processor_second": round(count / processor, 1),
            "resident_before_mb": round(first.megabytes),
            "resident_peak_mb": round(watch.peak()),
            "tenths": list(tenths(folder / "out", count, watch.looks)),
            "digest": summary.digest,
        }
    finally:
        shutil.rmtree(folder)


def tenths(out: Path, count: int, looks: list[Look]) -> Iterator[dict]:
    """Yield the rate and memory of each tenth of the pictures, in the order they were finished.

    The first begins with the first shard's end, since its own beginning is not known.
    """
    written = sorted(
        (path.stat().st_mtime, json.loads(path.read_text())["pictures"])
        for path in (out / "_about" / "receipts").iterdir()
    )
    moments = [look.moment for look in looks]
    begun, done = written[0]
    before = done
    for moment, pictures in written[1:]:
        done += pictures
        if done - before >= count / 10 or moment == written[-1][0]:
            seen = looks[np.searchsorted(moments, begun) : np.searchsorted(moments, moment) + 1]
            yield {
                "pictures": done,
                "pictures_a_second": _rate(done - before, moment - begun),
                "pictures_a_processor_second": _rate(
                    done - before, seen[-1].processor - seen[0].processor
                ),
                "resident_mb": round(max(look.megabytes for look in seen)),
            }
            begun, before = moment, done


def _rate(pictures: int, seconds: float) -> float | None:
    """Return pictures a second, None where the clock (hundredths of a second) saw no time pass."""
    return round(pictures / seconds, 1) if seconds > 0 else None


def main() -> None:
    """Run for each count and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", nargs="+", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shard-size", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="where pictures and OUT are for the while")
    arguments = parser.parse_args()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # as the command line does
    for count in arguments.counts:
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            took = fresh.submit(
                run, count, arguments.workers, arguments.shard_size, arguments.folder
            ).result()
        print(json.dumps(took), flush=True)


if __name__ in ("__main__", "__mp_main__"):  # the second in processes of its own
    stub()
if __name__ == "__main__":
    sys.exit(main())
