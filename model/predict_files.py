"""Photos, folders and videos -> rows of predictions: what `run.py predict` prints."""

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facelines.model.annotate import annotate
from facelines.model.recognizer import Prediction, Recognizer
from facelines.preprocessing import files, images
from facelines.preprocessing.files import Found, shown
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.pipeline import Pipeline, no_face

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
    recognizer: Recognizer,
    paths: list[Path],
    annotated: Path | None = None,
    passed_over: Counter | None = None,
) -> Iterator[Row]:
    """Yield a row for each face; a picture without one, or that cannot be read, has one row.

    Args:
        paths: pictures, videos and folders of them.
        annotated: a folder for the pictures and videos with the predictions drawn on them; no
            file in it is written over.
        passed_over: counts, by why, the files in folders that are no pictures or videos.

    Raises:
        ImageError: a folder holds no picture or video.
        OSError: a copy cannot be written.
    """
    found = list(_files(paths, annotated, Counter() if passed_over is None else passed_over))
    if annotated is not None:
        annotated.mkdir(parents=True, exist_ok=True)
    for one in found:
        path = one.path
        if one.kind == files.ERROR:
            yield Row(shown(path), error=f"{shown(path)}: {one.why}.")
            continue
        read, suffix = (
            (_predict_video, ".mp4") if images.is_video(path) else (_predict_picture, ".png")
        )
        target = annotated and _free_name(annotated, shown(path.stem), suffix)
        try:
            yield from read(recognizer, path, target)
        except ImageError as error:
            yield Row(shown(path), error=str(error))


def _files(paths: list[Path], annotated: Path | None, passed_over: Counter) -> Iterator[Found]:
    """Yield the pictures, videos and errors of paths; count what else is in folders."""
    apart = annotated is not None and not any(files.same(annotated, path) for path in paths)
    for path in paths:
        if not os.path.isdir(path):
            yield Found(path, files.PICTURE)
            continue
        empty = True
        for found in files.walk(path, (annotated,) if apart else ()):
            if found.kind == files.OTHER:
                passed_over[found.why] += 1
            else:
                empty = False
                yield found
        if empty:
            raise ImageError(
                f"{shown(path)}: no picture or video in this folder; expected some, by their "
                "content or their suffix."
            )


def _free_name(folder: Path, stem: str, suffix: str) -> Path:
    """Return a file that does not exist yet: the folder may hold originals or earlier copies."""
    names = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}{suffix}").exists())


def _predict_picture(recognizer: Recognizer, path: Path, target: Path | None) -> Iterator[Row]:
    predictions = recognizer(images.read_gray(path))
    if target is not None:
        picture = images.decode_rgb(images.read_bytes(path))[..., ::-1]
        drawn = annotate(np.ascontiguousarray(picture), predictions)
        files.remember_copy(target)
        if not cv2.imwrite(str(target), drawn):
            raise OSError(f"{target}: could not be written; {_WRITABLE}.")
    yield from _rows(path, None, predictions, recognizer.pipeline)


def _predict_video(recognizer: Recognizer, path: Path, target: Path | None) -> Iterator[Row]:
    writer = None
    try:
        for time, frame in images.video_frames(path):
            predictions = recognizer(images.bgr_to_gray(frame))
            if target is not None:
                if writer is None:
                    writer = _writer(target, path, frame)
                writer.write(annotate(frame, predictions))
            yield from _rows(path, round(time, 3), predictions, recognizer.pipeline)
    finally:
        if writer is not None:
            writer.release()


def _writer(target: Path, source: Path, frame: np.ndarray) -> cv2.VideoWriter:
    height, width = frame.shape[:2]
    files.remember_copy(target)
    codec = cv2.VideoWriter_fourcc(*_VIDEO_CODEC)
    rate = images.frames_per_second(source)
    writer = cv2.VideoWriter(str(target), codec, rate, (width, height))
    if not writer.isOpened():
        raise OSError(
            f"{target}: no video could be begun; {_WRITABLE}, and an OpenCV with the codec "
            f"{_VIDEO_CODEC}."
        )
    return writer


def _rows(
    path: Path, time: float | None, predictions: list[Prediction], pipeline: Pipeline
) -> Iterator[Row]:
    if not predictions:
        yield Row(shown(path), time, error=no_face(pipeline))
    for index, prediction in enumerate(predictions):
        box = prediction.face.box
        corners = (box.x_min, box.y_min, box.x_max, box.y_max)
        yield Row(
            shown(path),
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
