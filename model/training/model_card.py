"""Model cards, generated from an artifact's metrics so that they cannot drift from them."""

from pathlib import Path
from string import Template

from facelines.model.artifact import WEIGHTS, Artifact
from facelines.model.format import markdown_table
from facelines.shape_predictor import LICENCE

_TEMPLATE = Path(__file__).with_suffix(".md")
_CURVE = "![learning curve](learning_curve.png)"
_SEES = {
    "image": "a 48x48 binary drawing of 51 facial landmarks",
    "points": "the coordinates of 51 facial landmarks",
    "vertices": "the coordinates of 151 vertices of a second source (MediaPipe's Face Mesh V2)",
    "pixels": "the 48x48 gray crop of the face",
}
_INPUTS = {  # every other network sees the pixels alone
    "landmark_cnn": ("image",),
    "vgg16_drawing": ("image",),
    "points_mlp": ("points",),
    "landmark_points": ("points", "vertices"),
    "landmark_wide": ("points", "vertices"),
    "landmark": ("points", "vertices"),
    "landmark_mesh_look": ("vertices",),
    "landmark_mesh": ("vertices",),
    "fused": ("pixels", "points", "vertices"),
}
_WHICH = {
    "fer2013": "Made to say FER2013's labels, one a picture, for comparison with published "
    "figures. The web app starts with `landmark-ferplus` instead, whose labels are those that most "
    "of ten people would give.",
    "ferplus": "Made to say what most of ten people would (FER+). The web app prefers such "
    "weights: people trying their own face care about what others would see in it. Against "
    "FER2013's own labels, weights trained on those do better.",
}

_FACES = (
    "FER2013's faces come from web searches for emotion words: posed, mostly adult, and its labels "
    "agree with ten people's majority (FER+) on two images in three."
)
_LICENCE = (
    "license_name: research-only\nlicense_link: https://www.kaggle.com/c/"
    "challenges-in-representation-learning-facial-expression-recognition-challenge"
)
_OWN_FACES = (
    "It learned from one set of pictures; faces, cameras and light that are not in it were never "
    "tested."
)
_TEACHERS = "the command's `--teacher`"  # where metrics.json does not name them
_ALL_TRAININGS = (
    "The data and all trainings in their order: [docs/training.md](../../../docs/training.md)."
)


def inputs_of(network: str) -> tuple[str, ...]:
    """Return the names of a network's inputs, some of `model.inputs.NAMES`."""
    return _INPUTS.get(network, ("pixels",))


def sees(network: str) -> str:
    """Return what a network's inputs are, as a phrase."""
    *others, last = (_SEES[name] for name in inputs_of(network))
    return f"{', '.join(others)} and {last}" if others else last


def text(artifact: Artifact) -> str:
    """Return the model card in Markdown, with the metadata that Hugging Face reads on top."""
    metrics, training = artifact.metrics, artifact.metrics["training"]
    released = artifact.folder.parent == WEIGHTS
    return Template(_TEMPLATE.read_text()).substitute(
        name=artifact.name,
        label_count=len(artifact.labels),
        labels=", ".join(artifact.labels),
        sees=sees(artifact.network),
        purpose=_paragraph(_WHICH[artifact.trained_on] if released else ""),
        dataset=training["validation_data"],
        dataset_type=artifact.trained_on,
        whose=_whose(artifact.trained_on),
        n=metrics["n"],
        chosen=_chosen(training),
        accuracy_value=round(metrics["accuracy"], 4),
        macro_f1_value=round(metrics["macro_f1"], 4),
        figures=markdown_table(("figure", "value"), _figures(artifact)),
        per_class=markdown_table(_PER_CLASS, _per_class(metrics["per_class"])),
        learning_curve=_paragraph(_CURVE if training["epochs_run"] else ""),
        uncertain_below=f"{artifact.uncertain_below:.2f}",
        thresholds=markdown_table(_THRESHOLDS, _thresholds(metrics["coverage_accuracy"])),
        training=markdown_table(("what", "how"), _training(training)),
        all_trainings=_paragraph(_ALL_TRAININGS if released else ""),
        weakest=_weakest(metrics["per_class"]),
        faces=_FACES if artifact.trained_on in _WHICH else _OWN_FACES,
        terms=_terms(artifact),
        licence=_LICENCE if artifact.trained_on in _WHICH else "license_name: as-the-pictures",
        tag=", fer2013" if artifact.trained_on in _WHICH else "",
    )


def _paragraph(words: str) -> str:
    return f"{words}\n\n" if words else ""


def _figures(artifact: Artifact):
    metrics = artifact.metrics
    low, high = (100 * bound for bound in metrics["accuracy_interval"])
    certain, balanced = metrics["accuracy_certain_80"], metrics["balanced_accuracy"]
    error, before = metrics["ece"], metrics["ece_uncalibrated"]
    yield "accuracy", f"{100 * metrics['accuracy']:.1f} % (95 %: {low:.1f} to {high:.1f})"
    yield "macro-F1", f"{metrics['macro_f1']:.3f}"
    yield "balanced accuracy", f"{100 * balanced:.1f} %"
    yield "accuracy on the 80 % most certain", f"{100 * certain:.1f} %"
    yield (
        "expected calibration error",
        f"{100 * error:.1f} % ({100 * before:.1f} % before temperature scaling)",
    )
    yield "log loss", f"{metrics['log_loss']:.3f}"
    yield from _label_weights(artifact)
    yield "faces found, whole image used, failed", _coverage(metrics["coverage"])
    yield "parameters", f"{metrics['parameters']:,}"
    yield "views of a face averaged", str(artifact.views)
    yield from _eight_bits(metrics)


_PER_CLASS = ("label", "precision", "recall", "F1", "images")


def _per_class(per_class: dict):
    for name, row in per_class.items():
        shares = (f"{row[key]:.2f}" for key in ("precision", "recall", "f1"))
        yield name, *shares, str(row["support"])


_THRESHOLDS = ("threshold", "faces answered", "accuracy on them")


def _thresholds(rows: list[dict]):
    for row in rows:
        shares = (f"{100 * row[key]:.0f} %" for key in ("coverage", "accuracy"))
        yield f"{row['threshold']:.2f}", *shares


def _training(training: dict):
    yield "command", f"`{training['command']}`"
    yield "commit", training["commit"]
    yield "data", training["data"]
    yield "left out", training["left_out"]
    yield "seed", str(training["config"]["seed"])
    yield "targets", _targets(training)
    yield from _training_time(training)


def _targets(training: dict) -> str:
    config = training["config"]
    told = [f"the labels of {_whose(training['labels_of'])}"]
    if share := config["ferplus"]:
        told.append(f"{100 * share:.0f} % of them replaced by the shares of FER+'s votes")
    if share := config.get("teacher"):
        names = " and ".join(f"`{name}`" for name in training.get("teachers", []))
        told.append(f"{100 * share:.0f} % of them by the answers of {names or _TEACHERS}")
    if config.get("votes_head"):
        told.append("FER+'s votes as a second task, dropped at the end")
    return "; ".join(told) if training["epochs_run"] else "those of the networks that it is made of"


def _chosen(training: dict) -> str:
    return "the epoch" if training["epochs_run"] else "how networks are joined and rounded"


def _training_time(training: dict):
    if joined := training["config"].get("join"):
        parts = (f"`{path}` weighing {share}" for path, share in joined.items())
        yield "late fusion, as one network, of", ", ".join(parts)
    if start := training["config"].get("start"):
        yield "started from", f"`{start}` (its training is not counted here)"
    yield "epochs", str(training["epochs_run"] or "none")
    if training["epochs_run"]:
        yield "time", f"{training['seconds'] / 60:.0f} min on {training['machine']}"


def _label_weights(artifact: Artifact):
    if artifact.label_weights:
        power = artifact.metrics["training"]["config"]["prior_power"]
        before = artifact.metrics["before_label_weights"]
        yield (
            f"before the division by the labels' shares of the training faces to the power {power}",
            f"accuracy {100 * before['accuracy']:.1f} %, macro-F1 {before['macro_f1']:.3f}",
        )


def _eight_bits(metrics: dict):
    if (same := metrics.get("same_in_floats")) is not None:
        yield (
            "convolutions of pixels, but the first",
            f"in eight bits: for {100 * same:.1f} % of these images the label is that of float32",
        )


def _whose(trained_on: str) -> str:
    return {"ferplus": "the FER+ majority", "fer2013": "FER2013"}.get(trained_on, "the data itself")


def _terms(artifact: Artifact) -> str:
    if artifact.trained_on in _WHICH:
        return (
            "Weights: research use only, since FER2013 allows research use and dlib's landmark "
            f"file was {LICENCE}. FER+ votes: MIT."
        )
    start = artifact.metrics["training"]["config"].get("start")
    begun = f", the terms of `{start}`, which they began as, too" if start else ""
    return (
        f"Weights: the terms of the pictures that they learned from hold for them{begun}; dlib's "
        f"landmark file was {LICENCE}."
    )


def _coverage(coverage: dict) -> str:
    return f"{coverage['found']}, {coverage['fallback']}, {coverage['failed']}"


def _weakest(per_class: dict) -> str:
    name, row = min(per_class.items(), key=lambda item: item[1]["recall"])
    return f"Weakest on {name}: it finds {100 * row['recall']:.0f} % of those faces."
