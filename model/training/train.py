"""From prepared data to an artifact: what `facelines train` does."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facelines.model import on_disk, provenance, sources
from facelines.model.evaluate import probabilities_of, wanted_labels
from facelines.model.metrics import evaluate
from facelines.model.recognizer import Recognizer
from facelines.model.sources import Arrays, SourceError
from facelines.model.training import own_set
from facelines.model.training.batches import Teacher
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.export import release
from facelines.model.training.fit import fit
from facelines.model.training.recipe import Recipe
from facelines.model.training.split import Split


def train(
    recipe: Recipe,
    folder: Path,
    *,
    classes: int | None = None,
    stream: bool = False,
    resume: bool = False,
    command: str = "",
) -> dict:
    """Train on a prepared set's training split, select on its validation split, export.

    Args:
        folder: the artifact's; the run's checkpoints and logs go to its subfolder `run`.
        classes: as asked for (see `own_set.labels_to_learn`).
        stream: keep the faces in files of the run's folder and read them a batch at a time.

    Returns:
        the artifact's metrics.
    """
    config, data = recipe.config, recipe.data
    labels = own_set.labels_to_learn(data, classes, config.classes)
    labels_of = recipe.labels or own_set.whose_labels(data)
    trained_by = provenance.commit()  # the code may change while a long training runs
    arrays, pipeline = sources.load_arrays(
        data, framed=True, on_disk_in=folder / "run" / "faces" if stream else None
    )
    arrays = own_set.with_splits(arrays, config.seed, folder / "run" / "split.csv")
    # The split is known now, and a large set's names take memory.
    arrays = {name: rows for name, rows in arrays.items() if name not in on_disk.TEXTS}
    training = _rows(sources.training_rows(arrays), labels, labels_of)
    validation = _rows(sources.validation_rows(arrays), labels, labels_of)
    if recipe.ask_once:
        training["answers"] = answers_of(recipe.teachers, labels, training)
    if recipe.landmarker == "mesh" != pipeline.landmarker:
        training, _ = sources.seen_by_mesh(training, pipeline)
        validation, pipeline = sources.seen_by_mesh(validation, pipeline)
    excluded = int(np.sum(np.isin(arrays["split"], sources.TRAINING) & arrays["excluded"]))
    del arrays
    split = Split(training, validation, labels, pipeline)
    config = own_set.without_votes(replace(config, classes=len(labels)), labels)
    config = own_set.with_batches_that_fill(config, len(split.train["label"]))
    asked_often = recipe.teachers and not recipe.ask_once
    teacher = teacher_of(recipe.teachers, labels) if asked_often else None
    model, history = fit(split, config, folder / "run", teacher=teacher, resume=resume)
    facts = {
        "command": command,
        "commit": trained_by,
        "data": f"{sources.name_of(data)}: {len(split.train['label'])} training faces",
        "validation_data": f"{split.test['split'][0]} of {sources.name_of(data)}",
        "left_out": f"{excluded} training faces whose picture also stands in an evaluation split",
        "labels_of": labels_of,
        "seconds": round(sum(row["seconds"] for row in history)),
        "machine": provenance.machine(),
    }
    if recipe.teachers:
        facts["teachers"] = [str(name) for name in recipe.teachers]
    done = replace(recipe, config=config)
    return release(model, folder, split, done, history=history, facts=facts).metrics


def cross_validate(
    config: Config,
    data: str | Path,
    folder: Path,
    *,
    classes: int | None = None,
    resume: bool = False,
) -> dict:
    """Train once for each split (fold) of a prepared set and test on it.

    For data sets without an official split, such as CK+, whose folds hold whole subjects. No epoch
    is chosen on the held-out fold: the last one's weights count.

    Returns:
        evaluate's figures on all folds' predictions together, `folds` with each fold's n and
        accuracy, `training_accuracy` on the faces learned from, and `loss` by epoch, both means
        over the folds.
    """
    labels = own_set.labels_to_learn(data, classes, config.classes)
    arrays, pipeline = sources.load_arrays(data)
    arrays = sources.in_label_set(arrays, labels)
    # The last epoch alone is validated, so none can stop a training early.
    config = replace(config, classes=len(labels), validation_every=config.epochs, patience=0)
    config = own_set.without_votes(config, labels)
    probabilities = np.zeros((len(arrays["label"]), len(labels)), np.float32)
    folds, learned, losses = {}, [], []
    for fold in sorted(set(arrays["split"])):
        held_out = arrays["split"] == fold
        rest, tested = sources.select(arrays, ~held_out), sources.select(arrays, held_out)
        split = Split(rest, tested, labels, pipeline)
        model, history = fit(split, config, folder / fold, resume=resume)
        probabilities[held_out] = predict(model, sources.network_features(tested, model))
        right = labels_at(probabilities[held_out], labels) == tested["label"]
        folds[str(fold)] = {"n": len(right), "accuracy": float(right.mean())}
        seen = predict(model, sources.network_features(rest, model))
        learned.append(np.mean(labels_at(seen, labels) == rest["label"]))
        losses.append([row["loss"] for row in history])
    return {
        **evaluate(arrays["label"], probabilities, labels),
        "folds": folds,
        "training_accuracy": float(np.mean(learned)),
        "loss": np.mean(losses, axis=0).tolist(),
    }


def labels_at(probabilities: np.ndarray, labels: tuple[str, ...]) -> np.ndarray:
    """Return the most probable labels, str (n,)."""
    return np.array(labels)[probabilities.argmax(axis=1)]


def _rows(arrays: Arrays, labels: tuple[str, ...], labels_of: str) -> Arrays:
    if not len(arrays["label"]):
        raise SourceError(
            f"The data has no training or no validation faces of the labels {', '.join(labels)}; "
            "use --cross-validate for data with folds."
        )
    return wanted_labels(arrays, labels, labels_of)


def teacher_of(names: Sequence[str | Path], labels: tuple[str, ...]) -> Teacher:
    """Return what answers with the mean of several artifacts' probabilities.

    Raises:
        ArtifactError: there is none of such a name or folder.
        SourceError: one has other labels.
    """
    recognizers = _teachers(names, labels)
    return lambda batch: np.mean([one.probabilities(batch) for one in recognizers], axis=0)


def answers_of(
    names: Sequence[str | Path], labels: tuple[str, ...], training: Arrays
) -> np.ndarray:
    """Return what artifacts say on average about faces as they are, float32 (n, labels).

    Raises:
        ArtifactError, SourceError: as `teacher_of`.
    """
    answers = [probabilities_of(one, training) for one in _teachers(names, labels)]
    return np.mean(answers, axis=0, dtype=np.float32)


def _teachers(names: Sequence[str | Path], labels: tuple[str, ...]) -> list[Recognizer]:
    recognizers = [Recognizer.load(name, threads=os.cpu_count() or 1) for name in names]
    for recognizer in recognizers:
        if recognizer.labels != labels:
            raise SourceError(
                f"The teacher {recognizer.name} knows {recognizer.labels}; the student is to learn "
                f"{labels}."
            )
    return recognizers
