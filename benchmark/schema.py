"""What the benchmark is asked and the words that its rows share. No Keras here."""

import os
from dataclasses import dataclass
from pathlib import Path

FER2013, CKPLUS = "FER2013", "CK+"
SHAPE, PIXELS, BOTH = "shape", "pixels", "both"
# The decisive pair, the points alone and ours: whom the costlier questions are asked.
PROBED = ("landmark_cnn", "pixel_cnn", "points_mlp", "landmark", "pixel", "fused")
NEEDS_PICTURES = "needs a data set (run.py benchmark --data PREPARED); this one has no pictures"
NOT_QUICK = {"needs": "a run without --quick"}


@dataclass(frozen=True)
class Options:
    """What is asked of one benchmark.

    data: a prepared folder, or "embedded". out: for results.json, report.html, table.md and, in
    `models`, every finished training. only: names of networks, all if empty. epochs: in place of
    each contender's own. seeds: trainings of each contender. classes: 6, 7 or 3. also: other
    sources, to cross with. peer: "fer" or "". workers: processes and threads. probe_rows: test
    faces, at most, that are corrupted and whose parts are left out; a map takes a fiftieth a class.
    """

    data: str
    out: Path
    quick: bool = False
    only: tuple[str, ...] = ()
    epochs: int | None = None
    seeds: int = 1
    classes: int = 6
    also: tuple[str, ...] = ()
    peer: str = ""
    workers: int = os.cpu_count() or 1
    probe_rows: int = 1000
    command: str = ""

    @property
    def cache(self) -> Path:
        return self.out / "models"
