"""Results of a full benchmark with invented figures, to test the report without trainings."""

import numpy as np

from facelines.benchmark import contenders
from facelines.benchmark.analyses.corruptions import CORRUPTIONS
from facelines.benchmark.analyses.drawings import VARIANTS
from facelines.benchmark.analyses.probes import PARTS
from facelines.benchmark.evaluation import figures_of
from facelines.model.metrics import mcnemar
from facelines.model.training.split import Split
from facelines.preprocessing.framings import FIXED
from facelines.preprocessing.labels import LABEL_SETS
from facelines.preprocessing.pipeline import Pipeline

LABELS = LABEL_SETS[6]
SKILL = {
    "landmark_cnn": 1.5, "pixel_cnn": 1.8, "points_mlp": 1.6, "vgg16_drawing": 1.3, "landmark": 1.7,
    "conv_pair": 1.4, "two_sets_cnn": 1.7, "baseline": 1.0, "baseline_augmented": 1.1,
    "baseline_deeper": 1.5, "vgg19_plain": 0.0, "vgg19": 1.7, "densenet121": 1.9, "four_conv": 1.6,
    "pixel": 2.4, "fused": 2.5,
}  # fmt: skip
PROBED = ("landmark_cnn", "pixel_cnn", "points_mlp", "landmark", "pixel", "fused")


def full_results(split: Split) -> dict:
    """Return what `benchmark.run` would, with every section; no findings yet."""
    rng = np.random.default_rng(0)
    index = np.array([LABELS.index(label) for label in split.test["label"]])
    answers = {name: _probabilities(index, skill, rng) for name, skill in SKILL.items()}
    right = {name: found.argmax(axis=1) == index for name, found in answers.items()}
    rows = [_row(one, answers[one.network], split, rng) for one in contenders.contenders()]
    return {
        "labels": list(LABELS),
        "quick": False,
        "data": {
            "name": "invented.csv", "test_split": "PublicTest", "train": 27944,
            "test": len(index), "pictures": True, "left_out_of_training": 329, "leaked": 28,
            "median_roll_degrees": 3.0,
            "classes": {
                label: {"train": 4000, "test": int(np.sum(split.test["label"] == label)),
                        "found": int(np.sum(split.test["label"] == label)) - 1}
                for label in LABELS
            },
        },
        "contenders": rows,
        "pairs": [
            {"first": first, "second": second, "n": len(index),
             **mcnemar(right[first], right[second])}
            for first, second in (("landmark_cnn", "pixel_cnn"), ("landmark", "pixel"))
        ],
        "parts": {"n": 200, "models": {
            name: {"nothing": 0.57} | {part: 0.2 + 0.1 * at for at, part in enumerate(PARTS)}
            for name in ("landmark", "landmark_cnn")}},
        "drawings": {"faces": 27944, "epochs": 12, "variants": [
            {"name": one.name, "accuracy": 0.5 + 0.01 * at, "rival": one.rival, "p": 0.2,
             "interval": [0.485 + 0.01 * at, 0.515 + 0.01 * at]}
            for at, one in enumerate(VARIANTS)]},
        "sources": {"faces": 27944, "epochs": 16, "variants": [
            {"name": name, "accuracy": value, "interval": [value - 0.01, value + 0.01], "p": 0.01}
            for name, value in (("dlib", 0.58), ("Face Mesh V2", 0.59), ("both", 0.62))]},
        "framings": {"n": len(index), "clean": dict.fromkeys(PROBED, 0.6), "kinds": {
            name: {"found": 0.99, "models": dict.fromkeys(PROBED, 0.5 + 0.01 * at)}
            for at, name in enumerate(FIXED)}},
        "references": {"CK+48": {"faces": 750, "people": 104, "pixel": 0.8, "models": {"landmark": {
            way: {"n": 750, "accuracy": 0.7, "macro_f1": 0.6, "against_pixel": {"p": 0.5}}
            for way in ("none", "set", "person", "8 faces")}}}},
        "worst": {"models": {"landmark": [
            {"row": at, "truth": "sad", "said": "happy", "confidence": 0.97,
             "points": split.test["points"][at].tolist()} for at in range(12)]}},
        "collapse": {"vgg19_plain": {"size": 0.001, "spread": 0.02},
                     "vgg19": {"size": 0.4, "spread": 0.8}},
        "corruptions": _corruption(rng),
        "maps": {"faces": 20, "mean_face": split.train["points"].mean(axis=0).tolist(), "models": {
            name: {label: _bump(at) for at, label in enumerate(LABELS)}
            for name in ("pixel_cnn", "landmark_cnn")}},
        "cross": {"CK+48": {
            "source_to_target": {"n": 750, "labels": ["angry", "happy"], "models": {
                name: {"accuracy": 0.7, "accuracy_interval": [0.67, 0.73], "macro_f1": 0.6,
                       "balanced_accuracy": 0.6} for name in PROBED}},
            "target_to_source": {"n": 2900, "trained_on": 670, "labels": ["angry", "happy"],
                                 "models": {
                name: {"accuracy": 0.4, "accuracy_interval": [0.38, 0.42]} for name in PROBED}}}},
        "folds": {"CK+48": {"two_sets_cnn": {
            "n": 927, "accuracy": 0.86, "accuracy_interval": [0.84, 0.88],
            "balanced_accuracy": 0.8, "macro_f1": 0.8, "epochs": 15,
            "folds": {"fold0": {"n": 90, "accuracy": 0.8}, "fold1": {"n": 90, "accuracy": 0.9}}}}},
        "label_sets": {
            "3": {"labels": list(LABEL_SETS[3]), "n": 2100,
                  "asked": {name: _accuracy(0.81) for name in PROBED},
                  "trained": {"conv_pair": _accuracy(0.82)}},
            "7": {"labels": list(LABEL_SETS[7]), "n": 3589, "asked": {},
                  "trained": {"baseline": _accuracy(0.47), "points_mlp": _accuracy(0.58)}},
        },
        "identity": {"CK+48": {
            kind: {"faces": 900, "people": 90, "found": found, "chance": 0.009}
            for kind, found in (("drawing", 0.3), ("points", 0.4), ("pixels", 0.9))}},
        "run": {"command": "python run.py benchmark --data out/fer", "commit": "0000000",
                "code": "0" * 16, "machine": "2 CPU cores", "python": "3.11", "seconds": 7200,
                "versions": {"numpy": "2.1"}, "date": "2026-01-01"},
    }  # fmt: skip


def _accuracy(value: float) -> dict:
    return {"accuracy": value, "accuracy_interval": [value - 0.02, value + 0.02]}


def split_of(embedded_rows: dict) -> Split:
    """Return the embedded set's first faces as a split."""
    train = {name: values[:400] for name, values in embedded_rows.items()}
    test = {name: values[400:] for name, values in embedded_rows.items()}
    return Split(train, test, LABELS, Pipeline())


def _probabilities(index: np.ndarray, skill: float, rng) -> np.ndarray:
    logits = rng.normal(0, 1, (len(index), len(LABELS))) + skill * np.eye(len(LABELS))[index]
    if not skill:
        logits = np.tile([0, 0, 0.5, 0, 0, 0], (len(index), 1))  # the collapsed one
    return (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)


def _row(one: contenders.Contender, probabilities: np.ndarray, split: Split, rng) -> dict:
    epochs = one.config.epochs
    curve = [
        {"epoch": at + 1, "loss": 2 - at / epochs, "accuracy": 0.55 - 0.3 / (at + 1)}
        for at in range(epochs)
    ]
    return {
        "network": one.network, "sees": one.sees, "title": one.title,
        "claims": [vars(claim) for claim in one.claims], "status": f"trained here: {epochs} epochs",
        "learned_votes": one.network in ("pixel", "fused"),
        "start": "from scratch: no ImageNet weights" if one.backbone else "random",
        "epochs": epochs, "faces": 27944, "training_accuracy": 0.7, "best_over_last_epoch": 0.01,
        "gain_of_last_quarter": 0.005, "seeds": [0.55, 0.56, 0.545], "curve": curve,
        **figures_of(probabilities, split),
        "cost": {"parameters": int(rng.integers(2e5, 2e7)), "macs": int(10 ** rng.uniform(6, 9)),
                 "views": 1, "file_mb": 4.5},
        "timing": {"latency_ms": 1.5, "faces_per_second": 900.0, "threads": 1,
                   "training_seconds": 1200},
    }  # fmt: skip


def _corruption(rng) -> dict:
    return {
        "n": 1000,
        "clean": dict.fromkeys(PROBED, 0.6),
        "kinds": {
            kind.name: {
                "unit": kind.unit,
                "levels": list(kind.levels),
                "found": [1.0, 0.99, 0.98, 0.9, 0.8],
                "models": {
                    name: sorted(rng.uniform(0.2, 0.6, 5).tolist(), reverse=True) for name in PROBED
                },
            }
            for kind in CORRUPTIONS
        },
    }


def _bump(at: int) -> list:
    rows, columns = np.mgrid[:14, :14]
    return np.exp(-((rows - 2 - at * 2) ** 2 + (columns - 6) ** 2) / 12).tolist()
