"""A trained network -> an artifact's folder: Keras and ONNX files, settings, metrics, card."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from facelines.model import artifact as artifacts
from facelines.model import sources
from facelines.model.artifact import Artifact
from facelines.model.evaluate import probabilities_of
from facelines.model.metrics import (
    evaluate,
    fit_temperature,
    uncertainty_threshold,
    wilson_interval,
)
from facelines.model.recognizer import Recognizer, calibrate
from facelines.model.sources import Arrays
from facelines.model.training import model_card
from facelines.model.training.browser import to_tflite
from facelines.model.training.checkpoint import predict_rows
from facelines.model.training.quantization import quantise_pixels, store_halves
from facelines.model.training.recipe import Recipe
from facelines.model.training.split import Split
from facelines.preprocessing.labels import label_indices

SAME_LABELS = 0.97  # of the labels at least; the released networks keep 98.7 to 99.7 %


def release(
    model: keras.Model,
    folder: Path,
    split: Split,
    recipe: Recipe,
    *,
    history: list[dict],
    facts: dict,
) -> Artifact:
    """Export a network and write everything that travels with it.

    The temperature and the "uncertain" threshold are fitted on the split's test rows, with the
    exported network in ONNX Runtime, which is what will serve.

    Args:
        split: from its training rows `config.eight_bits` takes activations' ranges and
            `config.prior_power` the labels' shares.
        recipe: as the network was trained, with what the data changed of its config.
        facts: what the card says of the training: command, commit, data, labels_of,
            seconds, machine.

    Raises:
        RuntimeError: Keras and ONNX Runtime disagree on a validation row's best label, or eight
            bits change too many of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    export(model, folder)
    artifact = Artifact(
        folder, split.labels, split.pipeline, recipe.config.network, trained_on=facts["labels_of"]
    )
    check_agreement(model, Recognizer(artifact), split.test)
    artifact = replace(artifact, views=recipe.views)
    raw, rounding = _rounded(artifact, split, recipe.config.eight_bits)
    artifact, figures = _calibrated(artifact, raw, split, recipe.config.prior_power)
    metrics = {
        **figures,
        **rounding,
        "before_label_weights": _before_label_weights(raw, split),
        "coverage": sources.coverage_of(split.test),
        "parameters": model.count_params(),
        "training": {**facts, "config": asdict(recipe.config), "epochs_run": len(history)},
        "released": date.today().isoformat(),
    }
    artifact = replace(artifact, metrics=metrics)
    if split.pipeline.landmarker == "mesh":  # then the page without a server can run it
        (folder / "model.tflite").write_bytes(to_tflite(artifact))
    artifacts.save_settings(artifact)
    if history:
        plot_history(history, folder / "learning_curve.png", len(split.test["label"]))
    (folder / "README.md").write_text(model_card.text(artifact))
    return artifact


def _rounded(artifact: Artifact, split: Split, eight_bits: bool) -> tuple[np.ndarray, dict]:
    """Store weights in fewer bits; return the answers on the test rows, and what that changed."""
    store_halves(artifact.onnx_path)
    raw = probabilities_of(Recognizer(artifact), split.test)
    if not eight_bits:
        return raw, {}
    quantise_pixels(artifact.onnx_path, split.train)
    store_halves(artifact.onnx_path)  # the quantiser writes floats again
    in_floats, raw = raw, probabilities_of(Recognizer(artifact), split.test)
    return raw, {"same_in_floats": share_of_same_labels(in_floats, raw)}


def _calibrated(
    artifact: Artifact, raw: np.ndarray, split: Split, prior_power: float
) -> tuple[Artifact, dict]:
    """Fit what turns raw probabilities (n, labels) into answers; return their figures as well."""
    truth, labels = split.test["label"], split.labels
    if prior_power:
        weights = label_weights(split.train["label"], labels, prior_power)
        artifact = replace(artifact, label_weights=weights)
        raw = calibrate(raw * np.array(weights, np.float32), 1.0)
    temperature = fit_temperature(label_indices(truth, labels), raw)
    calibrated = calibrate(raw, temperature)
    threshold = round(uncertainty_threshold(calibrated.max(axis=1)), 4)
    figures = {
        **evaluate(truth, calibrated, labels),
        "ece_uncalibrated": evaluate(truth, raw, labels)["ece"],
    }
    return replace(artifact, temperature=temperature, uncertain_below=threshold), figures


def _before_label_weights(raw: np.ndarray, split: Split) -> dict[str, float]:
    plain = evaluate(split.test["label"], raw, split.labels)
    return {name: plain[name] for name in ("accuracy", "macro_f1")}


def label_weights(training: np.ndarray, labels: tuple[str, ...], power: float) -> tuple[float, ...]:
    """Return the inverse of each label's share of the training labels (n,), to a power."""
    shares = np.array([np.mean(training == label) for label in labels])
    weights = shares**-power
    return tuple(np.round(weights / weights.mean(), 4).tolist())


def export(model: keras.Model, folder: Path) -> None:
    """Write model.keras and model.onnx."""
    names = {tensor.name: tensor.shape[1:] for tensor in model.inputs}
    model({name: np.zeros((1, *shape), np.float32) for name, shape in names.items()})
    model.save(folder / "model.keras")
    model.export(folder / "model.onnx", format="onnx", verbose=False)


def check_agreement(model: keras.Model, recognizer: Recognizer, rows: Arrays) -> float:
    """Compare Keras and ONNX Runtime on every row and return the largest difference.

    Raises:
        RuntimeError: they name another best label for some row.
    """
    by_keras = predict_rows(model, rows)
    by_onnx = probabilities_of(recognizer, rows)
    if different := int(np.sum(by_keras.argmax(axis=1) != by_onnx.argmax(axis=1))):
        raise RuntimeError(
            f"Keras and ONNX Runtime disagree on {different} of {len(by_keras)} faces; "
            "expected none. Export with another version of tf2onnx."
        )
    return float(np.abs(by_keras - by_onnx).max())


def share_of_same_labels(in_floats: np.ndarray, rounded: np.ndarray) -> float:
    """Return on how many of the rows, (n, labels) each, rounding left the best label as it was.

    Raises:
        RuntimeError: on fewer than SAME_LABELS.
    """
    same = float(np.mean(in_floats.argmax(axis=1) == rounded.argmax(axis=1)))
    if same < SAME_LABELS:
        raise RuntimeError(
            f"In eight bits {same:.1%} of the labels stay the same; expected {SAME_LABELS:.0%} or "
            "more. Release it with eight_bits=False."
        )
    return same


def plot_history(history: list[dict], path: Path, faces: int) -> None:
    """Draw loss and validation accuracy by epoch, with the 95 % band of `faces` faces."""
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot([row["epoch"] for row in history], [row["loss"] for row in history], color="0.45")
    left.set(xlabel="epoch", ylabel="training loss (grey)")
    right = left.twinx()
    scored = [row for row in history if "accuracy" in row]
    accuracy = [100 * row["accuracy"] for row in scored]
    epochs = [row["epoch"] for row in scored]
    right.plot(epochs, accuracy, "o-", color="#0072b2", markersize=3)
    low, high = zip(*(wilson_interval(row["accuracy"], faces) for row in scored), strict=True)
    band = ([100 * bound for bound in bounds] for bounds in (low, high))
    right.fill_between(epochs, *band, color="#0072b2", alpha=0.15, linewidth=0)
    right.set_ylabel("validation accuracy, % (blue; band: 95 %)")
    best = int(np.argmax(accuracy))
    right.annotate(
        f"{accuracy[best]:.1f} %",
        (scored[best]["epoch"], accuracy[best]),
        textcoords="offset points",
        xytext=(0, 6),
        ha="center",
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def rewrite_card(name_or_folder: str | Path) -> Path:
    """Write an artifact's card anew from its metrics and return its path."""
    artifact = artifacts.load(name_or_folder)
    path = artifact.folder / "README.md"
    path.write_text(model_card.text(artifact))
    return path
