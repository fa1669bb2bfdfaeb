"""Tables of the released models, generated: accuracy, intervals, size and time."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime

from facelines.model import artifact, inputs, provenance, sources
from facelines.model.evaluate import probabilities_of, wanted_labels
from facelines.model.format import markdown_table
from facelines.model.metrics import evaluate
from facelines.model.recognizer import Recognizer
from facelines.model.sources import Arrays

_ORDER = ("landmark", "pixel", "fused", "landmark_cnn")
_PUBLISHED = "landmark_cnn"  # one view of a face through it is the unit of time
_ROUNDS, _RUNS = 10, 20


def measure(prepared: str | Path, split: str = "PublicTest") -> list[dict]:
    """Score every released artifact on a prepared FER2013 with FER+ votes, and time it.

    Returns:
        a dict an artifact: name, fer2013 and ferplus (as `evaluate.evaluate`), parameters,
        onnx_mb, milliseconds (one face, one thread, all its views) and published (milliseconds
        of one view through the published network, measured in turns with the others).
    """
    arrays, _ = sources.load_arrays(prepared)
    rows = sources.select(arrays, arrays["split"] == split)
    names = sorted(artifact.released(), key=_place)
    recognizers = [Recognizer.load(name) for name in names]
    unit = Recognizer(replace(artifact.load(_PUBLISHED), views=1))
    *times, published = one_face_milliseconds([*recognizers, unit], rows)
    return [
        {**_measure(recognizer, rows), "milliseconds": milliseconds, "published": published}
        for recognizer, milliseconds in zip(recognizers, times, strict=True)
    ]


def _place(name: str) -> tuple:
    base = name.removesuffix("-ferplus")
    return (base not in _ORDER, _ORDER.index(base) if base in _ORDER else 0, name)


def _measure(recognizer: Recognizer, rows: Arrays) -> dict:
    figures = {}
    for labels_of in ("fer2013", "ferplus"):
        chosen = wanted_labels(rows, recognizer.labels, labels_of)
        found = probabilities_of(recognizer, chosen)
        figures[labels_of] = evaluate(chosen["label"], found, recognizer.labels)
    loaded = artifact.load(recognizer.name)
    return {
        "name": recognizer.name,
        **figures,
        "parameters": loaded.metrics["parameters"],
        "onnx_mb": loaded.onnx_path.stat().st_size / 1e6,
    }


def one_face_milliseconds(recognizers: Sequence[Recognizer], rows: Arrays) -> list[float]:
    """Return each one's median time for one face, all its views counted.

    They take turns, so that a busy moment of the machine slows all alike.
    """
    batch = {name: rows[name][:1] for name in inputs.NAMES if name in rows}
    seconds = np.zeros((_ROUNDS, _RUNS, len(recognizers)))
    for turn in range(_ROUNDS):
        for index, recognizer in enumerate(recognizers):
            for run in range(_RUNS):
                started = time.perf_counter()
                recognizer.probabilities(batch)
                seconds[turn, run, index] = time.perf_counter() - started
    return [1000 * float(one) for one in np.median(seconds, axis=(0, 1))]


def summary(measured: list[dict]) -> str:
    """Return the README's table: who is right how often, in four columns."""
    rows = [
        (
            f"`{one['name']}`",
            f"{100 * one['fer2013']['accuracy']:.1f}",
            f"{100 * one['ferplus']['accuracy']:.1f}",
            f"{_own(one)['macro_f1']:.2f}",
        )
        for one in measured
    ]
    header = ("model", "FER2013's labels, %", "ten people's majority (FER+), %", "macro-F1")
    return markdown_table(header, rows)


def markdown(measured: list[dict], split: str = "PublicTest") -> str:
    """Return every figure as Markdown: intervals, calibration, size, time, recall by class."""
    counts = {key: measured[0][key]["n"] for key in ("fer2013", "ferplus")}
    labels = list(measured[0]["fer2013"]["per_class"])
    return "\n".join(
        [
            f"{split}, 6 classes, every image counted: accuracy in % with its 95 % interval "
            f"({counts['fer2013']} images with FER2013's labels, {counts['ferplus']} with a FER+ "
            "majority). Epoch, temperature, threshold, prior and how networks are joined and "
            "rounded were chosen on this split. Macro-F1 and what follows are against the labels "
            f"that the model learned. Times: ONNX Runtime {onnxruntime.__version__}, one thread, "
            f"{provenance.machine()}, at commit {provenance.commit()}; in brackets as a multiple "
            f"of the published network's, {measured[0]['published']:.1f} ms for one view of a "
            "face.",
            "",
            markdown_table(_COLUMNS, map(_row, measured)),
            "",
            "Recall by class, in % (FER2013's labels):",
            "",
            markdown_table(("model", *labels), map(_recalls, measured)),
        ]
    )


_COLUMNS = (
    "model",
    "FER2013 labels",
    "FER+ majority",
    "macro-F1",
    "calibration error",
    "80 % most certain",
    "parameters",
    "ONNX file",
    "one face",
)


def _row(one: dict) -> tuple[str, ...]:
    own = _own(one)
    return (
        f"`{one['name']}`",
        _with_interval(one["fer2013"]),
        _with_interval(one["ferplus"]),
        f"{own['macro_f1']:.3f}",
        f"{100 * own['ece']:.1f} %",
        f"{100 * own['accuracy_certain_80']:.1f}",
        f"{one['parameters'] / 1e6:.2f} M",
        f"{one['onnx_mb']:.1f} MB",
        f"{one['milliseconds']:.1f} ms ({one['milliseconds'] / one['published']:.2f})",
    )


def _recalls(one: dict) -> tuple[str, ...]:
    shares = (row["recall"] for row in one["fer2013"]["per_class"].values())
    return (f"`{one['name']}`", *(f"{100 * share:.0f}" for share in shares))


def _own(one: dict) -> dict:
    """Return the figures against the labels that a model learned."""
    return one["ferplus" if one["name"].endswith("-ferplus") else "fer2013"]


def _with_interval(figures: dict) -> str:
    low, high = (100 * bound for bound in figures["accuracy_interval"])
    return f"{100 * figures['accuracy']:.1f} ({low:.1f} to {high:.1f})"
