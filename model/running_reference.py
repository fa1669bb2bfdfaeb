"""The reference of one person who is followed over time, made of what was seen so far. No I/O."""

from collections import deque
from dataclasses import replace

import numpy as np

from facelines.model import inputs
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference, mixture_of
from facelines.preprocessing.pipeline import Face
from facelines.preprocessing.quality import DOUBTFUL

# Chosen on sequences made of CK+48 (docs/reference.md).
_EVERY_SECONDS = 0.5  # a face is taken in
_REMEMBERED = 120  # faces: a minute
_WAIT = 6  # faces, before which nothing is said
_A_FACE_SECONDS = 4.0  # of a face in motion say as much as one picture among others


class RunningReference:
    """Follows one person; shown their faces in order, says what to read each against.

    The network's own guess of what the faces show is held against them (see
    `reference.mixture_of`), so that somebody who only ever smiles is not moved to be sad. What is
    older than a minute is forgotten; another person needs another `RunningReference`.
    """

    def __init__(self, recognizer: Recognizer):
        self._recognizer = recognizer
        self._seen: deque[dict[str, np.ndarray]] = deque(maxlen=_REMEMBERED)
        self._due = -np.inf
        self._reference: Reference | None = None

    def __call__(self, face: Face, seconds: float) -> Reference | None:
        """Return the reference for a face; None while too little was seen.

        Args:
            face: the person's on the next frame; doubtful ones are passed over.
            seconds: when it was taken, on any clock that does not go back.
        """
        if seconds >= self._due and face.quality >= DOUBTFUL:
            self._due = seconds + _EVERY_SECONDS
            self._take(face)
        return self._reference

    def _take(self, face: Face) -> None:
        batch = inputs.of_faces([face])
        row = {name: batch[name][0] for name in inputs.SOURCES if name in batch}
        if self._seen and not row.keys() < self._seen[-1].keys():
            self._seen.clear()  # seen by another recipe, without the mesh or with it
        self._seen.append(row | {"seen": self._recognizer.probabilities(batch)[0]})
        if len(self._seen) >= _WAIT:
            arrays = {name: np.stack([row[name] for row in self._seen]) for name in row}
            every = np.stack([row["seen"] for row in self._seen])
            made = self._recognizer.reference_of(arrays, seen=every)
            faces = max(1, round(made.count * _EVERY_SECONDS / _A_FACE_SECONDS))
            part = _variety(every, self._recognizer.prior)
            self._reference = replace(made, count=faces, part=part)


def _variety(seen: np.ndarray, prior: dict[str, float]) -> float:
    """Return how much faces differ in what they show: 0 for one label, 1 for two and more.

    Of somebody who shows one thing alone nobody can tell the face from the expression.
    """
    expected = np.array(list(prior.values()))
    shares = mixture_of(seen, expected / expected.sum(), hold=1.0)
    labels = np.exp(-np.sum(shares * np.log(shares + 1e-12)))  # as many as speak
    return float(np.clip(labels - 1, 0, 1))
