"""Rows: one for each face of each picture or frame, as `facelines predict` writes them."""

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from facelines.model.recognizer import Prediction
from facelines.model.values import (
    box_values,
    probability_value,
    probability_values,
    quality_value,
)
from facelines.preprocessing.files import shown

NO_FACE = "no face "  # how the error of a readable picture without one begins
SUFFIXES = (".csv", ".parquet", ".jsonl")
_BATCH = 5_000  # rows of a Parquet group


@dataclass(frozen=True)
class Row:
    """One face of one picture or frame, or why there is none.

    path: as it was given, or below the folder that was.
    frame, time: of a video, from 0 and in seconds, to thousandths; None for a picture.
    face: number of the face from 0; in a video it stays the same from frame to frame.
    box: x_min, y_min, x_max, y_max in pixels of the picture, half-open, to tenths.
    found: "detected", or "whole image" where the picture was taken for a face.
    emotion: a label, "uncertain", or "unreadable" where the points are plainly wrong.
    confidence: probability of the emotion, or of the best label where it is none; 0 to 1.
    probabilities: of each label, 0 to 1, in all 1 but for rounding to ten-thousandths.
    quality: how far the points can be trusted, 0 to 1, to thousandths.
    reference: what the face was read against, such as "neutral of 1" face, "" for nothing.
    thumbnail: path of the face's picture, "" where none was written.
    error: one line, "" where all went well; then what needs a face is None or "".

    Files hold the same under the same names, but for a column for each corner of the box and for
    each label's probability (see `flat`): whole numbers are int32, others float32, in Parquet.
    """

    path: str
    frame: int | None = None
    time: float | None = None
    face: int | None = None
    box: tuple[float, float, float, float] | None = None
    found: str = ""
    emotion: str = ""
    confidence: float | None = None
    probabilities: dict[str, float] | None = None
    quality: float | None = None
    reference: str = ""
    thumbnail: str = ""
    error: str = ""


def row_of(
    path: Path,
    number: int,
    prediction: Prediction,
    *,
    frame: int | None = None,
    time: float | None = None,
    thumbnail: str = "",
) -> Row:
    """Return the row of one face."""
    face, against = prediction.face, prediction.against
    return Row(
        path=shown(path),
        frame=frame,
        time=None if time is None else round(time, 3),
        face=number,
        box=box_values(face.box),
        found=face.box.source,
        emotion=prediction.emotion,
        confidence=probability_value(prediction.confidence),
        probabilities=probability_values(prediction.labels, prediction.probabilities),
        quality=quality_value(face.quality),
        reference="" if against is None else f"{against.kind} of {against.count}",
        thumbnail=thumbnail,
    )


def flat(row: Row, labels: tuple[str, ...]) -> dict:
    """Return a row as a table's: a column for each corner of the box and for each label."""
    corners = row.box or (None,) * 4
    probabilities = row.probabilities or {}
    return {
        "path": row.path,
        "frame": row.frame,
        "time": row.time,
        "face": row.face,
        **dict(zip(("x_min", "y_min", "x_max", "y_max"), corners, strict=True)),
        "found": row.found,
        "quality": row.quality,
        "emotion": row.emotion,
        "confidence": row.confidence,
        **{label: probabilities.get(label) for label in labels},
        "reference": row.reference,
        "thumbnail": row.thumbnail,
        "error": row.error,
    }


class Writer(Protocol):
    """What takes rows one by one."""

    def __call__(self, row: Row) -> None: ...


@contextmanager
def written_to(path: Path, labels: tuple[str, ...]) -> Iterator[Writer]:
    """Give what writes rows to a file of one of SUFFIXES, which is there once all are.

    Raises:
        ValueError: another suffix.
        OSError: the file cannot be written.
    """
    opened = {".csv": _csv, ".parquet": _parquet, ".jsonl": _jsonl}.get(path.suffix.lower())
    if opened is None:
        raise ValueError(f"{path}: expected a file named {', '.join(SUFFIXES)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with opened(unfinished, labels) as write:
            yield write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _csv(path: Path, labels: tuple[str, ...]) -> Iterator[Writer]:
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        table = csv.DictWriter(file, list(flat(Row(""), labels)))
        table.writeheader()
        yield lambda row: table.writerow(flat(row, labels))


@contextmanager
def _jsonl(path: Path, labels: tuple[str, ...]) -> Iterator[Writer]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda row: print(json.dumps(flat(row, labels)), file=file)


@contextmanager
def _parquet(path: Path, labels: tuple[str, ...]) -> Iterator[Writer]:
    schema = _schema(labels)
    waiting: list[dict] = []
    with pq.ParquetWriter(path, schema) as file:

        def write(row: Row) -> None:
            waiting.append(flat(row, labels))
            if len(waiting) == _BATCH:
                flush()

        def flush() -> None:
            file.write_table(pa.Table.from_pylist(waiting, schema))
            waiting.clear()

        yield write
        flush()


def _schema(labels: tuple[str, ...]) -> pa.Schema:
    texts = {"path", "found", "emotion", "reference", "thumbnail", "error"}
    counts = {"frame", "face"}
    return pa.schema(
        (name, pa.string() if name in texts else pa.int32() if name in counts else pa.float32())
        for name in flat(Row(""), labels)
    )


def summary(rows: Iterator[Row] | list[Row]) -> list[str]:
    """Return what a person wants to know of many rows, in a few lines."""
    emotions: dict[str, int] = {}
    without: set = set()
    failed: set = set()
    for row in rows:
        if row.emotion:
            emotions[row.emotion] = emotions.get(row.emotion, 0) + 1
        elif row.error.startswith(NO_FACE):
            without.add((row.path, row.frame))
        else:
            failed.add(row.path)
    faces = sum(emotions.values())
    lines = [f"{faces} faces read" if faces != 1 else "1 face read"]
    for emotion, count in sorted(emotions.items(), key=lambda item: -item[1]):
        lines.append(f"  {emotion:<10} {count:6}  {100 * count / faces:5.1f} %")
    if without:
        lines.append(f"  no face in {len(without)} pictures or frames")
    if failed:
        lines.append(f"  {len(failed)} files could not be read")
    return lines
