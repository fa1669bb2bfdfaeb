"""Faces of a video, from frame to frame: each has a number, and its label is held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facelines.model.recognizer import UNCERTAIN, UNREADABLE, Prediction, Recognizer
from facelines.model.running_reference import RunningReference
from facelines.model.steady import HeldLabel
from facelines.preprocessing.faces import Box, overlap

_SAME_FACE = 0.2  # intersection over union of a face's boxes in two frames
_FORGET_SECONDS = 1.0  # after which a face that is not seen has left


@dataclass
class _Known:
    number: int
    box: Box
    seconds: float
    held: HeldLabel
    running: RunningReference | None = None


class FollowedFaces:
    """Numbers the faces of a video and holds the label of each (see `model.steady`)."""

    def __init__(self, uncertain_below: float, again: Recognizer | None = None):
        """Begin with no face.

        Args:
            uncertain_below: the model's (see `Recognizer`).
            again: reads each face against what was seen of it before, where it is given.
        """
        self._uncertain_below = uncertain_below
        self._again = again
        self._known: list[_Known] = []
        self._numbers = 0

    def __call__(
        self, predictions: Sequence[Prediction], seconds: float
    ) -> list[tuple[int, Prediction]]:
        """Return (number, prediction with the held label) for the next frame's faces, by number.

        Args:
            predictions: of the frame's faces.
            seconds: when it was taken.
        """
        self._known = [one for one in self._known if seconds - one.seconds < _FORGET_SECONDS]
        free, followed = list(self._known), []
        for prediction in predictions:
            known = self._nearest(free, prediction.face.box)
            if known is None:
                known = self._welcome(prediction)
            else:
                free.remove(known)
            known.box, known.seconds = prediction.face.box, seconds
            if known.running is not None:
                against = known.running(prediction.face, seconds)
                (prediction,) = self._again.predict([prediction.face], [against])
            followed.append((known.number, _held(prediction, known.held, seconds)))
        return sorted(followed, key=lambda one: one[0])

    @property
    def boxes(self) -> list[Box]:
        """Where the faces were when they were last seen."""
        return [one.box for one in self._known]

    def _nearest(self, free: list[_Known], box: Box) -> _Known | None:
        best = max(free, key=lambda one: overlap(one.box, box), default=None)
        return best if best is not None and overlap(best.box, box) > _SAME_FACE else None

    def _welcome(self, prediction: Prediction) -> _Known:
        held = HeldLabel(prediction.labels, self._uncertain_below)
        running = None if self._again is None else RunningReference(self._again)
        known = _Known(self._numbers, prediction.face.box, 0.0, held, running)
        self._numbers += 1
        self._known.append(known)
        return known


def _held(prediction: Prediction, held: HeldLabel, seconds: float) -> Prediction:
    label = held(prediction.probabilities, seconds)
    if prediction.emotion == UNREADABLE:
        return prediction
    return replace(prediction, emotion=label if held.certain else UNCERTAIN)
