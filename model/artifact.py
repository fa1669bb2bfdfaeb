"""Save and load an artifact: network + pipeline + labels, checked against this machine."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import cv2

from facelines import shape_predictor
from facelines.model.inputs import MAX_VIEWS
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
_METRICS = "metrics.json"
_REFERENCES = "references.json"
_HASHED = ("model.onnx", "model.tflite", "model.keras", _METRICS, _REFERENCES)


class ArtifactError(ValueError):
    """An artifact that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Artifact:
    """What travels with a trained network.

    folder: holds model.onnx, pipeline.json, metrics.json and README.md, references.json where the
        network reads points, and model.keras where it may be trained further.
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
    hashes: SHA-256 of its files by name, where it was saved with them.
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
    hashes: dict[str, str] = field(default_factory=dict, compare=False)
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

    def read(self, name: str) -> bytes:
        """Read one of its files.

        Raises:
            ArtifactError: it is missing, or not the file that the artifact was saved with.
        """
        path = self.folder / name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ArtifactError(
                f"{path} is missing or damaged ({error.strerror}); copy the artifact again, or "
                "train again."
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != (expected := self.hashes.get(name, found)):
            raise ArtifactError(
                f"{path} is missing or damaged: its SHA-256 is {found}, but {_SETTINGS} names "
                f"{expected}; copy the artifact again, or train again."
            )
        return data


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
    """Write pipeline.json, metrics.json and references.json, after the folder has its networks.

    Raises:
        FileNotFoundError: there is no landmark file, whose hash is among the settings.
    """
    artifact.folder.mkdir(parents=True, exist_ok=True)
    (artifact.folder / _METRICS).write_text(json.dumps(artifact.metrics, indent=2) + "\n")
    if artifact.references:
        text = training_to_json(artifact.references)
        (artifact.folder / _REFERENCES).write_text(text + "\n")
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
        "sha256": _hashes(artifact.folder),
    }
    (artifact.folder / _SETTINGS).write_text(json.dumps(settings, indent=2) + "\n")


def load(name_or_folder: str | Path) -> Artifact:
    """Load an artifact's settings and check that they fit this installation.

    Raises:
        ArtifactError: there is no such artifact, its format is newer, dlib's landmark file is
            missing or another one than it was trained with, or this version draws a face
            differently from the version that trained it.
    """
    folder = resolve(name_or_folder)
    settings = _settings(folder / _SETTINGS)
    try:
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
            hashes=settings.get("sha256", {}),
        )
        fingerprint, expected_hash = settings["fingerprint"], settings["shape_predictor_sha256"]
        _check_values(artifact)
        drawn = artifact.pipeline.fingerprint()
    except (KeyError, TypeError, ValueError, ArithmeticError, cv2.error) as error:
        raise ArtifactError(f"{folder / _SETTINGS} is damaged ({error!r}); train again.") from error
    if drawn != fingerprint:
        raise ArtifactError(
            f"{folder}: was trained on drawings with fingerprint {fingerprint}, but this version "
            f"draws {drawn}; use the version that trained it, or train again."
        )
    if artifact.pipeline.landmarker != "mesh":
        _check_landmark_file(folder, expected_hash)
    return replace(artifact, metrics=_metrics(artifact), references=_references(artifact))


def _settings(path: Path) -> dict:
    """Read the settings, and check that they are of a format that this version reads."""
    try:
        settings = json.loads(path.read_text())
        form = settings["format"]
    except (KeyError, TypeError, ValueError, RecursionError, OSError) as error:
        raise ArtifactError(f"{path} is damaged ({error!r}); train again.") from error
    if form != FORMAT:
        raise ArtifactError(
            f"{path.parent}: format {form}, but this version reads {FORMAT}; "
            "use the version that wrote it, or train again."
        )
    return settings


def _check_values(artifact: Artifact) -> None:
    """Raise a ValueError if a value is of another kind than its field, or out of range."""
    labels, hashes = artifact.labels, artifact.hashes
    problems = {
        "labels": not labels or not all(isinstance(label, str) for label in labels),
        "labels that differ": len(set(map(str, labels))) != len(labels),
        "label_weights": not _are_weights(artifact.label_weights, len(labels)),
        "temperature": not _is_number(artifact.temperature, 1e-3, 1e3),
        "uncertain_below": not _is_number(artifact.uncertain_below, 0, 1),
        "views": type(artifact.views) is not int or not 1 <= artifact.views <= MAX_VIEWS,
        "network": not isinstance(artifact.network, str),
        "trained_on": not isinstance(artifact.trained_on, str),
        "sha256": not isinstance(hashes, dict),
        "size": not _is_number(artifact.pipeline.size, 8, 512),
    }
    if wrong := [name for name, is_wrong in problems.items() if is_wrong]:
        raise ValueError(f"no usable {', '.join(wrong)}")


def _is_number(value: object, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most


def _are_weights(values: tuple, count: int) -> bool:
    return not values or (
        len(values) == count and all(_is_number(value, 1e-3, 1e3) for value in values)
    )


def _hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what is read of an artifact besides its settings, by name."""
    files = [path for path in sorted(folder.iterdir()) if path.name in _HASHED]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _metrics(artifact: Artifact) -> dict:
    if not (artifact.folder / _METRICS).is_file():
        return {}
    try:
        return json.loads(artifact.read(_METRICS))
    except ArtifactError:
        raise
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{artifact.folder / _METRICS} is damaged ({error}).") from error


def _references(artifact: Artifact) -> dict[str, Reference]:
    if not (artifact.folder / _REFERENCES).is_file():
        return {}
    try:
        return training_from_json(artifact.read(_REFERENCES).decode())
    except (ReferenceError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{artifact.folder / _REFERENCES}: {error}") from error


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
