"""Save and load an artifact: network + pipeline + labels, checked against this machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from facelines import shape_predictor
from facelines.model.reference import (
    Reference,
    ReferenceError,
    training_from_json,
    training_to_json,
)
from facelines.preprocessing.pipeline import Pipeline

WEIGHTS = Path(__file__).parent / "weights"
FORMAT = 1
_SETTINGS = "pipeline.json"
_REFERENCES = "references.json"


class ArtifactError(ValueError):
    """An artifact that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Artifact:
    """What travels with a trained network.

    folder: holds model.onnx, model.keras, pipeline.json, metrics.json and README.md, and
        references.json where the network reads points.
    labels: the network's outputs, in their order.
    pipeline: the recipe that made its training data.
    network: its name in `model.networks`.
    label_weights: what each label's probability is multiplied by before the temperature, so that
        rare labels are named oftener; none where empty.
    temperature: of temperature scaling, fitted on the validation split.
    uncertain_below: best probabilities under it mean "uncertain".
    views: how many views of each face are averaged (see `inputs.views`); 1 is the face alone.
    trained_on: "fer2013", "ferplus" ...: whose labels it learned.
    metrics: the content of metrics.json.
    references: the training set's mean face of each label, which a `Reference` is held against;
        empty for a network of pixels alone, and for one trained before there were references.
    """

    folder: Path
    labels: tuple[str, ...]
    pipeline: Pipeline
    network: str
    label_weights: tuple[float, ...] = ()
    temperature: float = 1.0
    uncertain_below: float = 0.0
    views: int = 1
    trained_on: str = "fer2013"
    metrics: dict = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def onnx_path(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def keras_path(self) -> Path:
        return self.folder / "model.keras"


def released() -> list[str]:
    """Return the names of the artifacts that come with the repository, sorted."""
    return sorted(path.parent.name for path in WEIGHTS.glob(f"*/{_SETTINGS}"))


def resolve(name_or_folder: str | Path) -> Path:
    """Return the folder of a released name or of a path.

    Raises:
        ArtifactError: neither; the message lists the released names.
    """
    for folder in (Path(name_or_folder), WEIGHTS / str(name_or_folder)):
        if (folder / _SETTINGS).is_file():
            return folder.resolve()
    raise ArtifactError(
        f"No artifact {str(name_or_folder)!r}; expected a folder with {_SETTINGS} or one of the "
        f"released names: {', '.join(released()) or 'none yet'}."
    )


def save_settings(artifact: Artifact) -> None:
    """Write pipeline.json, metrics.json and references.json into the artifact's folder.

    Raises:
        FileNotFoundError: there is no landmark file, whose hash is among the settings.
    """
    artifact.folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "format": FORMAT,
        "network": artifact.network,
        "labels": list(artifact.labels),
        "trained_on": artifact.trained_on,
        "label_weights": list(artifact.label_weights),
        "temperature": artifact.temperature,
        "uncertain_below": artifact.uncertain_below,
        "views": artifact.views,
        "pipeline": asdict(artifact.pipeline),
        "fingerprint": artifact.pipeline.fingerprint(),
        "shape_predictor_sha256": shape_predictor.sha256(shape_predictor.find()),
    }
    (artifact.folder / _SETTINGS).write_text(json.dumps(settings, indent=2) + "\n")
    metrics = json.dumps(artifact.metrics, indent=2) + "\n"
    (artifact.folder / "metrics.json").write_text(metrics)
    if artifact.references:
        text = training_to_json(artifact.references)
        (artifact.folder / _REFERENCES).write_text(text + "\n")


def load(name_or_folder: str | Path) -> Artifact:
    """Load an artifact's settings and check that they fit this installation.

    Raises:
        ArtifactError: there is no such artifact, its format is newer, dlib's landmark file is
            missing or another one than it was trained with, or this version draws a face
            differently from the version that trained it.
    """
    folder = resolve(name_or_folder)
    try:
        settings = json.loads((folder / _SETTINGS).read_text())
        if settings["format"] != FORMAT:
            raise ArtifactError(
                f"{folder}: format {settings['format']}, but this version reads {FORMAT}; "
                "use the version that wrote it, or train again."
            )
        artifact = Artifact(
            folder=folder,
            labels=tuple(settings["labels"]),
            pipeline=Pipeline.from_json(json.dumps(settings["pipeline"])),
            network=settings["network"],
            label_weights=tuple(settings.get("label_weights", ())),
            temperature=settings["temperature"],
            uncertain_below=settings["uncertain_below"],
            views=settings["views"],
            trained_on=settings["trained_on"],
            metrics=_metrics(folder),
            references=_references(folder),
        )
        fingerprint, expected_hash = settings["fingerprint"], settings["shape_predictor_sha256"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ArtifactError(f"{folder / _SETTINGS} is damaged ({error!r}); train again.") from error
    if (drawn := artifact.pipeline.fingerprint()) != fingerprint:
        raise ArtifactError(
            f"{folder}: was trained on drawings with fingerprint {fingerprint}, but this version "
            f"draws {drawn}; use the version that trained it, or train again."
        )
    _check_landmark_file(folder, expected_hash)
    return artifact


def _metrics(folder: Path) -> dict:
    path = folder / "metrics.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def _references(folder: Path) -> dict[str, Reference]:
    path = folder / _REFERENCES
    try:
        return training_from_json(path.read_text()) if path.is_file() else {}
    except ReferenceError as error:
        raise ArtifactError(f"{path}: {error}") from error


def _check_landmark_file(folder: Path, expected: str) -> None:
    try:
        path = shape_predictor.find()
    except FileNotFoundError as error:
        raise ArtifactError(str(error)) from error
    if (found := shape_predictor.sha256(path)) != expected:
        raise ArtifactError(
            f"{folder}: was trained with the landmark file of SHA-256 {expected}, but {path} has "
            f"{found}; install face_recognition_models, or train again."
        )
