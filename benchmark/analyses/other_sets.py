"""The benchmark on other data sets: trained here and tested there, by subject, and identity.

Each section is plain values for results.json, or {"needs": why} where its data is missing.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from facelines.benchmark import contenders, schema, training_cache
from facelines.benchmark.analyses import probes
from facelines.benchmark.evaluation import Evaluation
from facelines.benchmark.schema import NOT_QUICK, Options
from facelines.model import sources
from facelines.model.metrics import bootstrap_interval, evaluate
from facelines.model.sources import Arrays, SourceError
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.network_file import read_network
from facelines.model.training.recipe import read_recipe
from facelines.model.training.split import Split
from facelines.model.training.train import cross_validate
from facelines.preprocessing.labels import label_indices
from facelines.preprocessing.prepared import is_prepared

# Epochs of the networks that are cross-validated by subject. The first one's loss hardly falls in
# the first eight.
_FOLDED = {"two_sets_cnn": 45, "landmark_cnn": 15}
_FOLD_FIGURES = (
    "n",
    "accuracy",
    "accuracy_interval",
    "balanced_accuracy",
    "macro_f1",
    "folds",
    "training_accuracy",
    "loss",
)
_NO_OTHER = {"needs": "another data set (--also PATH, such as a prepared CK+48)"}
_NO_PEOPLE = {"needs": "a prepared set that names its people (--also PREPARED, such as CK+48)"}


def name_of(path: str) -> str:
    """Return what a source is called in the report."""
    return sources.name_of(path) if is_prepared(path) else Path(path).resolve().name


def load(options: Options, split: Split) -> dict[str, Arrays]:
    """Return the rows of every source of `--also`, made with the same recipe, by its name.

    Raises:
        SourceError, DatasetError: one cannot be read, was prepared with another recipe, or has
            no face of the label set.
    """
    return {name_of(path): _other_rows(path, split, options) for path in options.also}


def _other_rows(path: str, split: Split, options: Options) -> Arrays:
    if is_prepared(path):
        rows, pipeline = sources.load_arrays(path)
        sources.check_same_recipe(pipeline, split.pipeline, path)
    else:
        rows, *_ = sources.read_faces(path, split.pipeline, workers=options.workers)
    if not np.isin(rows["label"], split.labels).any():
        raise SourceError(f"{path}: no face is labelled one of {', '.join(split.labels)}.")
    return rows


def cross(
    evaluations: dict[str, Evaluation], others: dict[str, Arrays], split: Split, options: Options
) -> dict:
    """Trained here and tested there, and the reverse, on the labels that both sets have."""
    if not others:
        return _NO_OTHER
    return {
        name: {
            "source_to_target": _source_to_target(evaluations, rows, split),
            "target_to_source": _target_to_source(evaluations, rows, split, options),
        }
        for name, rows in others.items()
    }


def _source_to_target(evaluations: dict[str, Evaluation], rows: Arrays, split: Split) -> dict:
    rows = sources.in_label_set(rows, split.labels)
    found = {}
    for name, evaluation in evaluations.items():
        figures = evaluate(rows["label"], evaluation.answer(rows), split.labels)
        found[name] = {
            key: figures[key]
            for key in ("accuracy", "accuracy_interval", "macro_f1", "balanced_accuracy")
        }
    return {"n": len(rows["label"]), "labels": sorted(set(rows["label"])), "models": found}


def _target_to_source(
    evaluations: dict[str, Evaluation], rows: Arrays, split: Split, options: Options
) -> dict:
    if options.quick:
        return NOT_QUICK
    labels = split.labels
    rows = sources.in_label_set(rows, labels)
    held = rows["split"] == sorted(set(rows["split"]))[0]
    if held.all():  # without folds: every tenth face
        held = np.arange(len(held)) % 10 == 0
    reverse = Split(sources.select(rows, ~held), sources.select(rows, held), labels, split.pipeline)
    tested = sources.in_label_set(split.test, tuple(sorted(set(reverse.train["label"]))))
    truth = label_indices(tested["label"], labels)
    found = {}
    for network in (name for name in schema.PROBED if name in evaluations):
        config = _small_set_config(network, options, len(labels))
        trained = training_cache.train_or_load(config, reverse, options.cache)
        model = read_network(trained.folder / "model.keras")
        said = predict(model, sources.network_features(tested, model)).argmax(axis=1)
        right = said == truth
        found[network] = {
            "accuracy": float(right.mean()),
            "accuracy_interval": bootstrap_interval(right),
        }
    return {
        "n": len(truth),
        "trained_on": len(reverse.train["label"]),
        "labels": sorted(set(tested["label"])),
        "models": found,
    }


def _small_set_config(network: str, options: Options, classes: int, epochs: int = 0) -> Config:
    config = read_recipe(contenders.CONFIGS / "ckplus.py").config
    epochs = options.epochs or epochs or config.epochs
    return replace(config, network=network, classes=classes, epochs=epochs)


def folds(options: Options, split: Split) -> dict:
    """Cross-validation by subject on every prepared set with people and folds, 7 classes."""
    if options.quick:
        return NOT_QUICK
    networks = [name for name in _FOLDED if not options.only or name in options.only]
    if not networks:
        return {"needs": f"{' or '.join(_FOLDED)} among --only"}
    found = {}
    for path in filter(is_prepared, options.also):
        rows, _ = sources.load_arrays(path)
        if np.char.startswith(rows["split"], "fold").all():
            found[name_of(path)] = {
                network: _cross_validated(network, path, rows, split, options)
                for network in networks
            }
    return found or _NO_PEOPLE


def _cross_validated(network: str, path: str, rows: Arrays, split: Split, options: Options) -> dict:
    config = _small_set_config(network, options, classes=7, epochs=_FOLDED[network])
    everything = Split(rows, sources.select(rows, np.arange(0)), split.labels, split.pipeline)
    key = training_cache.key_of(config, everything)

    def compute():
        folder = options.cache / f"{network}-folds-{key}"
        figures = cross_validate(config, path, folder, resume=True)
        shutil.rmtree(folder)  # a checkpoint a fold, each four times the network
        return {name: figures[name] for name in _FOLD_FIGURES} | {"epochs": config.epochs}

    return training_cache.cached(options.cache, f"{network}-folds", [key], compute)


def identity(others: dict[str, Arrays]) -> dict:
    """How often the nearest face is the same person's, from each kind of input."""
    found = {}
    for name, rows in others.items():
        if "subject" not in rows or not (rows["subject"] != "").all():
            continue
        vectors = {"drawing": rows["image"], "points": rows["points"], "pixels": rows["pixels"]}
        found[name] = {
            kind: probes.same_person_retrieval(_flat(values), rows["subject"], rows["source"])
            for kind, values in vectors.items()
        }
    return found or _NO_PEOPLE


def _flat(values: np.ndarray) -> np.ndarray:
    """Return float64 (n, d), each row with mean 0 and deviation 1: light and contrast are off."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / (rows.std(axis=1, keepdims=True) + 1e-12)
