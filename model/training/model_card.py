"""Model cards, generated from an artifact's metrics so that they cannot drift from them."""

from facelines.model.artifact import WEIGHTS, Artifact
from facelines.shape_predictor import LICENCE

_SEES = {
    "image": "a 48x48 binary drawing of 51 facial landmarks",
    "points": "the coordinates of 51 facial landmarks",
    "mesh": "the coordinates of the same 51 from a second source (MediaPipe's mesh)",
    "pixels": "the 48x48 gray crop of the face",
}
_INPUTS = {  # every other network sees the pixels alone
    "landmark_cnn": ("image",),
    "vgg16_drawing": ("image",),
    "points_mlp": ("points",),
    "landmark": ("image", "points", "mesh"),
    "fused": ("image", "points", "mesh", "pixels"),
}
_WHICH = {
    "fer2013": "Made to say FER2013's labels, one a picture, for comparison with published "
    "figures. The web app starts with `landmark-ferplus` instead: who looks at themselves cares "
    "about the label that ten people would give.",
    "ferplus": "Made to say what most of ten people would (FER+). The web app prefers such "
    "weights, since who looks at themselves cares about the label that ten people would give; "
    "`landmark-ferplus` is its default. Against FER2013's own labels, weights trained on those do "
    "better.",
}

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
    """Return the model card in Markdown."""
    metrics = artifact.metrics
    training = metrics["training"]
    released = artifact.folder.parent == WEIGHTS
    low, high = (100 * bound for bound in metrics["accuracy_interval"])
    sections = [
        f"# {artifact.name}",
        f"Guesses one of {len(artifact.labels)} expression labels "
        f"({', '.join(artifact.labels)}) from {sees(artifact.network)}. "
        "It guesses a label from the geometry or the picture of a face; it does not read feelings.",
        *([_WHICH[artifact.trained_on]] if released else []),
        "## Results",
        f"{training['validation_data']}, labels of {_whose(artifact.trained_on)}, every image "
        f"counted (n = {metrics['n']}; {_chosen(training)}, the temperature and the threshold were "
        "chosen on these same images, so expect a little less elsewhere):",
        _table(
            ("figure", "value"),
            [
                ("accuracy", f"{100 * metrics['accuracy']:.1f} % (95 %: {low:.1f} to {high:.1f})"),
                ("macro-F1", f"{metrics['macro_f1']:.3f}"),
                ("balanced accuracy", f"{100 * metrics['balanced_accuracy']:.1f} %"),
                (
                    "accuracy on the 80 % most certain",
                    f"{100 * metrics['accuracy_certain_80']:.1f} %",
                ),
                (
                    "expected calibration error",
                    f"{100 * metrics['ece']:.1f} % "
                    f"({100 * metrics['ece_uncalibrated']:.1f} % before temperature scaling)",
                ),
                ("log loss", f"{metrics['log_loss']:.3f}"),
                ("faces found, whole image used, failed", _coverage(metrics["coverage"])),
                ("parameters", f"{metrics['parameters']:,}"),
                ("views of a face averaged", artifact.views),
                *_eight_bits(metrics),
            ],
        ),
        _table(
            ("label", "precision", "recall", "F1", "images"),
            [
                (
                    name,
                    *(f"{row[key]:.2f}" for key in ("precision", "recall", "f1")),
                    row["support"],
                )
                for name, row in metrics["per_class"].items()
            ],
        ),
        *(["![learning curve](learning_curve.png)"] if training["epochs_run"] else []),
        "## Uncertain",
        f"A face whose best probability is below {artifact.uncertain_below:.2f} is called "
        '"uncertain". The threshold leaves the 80 % most certain faces of the validation split. '
        "What other thresholds would do:",
        _table(
            ("threshold", "faces answered", "accuracy on them"),
            [
                (
                    row["threshold"],
                    f"{100 * row['coverage']:.0f} %",
                    f"{100 * row['accuracy']:.1f} %",
                )
                for row in metrics["coverage_accuracy"]
            ],
        ),
        "## Training",
        _table(
            ("what", "how"),
            [
                ("command", f"`{training['command']}`"),
                ("commit", training["commit"]),
                ("data", training["data"]),
                ("left out", training["left_out"]),
                ("seed", training["config"]["seed"]),
                ("targets", _targets(training)),
                *_training_time(training),
            ],
        ),
        *([_ALL_TRAININGS] if released else []),
        "## Known failures",
        _weakest(metrics["per_class"]) + " Profiles, hands before the face, glasses' rims and "
        "heavy make-up mislead the landmarks; where no face is found the whole picture is taken "
        "for one. FER2013's faces come from web searches for emotion words: posed, mostly adult, "
        "and its labels agree with ten people's majority (FER+) on two images in three.",
        "## Not for",
        "Work, school, border or police use, hiring, grading, or any decision about a person. The "
        "EU AI Act (Article 5) bans inferring emotions at work and in education.",
        "## Licences",
        f"Weights: research use only, since FER2013 allows research use and dlib's landmark file "
        f"was {LICENCE}. FER+ votes: MIT. Code: see the repository's LICENSE.",
    ]
    return "\n\n".join(sections) + "\n"


def _targets(training: dict) -> str:
    config = training["config"]
    told = [f"the labels of {_whose(training['labels_of'])}"]
    if share := config["ferplus"]:
        told.append(f"{100 * share:.0f} % of them replaced by the shares of FER+'s votes")
    if share := config.get("teacher"):
        told.append(f"{100 * share:.0f} % of them by the answers of the command's `--teacher`")
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
    yield "epochs", training["epochs_run"] or "none"
    if training["epochs_run"]:
        yield "time", f"{training['seconds'] / 60:.0f} min on {training['machine']}"


def _eight_bits(metrics: dict):
    if (same := metrics.get("same_in_floats")) is not None:
        yield (
            "convolutions of pixels, but the first",
            f"in eight bits: for {100 * same:.1f} % of these images the label is that of float32",
        )


def _whose(trained_on: str) -> str:
    return "the FER+ majority" if trained_on == "ferplus" else "FER2013"


def _coverage(coverage: dict) -> str:
    return f"{coverage['found']}, {coverage['fallback']}, {coverage['failed']}"


def _weakest(per_class: dict) -> str:
    name, row = min(per_class.items(), key=lambda item: item[1]["recall"])
    return f"Weakest on {name}: it finds {100 * row['recall']:.0f} % of those faces."


def _table(header: tuple, rows: list[tuple]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])
