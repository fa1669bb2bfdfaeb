"""From prepared data to an artifact: what `run.py train` does."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facelines.model import provenance, sources
from facelines.model.evaluate import wanted_labels
from facelines.model.metrics import evaluate
from facelines.model.recognizer import Recognizer
from facelines.model.sources import Arrays, SourceError
from facelines.model.training import own_set
from facelines.model.training.batches import Teacher
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.export import release
from facelines.model.training.fit import fit


def train(
    config: Config,
    data: str | Path,
    folder: Path,
    *,
    labels_of: str = "",
    classes: int | None = None,
    landmarker: str = "mean",
    teachers: Sequence[str | Path] = (),
    views: int = 1,
    stream: bool = False,
    resume: bool = False,
    command: str = "",
) -> dict:
    """Train on a prepared set's training split, select on its validation split, export.

    Args:
        data: a prepared folder or "embedded".
        folder: the artifact's; the run's checkpoints and logs go to its subfolder `run`.
        labels_of: "ferplus" to learn and be selected on the FER+ majority, else the data's own.
        classes: as asked for (see `own_set.labels_to_learn`).
        landmarker: "mesh" to learn from the mesh's points and drawings alone.
        teachers: names or folders of artifacts, the mean of whose answers about every changed
            face joins the targets (`config.teacher`).
        stream: keep the faces in files of the run's folder and read them a batch at a time.

    Returns:
        the artifact's metrics.
    """
    labels = own_set.labels_to_learn(data, classes, config.classes)
    labels_of = labels_of or own_set.whose_labels(data)
    trained_by = provenance.commit()  # the code may change while a long training runs
    arrays, pipeline = sources.load_arrays(
        data, framed=True, on_disk_in=folder / "run" / "faces" if stream else None
    )
    if landmarker == "mesh" != pipeline.landmarker:
        arrays, pipeline = sources.seen_by_mesh(arrays, pipeline)
    arrays = own_set.with_splits(arrays, config.seed, folder / "run" / "split.csv")
    training = _rows(sources.training_rows(arrays), labels, labels_of)
    validation = _rows(sources.validation_rows(arrays), labels, labels_of)
    config = own_set.without_votes(replace(config, classes=len(labels)), labels)
    config = own_set.with_batches_that_fill(config, len(training["label"]))
    model, history = fit(
        training, validation, labels, config, pipeline, folder / "run",
        teacher=_teacher(teachers, labels) if teachers else None, resume=resume,
    )  # fmt: skip
    excluded = int(np.sum(np.isin(arrays["split"], sources.TRAINING) & arrays["excluded"]))
    facts = {
        "command": command,
        "commit": trained_by,
        "data": f"{sources.name_of(data)}: {len(training['label'])} training faces",
        "validation_data": f"{validation['split'][0]} of {sources.name_of(data)}",
        "left_out": f"{excluded} training faces whose picture also stands in an evaluation split",
        "labels_of": labels_of,
        "seconds": round(sum(row["seconds"] for row in history)),
        "machine": provenance.machine(),
    }
    artifact = release(
        model, folder, validation, labels, pipeline, config,
        history=history, facts=facts, views=views, calibration=training,
    )  # fmt: skip
    return artifact.metrics


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
        model, history = fit(rest, tested, labels, config, pipeline, folder / fold, resume=resume)
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


def _teacher(names: Sequence[str | Path], labels: tuple[str, ...]) -> Teacher:
    recognizers = [Recognizer.load(name, threads=os.cpu_count() or 1) for name in names]
    for recognizer in recognizers:
        if recognizer.labels != labels:
            raise SourceError(
                f"The teacher {recognizer.name} knows {recognizer.labels}; the student is to learn "
                f"{labels}."
            )
    return lambda batch: np.mean([one.probabilities(batch) for one in recognizers], axis=0)
