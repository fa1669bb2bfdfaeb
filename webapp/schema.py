"""What the web app answers: a face as JSON values, by HTTP and over the live socket."""

import base64
from collections.abc import Collection
from typing import TypedDict

import numpy as np

from facelines.model.recognizer import Recognizer, readable
from facelines.model.values import (
    box_values,
    probability_value,
    probability_values,
    quality_value,
)
from facelines.preprocessing import images
from facelines.preprocessing.pipeline import Face

PICTURES = ("drawing", "pixels")  # of each face: what the shape models see, and the others


class Reading(TypedDict):
    """What one model says of a face.

    emotion: a label, "uncertain", or "unreadable" where the points are plainly wrong; on live
        video the held one.
    label: the most probable label, certain or not; on live video the held one.
    best: the most probable label of these probabilities.
    confidence: its probability, 0 to 1, to ten-thousandths.
    probabilities: of each label, smoothed on live video; 0 to 1, in all 1 but for rounding.
    """

    emotion: str
    label: str
    best: str
    confidence: float
    probabilities: dict[str, float]


class Rest(TypedDict):
    """What a face is read against.

    kind: of the reference (see `model.reference`). count: faces that it was made of.
    points: 51 pairs x, y at rest, upright in the unit square, in thousandths.
    """

    kind: str
    count: int
    points: list[list[int]]


class FoundFace(TypedDict):
    """What is known of each face.

    box: x_min, y_min, x_max, y_max in pixels of the picture, half-open, to tenths.
    source: "detected" or "whole image".
    quality: how far the points can be trusted, 0 to 1. readable: whether far enough.
    points: 51 pairs x, y in pixels of the picture, to tenths.
    """

    box: list[float]
    source: str
    quality: float
    readable: bool
    points: list[list[float]]


class FaceValues(FoundFace, total=False):
    """A face with what was said of it and what was asked for.

    readings: by the model's name.
    number: on video the same from frame to frame. rest: where it is read against a reference.
    drawing, pixels: 48x48, as data URLs of PNGs.
    """

    readings: dict[str, Reading]
    number: int
    rest: Rest
    drawing: str
    pixels: str


class Picture(TypedDict):
    """A picture or frame: its size in pixels, its faces, and each stage's time."""

    width: int
    height: int
    faces: list[FaceValues]
    milliseconds: dict[str, float]


class Answer(Picture, total=False):
    """A picture, and the reference that has just been taken, as `model.reference` writes it."""

    reference: dict


def face_values(face: Face, pictures: Collection[str]) -> FaceValues:
    """Return what is known of a face.

    pictures: which of `PICTURES` it holds.
    """
    values: FaceValues = {
        "box": list(box_values(face.box)),
        "source": face.box.source,
        "quality": quality_value(face.quality),
        "readable": readable(face),
        "points": np.round(face.points.astype(np.float64), 1).tolist(),
    }
    shown = dict(zip(PICTURES, (face.image, face.pixels), strict=True))
    return values | {name: _data_url(shown[name]) for name in pictures}


def _data_url(image: np.ndarray) -> str:
    return f"data:image/png;base64,{base64.b64encode(images.encode_png(image)).decode()}"


def reading_of(recognizer: Recognizer, probabilities: np.ndarray) -> Reading:
    """Return what a model says of a face by its probabilities, float32 (n,)."""
    best = int(np.argmax(probabilities))
    return {
        "emotion": recognizer.decide(probabilities),
        "label": recognizer.labels[best],
        "best": recognizer.labels[best],
        "confidence": probability_value(probabilities[best]),
        "probabilities": probability_values(recognizer.labels, probabilities),
    }
