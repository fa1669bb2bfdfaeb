"""What the benchmark is asked and the words that its rows share. No Keras here."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

FER2013, CKPLUS = "FER2013", "CK+"
SHAPE, PIXELS, BOTH = "shape", "pixels", "both"
# The decisive pair, the points alone and ours: whom the costlier questions are asked.
PROBED = ("landmark_cnn", "pixel_cnn", "points_mlp", "landmark", "pixel", "fused")
NEEDS_PICTURES = "needs a data set (run.py benchmark --data PREPARED); this one has no pictures"
NOT_QUICK = {"needs": "a run without --quick"}
NOT_YET = {"needs": "a later version of the benchmark"}  # of results read again
LEFT_OUT = {"needs": "a run whose --sections name it"}
SECTIONS = (
    "parts",
    "drawings",
    "worst",
    "collapse",
    "corruptions",
    "framings",
    "sources",
    "maps",
    "cross",
    "folds",
    "label_sets",
    "identity",
    "references",
)
QUICK_ROWS, QUICK_EPOCHS = 6000, 5  # of a training with --quick that answers one question


@dataclass(frozen=True)
class Options:
    """What is asked of one benchmark.

    data: a prepared folder, or "embedded". out: for results.json, report.html, table.md and, in
    `models`, every finished training. only: names of networks, all if empty. epochs: in place of
    each contender's own. seeds: trainings of each contender. classes: 6, 7 or 3. also: other
    sources, to cross with. peer: "fer" or "". workers: processes and threads. probe_rows: test
    faces, at most, that are corrupted and whose parts are left out; a map takes a fiftieth a class.
    sections: names of SECTIONS, all if empty; the others say that they were left out.
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
    sections: tuple[str, ...] = ()
    command: str = ""

    @property
    def cache(self) -> Path:
        return self.out / "models"


class Asked(TypedDict):
    """A contender as it was entered.

    sees: SHAPE, PIXELS or BOTH. claims: `contenders.Claim`s as dicts. status: how it came to its
    weights, or why it was not measured; then nothing else is in its row.
    learned_votes: whether FER+'s votes were among its targets.
    """

    network: str
    sees: str
    title: str
    claims: list[dict]
    learned_votes: bool
    status: str


class TrainingFacts(TypedDict, total=False):
    """A contender's training, where it was trained here. Accuracies and gains are shares.

    start: where its first weights came from, in words. faces: learned from.
    training_accuracy: on up to 2,000 of them. best_over_last_epoch, gain_of_last_quarter: of the
    test accuracy by epoch. seeds: each training's accuracy. curve: by epoch, without seconds.
    """

    start: str
    epochs: int
    faces: int
    training_accuracy: float
    best_over_last_epoch: float
    gain_of_last_quarter: float
    seeds: list[float]
    curve: list[dict]


class Figures(TypedDict, total=False):
    """What is measured of the answers about the test faces, as shares; see `model.metrics`.

    Intervals are of 95 %, [low, high]. confusion: counts, rows the truth. ece, log_loss: as the
    probabilities are. found_only: {n, accuracy} of the faces that a detector found, None without.
    reliability, by_share, coverage_accuracy: rows of dicts. most_said: {label, share}.
    ferplus: {n, accuracy, labels_agree} against FER+'s majority, None without votes.
    """

    n: int
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    macro_f1_interval: list[float]
    balanced_accuracy: float
    balanced_accuracy_interval: list[float]
    per_class: dict[str, dict[str, float]]
    confusion: list[list[int]]
    ece: float
    log_loss: float
    accuracy_certain_80: float
    coverage_accuracy: list[dict[str, float]]
    found_only: dict | None
    reliability: list[dict]
    by_share: list[dict[str, float]]
    most_said: dict
    ferplus: dict | None


class Cost(TypedDict):
    """macs: multiply-adds of one view of a face. file_mb: of the ONNX file, 10^6 bytes."""

    parameters: int
    macs: int
    views: int
    file_mb: float


class Timing(TypedDict, total=False):
    """latency_ms: median of one face, all views. faces_per_second: in batches of 64.

    training_seconds: of all epochs, where they are known.
    """

    latency_ms: float
    faces_per_second: float
    threads: int
    training_seconds: float


class Row(Asked, TrainingFacts, Figures, total=False):
    """A contender's row in results.json."""

    cost: Cost
    timing: Timing
