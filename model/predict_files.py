"""Photos, folders and videos -> rows of predictions: what `run.py predict` prints."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facelines.model.annotate import annotate
from facelines.model.recognizer import Prediction, Recognizer
from facelines.preprocessing import images
from facelines.preprocessing.images import ImageError

_VIDEO_CODEC = "mp4v"
_WRITABLE = "--annotate needs a folder that can be written to, with room left"


@dataclass(frozen=True)
class Row:
    """One face of one picture or frame, or why there is none.

    time: seconds into a video, None for a picture. error: one line, "" where all went well.
    """

    path: str
    time: float | None = None
    face: int | None = None
    box: tuple[float, float, float, float] | None = None
    found: str = ""
    emotion: str = ""
    confidence: float | None = None
    probabilities: dict[str, float] | None = None
    quality: float | None = None
    error: str = ""


def predict_paths(
    recognizer: Recognizer, paths: list[Path], annotated: Path | None = None
) -> Iterator[Row]:
    """Yield a row for each face; a picture without one, or that cannot be read, has one row.

    Args:
        paths: pictures, videos and folders of them.
        annotated: a folder for the pictures and videos with the predictions drawn on them; no
            file in it is written over.

    Raises:
        ImageError: a folder holds no picture or video.
        OSError: a copy cannot be written.
    """
    files = list(_files(paths))  # before there are copies, which are not to be read in turn
    if annotated is not None:
        annotated.mkdir(parents=True, exist_ok=True)
    for path in files:
        read, suffix = (
            (_predict_video, ".mp4") if images.is_video(path) else (_predict_picture, ".png")
        )
        target = annotated and _free_name(annotated, path.stem, suffix)
        try:
            yield from read(recognizer, path, target)
        except ImageError as error:
            yield Row(str(path), error=str(error))


def _files(paths: list[Path]) -> Iterator[Path]:
    wanted = images.PICTURE_SUFFIXES | images.VIDEO_SUFFIXES
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        files = sorted(
            file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in wanted
        )
        if not files:
            raise ImageError(
                f"{path}: no picture or video in this folder; expected files named "
                f"{', '.join(sorted(wanted))}."
            )
        yield from files


def _free_name(folder: Path, stem: str, suffix: str) -> Path:
    """Return a file that does not exist yet: the folder may hold originals or earlier copies."""
    names = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}{suffix}").exists())


def _predict_picture(recognizer: Recognizer, path: Path, target: Path | None) -> Iterator[Row]:
    predictions = recognizer(images.read_gray(path))
    if target is not None:
        picture = images.decode_rgb(images.read_bytes(path))[..., ::-1]
        drawn = annotate(np.ascontiguousarray(picture), predictions)
        if not cv2.imwrite(str(target), drawn):
            raise OSError(f"{target}: could not be written; {_WRITABLE}.")
    yield from _rows(path, None, predictions)


def _predict_video(recognizer: Recognizer, path: Path, target: Path | None) -> Iterator[Row]:
    writer = None
    try:
        for time, frame in images.video_frames(path):
            predictions = recognizer(images.bgr_to_gray(frame))
            if target is not None:
                if writer is None:
                    writer = _writer(target, path, frame)
                writer.write(annotate(frame, predictions))
            yield from _rows(path, round(time, 3), predictions)
    finally:
        if writer is not None:
            writer.release()


def _writer(target: Path, source: Path, frame: np.ndarray) -> cv2.VideoWriter:
    height, width = frame.shape[:2]
    codec = cv2.VideoWriter_fourcc(*_VIDEO_CODEC)
    rate = images.frames_per_second(source)
    writer = cv2.VideoWriter(str(target), codec, rate, (width, height))
    if not writer.isOpened():
        raise OSError(
            f"{target}: no video could be begun; {_WRITABLE}, and an OpenCV with the codec "
            f"{_VIDEO_CODEC}."
        )
    return writer


def _rows(path: Path, time: float | None, predictions: list[Prediction]) -> Iterator[Row]:
    if not predictions:
        yield Row(str(path), time, error="no face found")
    for index, prediction in enumerate(predictions):
        box = prediction.face.box
        corners = (box.x_min, box.y_min, box.x_max, box.y_max)
        yield Row(
            str(path),
            time,
            index,
            tuple(round(value, 1) for value in corners),
            box.source,
            prediction.emotion,
            round(prediction.confidence, 4),
            {
                label: round(float(value), 4)
                for label, value in zip(prediction.labels, prediction.probabilities, strict=True)
            },
            round(prediction.face.quality, 3),
        )
