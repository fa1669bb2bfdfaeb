"""Recognizer: gray -> list[Prediction], with ONNX Runtime; TensorFlow is never imported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime

from facelines.model import inputs, reference
from facelines.model.artifact import Artifact, ArtifactError, load
from facelines.model.reference import Reference, ReferenceError
from facelines.preprocessing.arrays import as_gray
from facelines.preprocessing.faces import Box
from facelines.preprocessing.pipeline import Face, Pipeline
from facelines.preprocessing.quality import DOUBTFUL

# `facelines` switches telemetry off before this import; where a program imported onnxruntime first,
# this still stops its look-ups, though not the database that it keeps.
onnxruntime.disable_telemetry_events()

_EXTERNAL = b"\x0a\x08location"  # how ONNX names another file: the key of a pair of strings
UNCERTAIN = "uncertain"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Prediction:
    """What a recognizer says of one face.

    face: the face, with its points, drawing and pixels.
    probabilities: float32 (n,), in the order of `labels`, summing to 1.
    labels: the label set.
    emotion: the most probable label; or "uncertain" where its probability is below the
        artifact's threshold, or "unreadable" where the face's points are plainly wrong. In a
        video it is the held label (see `model.steady`).
    against: the reference that the face was read against, None where there was none.
    """

    face: Face
    probabilities: np.ndarray
    labels: tuple[str, ...]
    emotion: str
    against: Reference | None = None

    @property
    def best(self) -> str:
        """The most probable label, certain or not."""
        return self.labels[int(np.argmax(self.probabilities))]

    @property
    def confidence(self) -> float:
        """The probability of the emotion, or of the most probable label where it is none."""
        shown = self.emotion if self.emotion in self.labels else self.best
        return float(self.probabilities[self.labels.index(shown)])


class Recognizer:
    """A loaded artifact, ready to predict. Safe to call from several threads, and can be pickled.

    name: the artifact's name.
    labels: the label set, in the order of the probabilities.
    pipeline: the recipe that its network was trained with.
    inputs: names of the inputs that its network takes, some of `model.inputs.NAMES`.
    uncertain_below: a face whose best probability is lower is called "uncertain".
    views: how many views of each face are averaged.
    references: the training set's mean face of each label (see `model.reference`).
    assume_face: whether a picture in which no face is found is taken for one as a whole.
    """

    def __init__(
        self,
        artifact: Artifact,
        threads: int = 1,
        *,
        assume_face: bool = False,
        detector: str | None = None,
        min_face: float = 0,
    ):
        self._loaded_from = artifact, threads
        self._choices = {"assume_face": assume_face, "detector": detector, "min_face": min_face}
        self.name = artifact.name
        self.labels = artifact.labels
        search = {"detector": detector or artifact.pipeline.detector, "min_face": min_face}
        self.pipeline: Pipeline = replace(artifact.pipeline, **search)
        self.uncertain_below = artifact.uncertain_below
        self.metrics = artifact.metrics
        self._label_weights = artifact.label_weights
        self._temperature = artifact.temperature
        self.views = artifact.views
        self.references = artifact.references
        self.assume_face = assume_face
        self._session = _session(artifact, threads)
        self.inputs = tuple(node.name for node in self._session.get_inputs())
        if set(self.inputs) == {"pixels"}:
            self.pipeline = replace(self.pipeline, mesh=False)  # a network's worth of time
        outputs = self._session.get_outputs()[0].shape[-1]
        if outputs != len(self.labels):
            raise ArtifactError(
                f"{artifact.onnx_path} has {outputs} outputs, but the artifact names "
                f"{len(self.labels)} labels {self.labels}; export the model again."
            )

    @classmethod
    def load(cls, name_or_folder: str | Path, threads: int = 1, **choices) -> "Recognizer":
        """Load a released artifact by its name (`landmark`) or any by its folder.

        Args:
            threads: of ONNX Runtime.
            choices: `assume_face=True` where every picture is known to hold a face, as a data
                set's crops do: where none is found, the whole picture is read as one. `detector`
                and `min_face` take the place of the recipe's (see `Pipeline`).

        Raises:
            ArtifactError: there is none, its network cannot be read, or it does not fit this
                version (see `artifact.load`).
        """
        return cls(load(name_or_folder), threads, **choices)

    def __reduce__(self):
        # A session of ONNX Runtime cannot be pickled: a copy, or another process, loads its own.
        return partial(type(self), **self._choices), self._loaded_from

    def __call__(
        self,
        picture: np.ndarray,
        known: Sequence[Box] | None = None,
        *,
        against: Reference | None = None,
    ) -> list[Prediction]:
        """Predict every face of a picture; no face gives an empty list.

        Args:
            picture: gray (H, W), RGB (H, W, 3), not OpenCV's BGR, or RGBA (H, W, 4); bool,
                integers or floats, see `arrays.as_gray`.
            known: in a video the faces of the frame before: where small ones are looked for.
            against: the person's reference, against which the faces are read.

        Raises:
            ValueError: an array of another shape or type, empty, or with values below 0.
        """
        gray = as_gray(picture)
        faces = self.pipeline(gray, known)
        if not faces and self.assume_face:
            faces = [self.pipeline.one(gray)]
        return self.predict(faces, [against] * len(faces))

    def predict(
        self, faces: Sequence[Face], references: Sequence[Reference | None] = ()
    ) -> list[Prediction]:
        """Predict faces that the pipeline has found, in one batch.

        Args:
            references: one for each face, None where there is none; none at all if empty.
        """
        batch = self.moved(inputs.of_faces(faces), references)
        known = references or [None] * len(faces)
        return [
            Prediction(
                face, row, self.labels, self.decide(row) if readable(face) else UNREADABLE, against
            )
            for face, row, against in zip(faces, self.probabilities(batch), known, strict=True)
        ]

    def moved(
        self, batch: dict[str, np.ndarray], references: Sequence[Reference | None]
    ) -> dict[str, np.ndarray]:
        """Return the inputs of faces, each read against its reference: points and drawing.

        Args:
            batch: as from `inputs.of_faces`.
            references: one for each face, None where there is none; none at all if empty.

        Raises:
            ReferenceError: this model has no training set's face to compare with, or a
                reference does not suit it.
        """
        if not any(references):
            return batch
        self.require_references()
        reference.require_unmoved(batch)
        sources = [name for name in self._moving if name in batch]
        shifts = reference.shifts(references, self.references, sources)
        return inputs.moved(batch, shifts, self.pipeline)

    def reference_of(
        self,
        batch: dict[str, np.ndarray],
        quality: np.ndarray | None = None,
        seen: np.ndarray | None = None,
    ) -> Reference:
        """Return the mean of faces of any expression; their mixture is this network's guess.

        Args:
            batch: as from `inputs.of_faces`, with all that the network takes.
            quality: (n,), the faces' `Face.quality`.
            seen: (n, labels), the faces' `probabilities` where they are known.
        """
        self.require_references()
        reference.require_unmoved(batch)
        seen = self.probabilities(batch) if seen is None else seen
        return reference.mean_of(batch, seen, self.prior, quality)

    @property
    def prior(self) -> dict[str, float]:
        """Return what share of each label the probabilities expect, as weighed as they are."""
        weights = self._label_weights or (1.0,) * len(self.labels)
        return {
            label: self.references[label].count * weight ** (1 / self._temperature)
            for label, weight in zip(self.labels, weights, strict=True)
        }

    @property
    def _moving(self) -> list[str]:
        """The sources of points that a reference moves: the drawing is made of the points."""
        return [name for name in inputs.SOURCES if name in {*self.inputs, "points"}]

    def require_fit(self, one: Reference) -> None:
        """Fail where faces cannot be read against a reference (ReferenceError)."""
        self.require_references()
        if one.landmarker not in ("", self.pipeline.landmarker):
            raise ReferenceError(
                f"The reference is of the landmarker {one.landmarker!r}, but {self.name} reads "
                f"points of {self.pipeline.landmarker!r}; make it again with --model {self.name}."
            )
        reference.shift(one, self.references, self._moving)

    def require_references(self) -> None:
        """Fail where there is no training set's face to compare with (ReferenceError)."""
        if not self.references:
            raise ReferenceError(
                f"{self.name} takes no reference: it reads no points, or was trained before there "
                "were references; expected a model with references.json, such as landmark."
            )

    def probabilities(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Return calibrated probabilities, float32 (n, labels).

        Args:
            batch: uint8 and float32 arrays as from `inputs.of_faces`.
        """
        if not len(next(iter(batch.values()))):
            return np.zeros((0, len(self.labels)), np.float32)
        needed = {*self.inputs, "points"} if "image" in self.inputs else self.inputs
        wanted = {name: batch[name] for name in needed if name in batch}
        views = list(inputs.views(wanted, self.pipeline, self.views))
        # One run for all views: a batch of two takes less than two of one.
        every = {name: np.concatenate([view[name] for view in views]) for name in self.inputs}
        found = self._run(every).reshape(len(views), -1, len(self.labels))
        mean = found.mean(axis=0)
        if self._label_weights:
            mean = mean * np.array(self._label_weights, np.float32)
        return calibrate(mean, self._temperature)

    def decide(self, probabilities: np.ndarray) -> str:
        """Return the label of one face's probabilities (n,), or "uncertain"."""
        best = int(np.argmax(probabilities))
        return self.labels[best] if probabilities[best] >= self.uncertain_below else UNCERTAIN

    def _run(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        feeds = {name: inputs.as_float(batch[name]) for name in self.inputs}
        return self._session.run(None, feeds)[0]


def readable(face: Face) -> bool:
    """Tell whether a face's points are good enough to be read (see `preprocessing.quality`)."""
    return face.quality >= DOUBTFUL


def calibrate(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Apply temperature scaling (Guo et al. 2017) to probabilities, float32 (n, labels).

    They may be weighed before: rows need not sum to 1.
    """
    powered = np.power(np.clip(probabilities, 1e-8, 1), 1 / temperature)
    return (powered / powered.sum(axis=-1, keepdims=True)).astype(np.float32)


def _session(artifact: Artifact, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    network = artifact.read(artifact.onnx_path.name)
    if _EXTERNAL in network:
        raise ArtifactError(
            f"{artifact.onnx_path} keeps weights in other files, which is not read; export the "
            "network as one file."
        )
    try:
        # The bytes that were checked, not the path again.
        return onnxruntime.InferenceSession(
            network,
            sess_options=options,
            providers=["CPUExecutionProvider"],
            enable_fallback=False,  # which would print to stdout and try the same again
        )
    except Exception as error:  # the nearest class that onnxruntime's own errors share
        reason = " ".join(str(error).split())
        raise ArtifactError(
            f"{artifact.onnx_path} is missing or damaged ({reason}); expected a network in ONNX: "
            "copy the artifact again, or train again."
        ) from error
