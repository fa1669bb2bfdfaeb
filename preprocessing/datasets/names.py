"""Sets whose files' names tell the emotion: JAFFE, KDEF, RaFD, and any with the word in it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facelines.preprocessing import files, labels
from facelines.preprocessing.datasets.folds import in_folds
from facelines.preprocessing.datasets.pictures import Items, items, name_below
from facelines.preprocessing.files import ERROR, OTHER
from facelines.preprocessing.samples import ReadError

_CODES = {
    "AF": "fear",
    "FE": "fear",
    "AN": "angry",
    "DI": "disgust",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprise",
}
_PATTERNS = {
    # KA.HA1.39.tiff: the person, the emotion and its take, a running number.
    "jaffe": re.compile(r"(?P<subject>[A-Z]{2})[.-](?P<code>AN|DI|FE|HA|NE|SA|SU)\d[.-]\d+", re.I),
    # AF01ANS.JPG: session, sex and number of the person, the emotion, the angle.
    "kdef": re.compile(
        r"[AB](?P<subject>[FM]\d\d)(?P<code>AF|AN|DI|HA|NE|SA|SU)(S|HL|HR|FL|FR)$", re.I
    ),
    # Rafd090_01_Caucasian_female_angry_frontal.jpg: angle, person, ..., the emotion, the gaze.
    "rafd": re.compile(r"Rafd\d+_(?P<subject>\d+)_\w+_(?P<word>[a-z]+)_(left|right|frontal)", re.I),
}
FORMATS = (*_PATTERNS, "names")
_WORDS = re.compile(r"[^\W\d_]+")
_ENOUGH = 0.5  # of the pictures: so many names that fit make a set of such names


@dataclass(frozen=True)
class Told:
    """What a file's name tells."""

    label: str
    subject: str | None = None


def told(format: str, path: Path) -> Told | None:
    """Return what a file's name tells by the rule of one of FORMATS, None where it does not."""
    if format == "names":
        label = _only_emotion(path.stem)
        return None if label is None else Told(label)
    match = _PATTERNS[format].match(path.stem)
    if match is None:
        return None
    known = match.groupdict()
    label = _CODES.get(known.get("code", "").upper()) or labels.canonical(known.get("word", ""))
    return None if label is None else Told(label, known["subject"].upper())


def _only_emotion(stem: str) -> str | None:
    """Return the emotion whose name is a word of a file's, None for none or more than one."""
    words = {labels.canonical(word) for word in _WORDS.findall(stem)} - {None}
    return words.pop() if len(words) == 1 else None


def recognise(names: Iterable[Path]) -> str | None:
    """Return which of FORMATS pictures are named by, None for none."""
    names = list(names)
    for format in FORMATS:
        found = [known.label for path in names if (known := told(format, path))]
        if len(found) > _ENOUGH * len(names) and len(set(found)) > 1:
            return format
    return None


def read(format: str, root: Path, every: int, skip: tuple[Path, ...]) -> Items:
    """Yield the pictures; where names tell the person, split by person into folds."""
    rows = _rows(format, root, every, skip)
    return rows if format == "names" else in_folds(rows)


def _rows(format: str, root: Path, every: int, skip: tuple[Path, ...]) -> Items:
    for found in files.walk(root, skip):
        name = name_below(root, found.path)
        if found.kind in (OTHER, ERROR):
            yield from items(found, name)
        elif (known := told(format, found.path)) is None:
            yield ReadError(name, f"its name tells no emotion as {format}'s names do.")
        else:
            yield from items(found, name, label=known.label, subject=known.subject, every=every)
