"""What the web app's tests and benchmarks share: a recognizer without weights, and pictures."""

import io

import cv2
import numpy as np
from PIL import Image

from facelines.demo import PHOTO
from facelines.model.recognizer import UNCERTAIN, Prediction
from facelines.preprocessing.labels import label_set
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS
from facelines.webapp.analyzer import Analyzer

FRAME_WIDTH, FRAME_HEIGHT = 640, 480
_FACE_SIDE_IN_PHOTO = 104  # the astronaut's, as BlazeFace measures it
_FACE_CENTRE_IN_PHOTO = (225, 120)


class FakeRecognizer:
    """A recognizer whose probabilities follow from the points: the wider the mouth, the happier.

    With `says` it is nearly sure of that label, whatever it sees.

    It has the interface of `model.recognizer.Recognizer` and the real pipeline.
    """

    def __init__(
        self, name: str = "landmark", pipeline: Pipeline | None = None, says: str | None = None
    ):
        self.name = name
        self._says = says
        self.labels = label_set(6)
        self.pipeline = pipeline or Pipeline()
        self.uncertain_below = 0.3
        self.references = {}  # its networks know nobody at rest
        self.metrics = {
            "accuracy": 0.5,
            "per_class": {label: {"recall": 0.5, "f1": 0.5} for label in self.labels},
            "coverage_accuracy": [
                {"threshold": 0.2, "coverage": 1.0, "accuracy": 0.5},
                {"threshold": 0.6, "coverage": 0.5, "accuracy": 0.7},
            ],
        }

    def __call__(self, gray):
        return self.predict(self.pipeline(gray))

    def predict(self, faces):
        rows = [self._probabilities(face.normalised) for face in faces]
        return [
            Prediction(face, row, self.labels, self.decide(row))
            for face, row in zip(faces, rows, strict=True)
        ]

    def decide(self, probabilities):
        best = int(np.argmax(probabilities))
        return self.labels[best] if probabilities[best] >= self.uncertain_below else UNCERTAIN

    def _probabilities(self, normalised):
        mouth = normalised[GROUPS["mouth"]]
        width, height = np.ptp(mouth, axis=0)
        scores = np.full(len(self.labels), 0.1)
        if self._says:
            scores[self.labels.index(self._says)] = 5.0
            return _softmax(scores)
        scores[self.labels.index("happy")] = width * 8
        scores[self.labels.index("surprise")] = height * 8
        return _softmax(scores)


def _softmax(scores):
    raised = np.exp(scores)
    return (raised / raised.sum()).astype(np.float32)


def start_cold(set_attribute=setattr) -> None:
    """Let servers be ready at once: their networks are loaded when they are needed."""
    set_attribute(Analyzer, "warm_up", lambda self: setattr(self, "ready", True))


def frame(
    faces: int = 1, *, side: int = 120, shift: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """Return a VGA picture, uint8 (480, 640, 3) RGB, of the astronaut 0, 1 or 2 times.

    Args:
        faces: how many; the second one is mirrored.
        side: of each face, in pixels.
        shift: where they move to, (x, y) in pixels.
    """
    if faces == 0:
        return _empty_room()
    width = FRAME_WIDTH // faces
    scale = side / _FACE_SIDE_IN_PHOTO
    centre_x, centre_y = _FACE_CENTRE_IN_PHOTO
    x, y = min(width / 2, scale * centre_x) + shift[0], scale * centre_y + shift[1]
    place = np.float64([[scale, 0, x - scale * centre_x], [0, scale, y - scale * centre_y]])
    person = cv2.warpAffine(
        np.asarray(Image.open(PHOTO)), place, (width, FRAME_HEIGHT), borderMode=cv2.BORDER_REFLECT
    )
    return np.hstack([person, person[:, ::-1]][:faces])


def jpeg(rgb: np.ndarray, quality: int = 85) -> bytes:
    """Encode uint8 (H, W, 3) as JPEG."""
    return _encoded(rgb, "JPEG", quality=quality)


def png(rgb: np.ndarray) -> bytes:
    """Encode uint8 (H, W, 3) as PNG."""
    return _encoded(rgb, "PNG")


def _encoded(rgb: np.ndarray, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format, **options)
    return buffer.getvalue()


def _empty_room() -> np.ndarray:
    """Return a wall in soft light, uint8 (480, 640, 3)."""
    rows = np.linspace(190, 140, FRAME_HEIGHT)[:, None, None]
    return np.broadcast_to(rows, (FRAME_HEIGHT, FRAME_WIDTH, 3)).astype(np.uint8)
