"""CK+: the 48x48 class folders that are passed on, and the original sequences with `Emotion`."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facelines.preprocessing import files
from facelines.preprocessing.datasets import folders
from facelines.preprocessing.datasets.contents import Contents
from facelines.preprocessing.datasets.folders import Layout
from facelines.preprocessing.datasets.folds import in_folds
from facelines.preprocessing.datasets.pictures import Items, items, name_below
from facelines.preprocessing.files import ERROR, OTHER, Found
from facelines.preprocessing.samples import (
    WITHOUT_SPLIT,
    PassedOver,
    ReadError,
    Sample,
)

# The codes in Emotion/S005/001/S005_001_00000011_emotion.txt.
_CODES = ("neutral", "angry", "contempt", "disgust", "fear", "happy", "sad", "surprise")
_FRAME = re.compile(r"(S\d{3})_(\d{3})_(\d{8})", re.IGNORECASE)
_EMOTION = r"S\d{3}_\d{3}_\d{8}_emotion\.txt"
_PEAK = 3  # frames at a sequence's end that show the emotion, as in the 48x48 faces


def is_48(contents: Contents, layout: Layout) -> bool:
    """Tell whether all pictures of class folders are named as CK+'s frames."""
    names = [path for path in contents.names if folders.class_of(layout, path)]
    return bool(names) and all(_FRAME.match(path.name) for path in names)


def emotions(contents: Contents) -> list[Path]:
    """Return the original's files of labels."""
    return contents.texts_like(_EMOTION)


def read_48(layout: Layout, skip: tuple[Path, ...]) -> Items:
    """Yield the class folders' frames, split by subject into folds."""
    return in_folds(_with_subjects(folders.read(layout, 1, skip)))


def _with_subjects(rows: Items) -> Items:
    for row in rows:
        if not isinstance(row, Sample):
            yield row
        elif match := _FRAME.match(Path(row.source).name):
            yield replace(row, subject=match[1].upper(), split=WITHOUT_SPLIT)
        else:
            yield ReadError(row.source, "no subject in its name; expected S###_###_########.")


def read_original(root: Path, skip: tuple[Path, ...]) -> Items:
    """Yield of each labelled sequence its last three frames, and its first as neutral.

    A sequence begins neutral and ends with the emotion; the frames between show neither quite.
    """
    return in_folds(_original(root, skip))


def _original(root: Path, skip: tuple[Path, ...]) -> Items:
    sequences, emotions_of = {}, {}
    for found in files.walk(root, skip):
        name = name_below(root, found.path)
        match = _FRAME.match(found.path.name)
        sequence = match and (match[1].upper(), match[2])
        if match and re.fullmatch(_EMOTION, found.path.name, re.IGNORECASE):
            label = _label(found.path)
            if label is None:
                yield ReadError(name, "holds no code of an emotion; expected 0 to 7.")
            else:
                emotions_of[sequence] = label
                yield PassedOver(name, "lists of labels")
        elif found.kind in (OTHER, ERROR):
            yield from items(found, name)
        elif not match:
            yield PassedOver(name, "no frame of CK+ by its name")
        else:
            sequences.setdefault(sequence, []).append(found)
    for sequence, frames in sorted(sequences.items()):
        yield from _frames(root, sequence[0], frames, emotions_of.pop(sequence, None))
    for subject, number in sorted(emotions_of):
        yield ReadError(f"{subject}/{number}", "has a label, but no frame of it is there.")


def _frames(root: Path, subject: str, frames: list[Found], label: str | None) -> Iterator:
    frames = sorted(frames, key=lambda found: found.path.name)
    peak = len(frames) - _PEAK
    for index, found in enumerate(frames):
        name = name_below(root, found.path)
        if label is None:
            yield PassedOver(name, "of a sequence without a label")
        elif index >= max(peak, 1) or len(frames) == 1:
            yield from items(found, name, label=label, subject=subject)
        elif index == 0:
            yield from items(found, name, label="neutral", subject=subject)
        else:
            yield PassedOver(name, "between neutral and the emotion")


def _label(path: Path) -> str | None:
    try:
        code = float(path.read_text("ascii").split()[0])
        return _CODES[int(code)] if code == int(code) and code >= 0 else None
    except (OSError, ValueError, IndexError, OverflowError):
        return None
