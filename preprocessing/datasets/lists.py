"""Labels in a list: AffectNet's and ExpW's, a CSV beside the pictures, or `--labels-from`."""

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facelines.preprocessing.datasets.contents import Contents, pictures_by_name
from facelines.preprocessing.datasets.folders import spelling, split_kind
from facelines.preprocessing.datasets.pictures import Items, items, name_below
from facelines.preprocessing.datasets.tables import BadRow, open_table, open_text
from facelines.preprocessing.files import PICTURE, Found, is_url, shown
from facelines.preprocessing.samples import (
    WITHOUT_SPLIT,
    DatasetError,
    PassedOver,
    ReadError,
    Region,
    Sample,
)

_AFFECTNET = (
    "neutral",
    "happy",
    "sad",
    "surprise",
    "fear",
    "disgust",
    "angry",
    "contempt",
    "none",
    "uncertain",
    "not a face",
)
_EXPW = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_NAMES = {
    "path": "path file filename file_name filepath file_path image image_path image_name imagename "
    "image_file img img_path img_name imgname picture photo pth subdirectory_filepath name",
    "label": "label labels emotion expression class class_name classname category target "
    "label_name emotion_label y",
    "split": "split usage set subset partition phase fold",
    "subject": "subject subject_id person person_id identity participant participant_id user",
    "weight": "weight sample_weight",
    "x": "face_x",
    "y": "face_y",
    "width": "face_width",
    "height": "face_height",
}
_COLUMNS = {alias: name for name, aliases in _NAMES.items() for alias in aliases.split()}
_EXPW_LINE = re.compile(
    r"(\S.*?)\s+(\d+)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)\s+(\S+)\s+([0-6])$"
)
_SUFFIXES = ("", ".jpg", ".png", ".jpeg")  # a list may leave them out
_ENOUGH = 0.5  # of the pictures: a list beside them that names so many is theirs
_SAMPLED = 200  # rows of a list that are looked at to recognise it


@dataclass(frozen=True)
class Row:
    """One row of a list. `error` is why it is none; label is as the list has it."""

    source: str
    path: str = ""
    label: str = ""
    split: str = WITHOUT_SPLIT
    subject: str | None = None
    weight: float | None = None
    box: tuple[int, int, int, int] | None = None  # x_min, y_min, x_max, y_max
    error: str = ""


@dataclass(frozen=True)
class Labels:
    """The lists of a set, how they are read, and what their labels are called.

    names: the label of each name or code in the lists; of others the row is an error.
    own, renamed: as `folders.Layout` has them.
    """

    lists: tuple[Path, ...]
    rows: Callable[[Path], Iterator[Row]]
    names: dict[str, str]
    own: tuple[str, ...] = ()
    renamed: dict[str, str] | None = None


# The rows of each kind of list


def table_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a CSV with a column of paths and one of labels, in whatever order.

    Without a header the first column is the path and the second the label.

    Raises:
        DatasetError: there is no such column.
    """
    with open_table(file, tuple(_COLUMNS)) as (header, rows):
        if len(header) == 1:  # no delimiter but blanks, which the paths may hold as well
            header, rows = _two_words(header), map(_two_words, rows)
        columns, first = _columns(header), []
        if not {"path", "label"} <= columns.keys():
            if len(header) != 2 or not Path(header[0]).suffix:
                raise DatasetError(
                    f"{shown(file)}: no column of paths and one of labels in its header; expected "
                    "path,label and, where there are such, split, subject and weight; "
                    f"received {', '.join(header)[:80]}."
                )
            columns, first = {"path": 0, "label": 1}, [header]
        split = split_kind(file.stem.split("_")[0]) or WITHOUT_SPLIT
        for index, fields in enumerate(itertools.chain(first, rows)):
            yield _table_row(f"{shown(file.name)}:{index}", fields, columns, split)


def _two_words(fields: list[str] | BadRow) -> list[str] | BadRow:
    return fields if isinstance(fields, BadRow) else " ".join(fields).rsplit(None, 1)


def _columns(header: list[str]) -> dict[str, int]:
    """Return the place of each column that is known; of two names for one the first counts."""
    columns = {}
    for index, name in enumerate(header):
        if known := _COLUMNS.get(name.replace(" ", "_")):
            columns.setdefault(known, index)
    return columns


def _table_row(source: str, fields: list[str] | BadRow, columns: dict, split: str) -> Row:
    if isinstance(fields, BadRow):
        return Row(source, error=f"no row of CSV: {fields}.")
    if len(fields) <= max(columns.values()):
        return Row(source, error=f"{len(fields)} fields; expected {max(columns.values()) + 1}.")
    known = {name: fields[place] for name, place in columns.items()}
    if not known["path"] or not known["label"]:
        return Row(source, error="no path or no label in it.")
    weight = None
    if known.get("weight"):
        weight = _number(known["weight"])
        if weight is None or weight < 0:
            return Row(source, error=f"weight {known['weight'][:20]!r}; expected 0 or more.")
    return Row(
        source,
        known["path"],
        known["label"],
        _split(known["split"]) if known.get("split") else split,
        shown(known.get("subject", "")) or None,
        weight,
        _box([known.get(name, "") for name in ("x", "y", "width", "height")]),
    )


def _split(name: str) -> str:
    """Return a split's name as training and evaluation look for it."""
    kind = split_kind(name)
    return shown(name) if kind is None else kind


def _box(fields: list[str]) -> tuple[int, int, int, int] | None:
    numbers = [_number(text) for text in fields]
    if None in numbers or min(numbers[2:]) <= 0:
        return None
    x, y, width, height = (int(number) for number in numbers)
    return x, y, x + width, y + height


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e9 else None


def expw_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of ExpW's label.lst: name, face, top, left, right, bottom, score, code."""
    with open_text(file) as lines:
        for index, line in enumerate(line.strip() for line in lines if line.strip()):
            source = f"{shown(file.name)}:{index}"
            match = _EXPW_LINE.match(line)
            if match is None:
                yield Row(source, error="no row of a name, six numbers and a code of 0 to 6.")
                continue
            top, left, right, bottom = (int(match[place][:8]) for place in range(3, 7))
            yield Row(source, match[1], match[8], box=(left, top, right, bottom))


def annotation_rows(file: Path) -> Iterator[Row]:
    """Yield the one row of AffectNet's train_set/annotations/12_exp.npy."""
    split = next(filter(None, map(split_kind, reversed(file.parts[:-1]))), WITHOUT_SPLIT)
    place = file.parent.parent / "images" / file.name[: -len("_exp.npy")]
    try:
        code = str(np.load(file, allow_pickle=False).item())
    except (OSError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())[:80]
        yield Row(shown(file.name), error=f"no label can be read from it ({reason}).")
        return
    yield Row(shown(file.name), place.as_posix() + ".jpg", code, split)


# Recognising them


def affectnet(contents: Contents) -> Labels | None:
    """Return AffectNet's labels: its CSVs with a column expression, or its annotations."""
    found = [file for file in contents.texts_like(r".*\.csv") if _is_affectnet(file)]
    rows = table_rows
    if not found:
        found, rows = contents.texts_like(r"\d+_exp\.npy"), annotation_rows
    if not found:
        return None
    return Labels(tuple(found), rows, {str(code): name for code, name in enumerate(_AFFECTNET)})


def _is_affectnet(file: Path) -> bool:
    try:
        with open_table(file, tuple(_COLUMNS)) as (header, _):
            return {"subdirectory_filepath", "expression"} <= set(header)
    except (DatasetError, UnicodeError):
        return False


def expw(contents: Contents) -> Labels | None:
    """Return ExpW's labels: a text of which most lines are as in its label.lst."""
    found = [
        file
        for file in contents.texts_like(r".*\.(lst|txt)")
        if sum(not row.error for row in _first(expw_rows, file)) > 0
    ]
    if not found:
        return None
    return Labels(tuple(found), expw_rows, {str(code): name for code, name in enumerate(_EXPW)})


def _first(rows: Callable, file: Path) -> list[Row]:
    try:
        return [row for row, _ in zip(rows(file), range(_SAMPLED), strict=False)]
    except (DatasetError, UnicodeError):
        return []


def beside(contents: Contents) -> Labels | None:
    """Return the labels of a list that names most of the pictures that it lies beside.

    Raises:
        DatasetError: its labels are numbers that only its makers know.
    """
    names = {path.name.lower() for path in contents.names}
    stems = {Path(name).stem for name in names}
    found = []
    for file in contents.texts_like(r".*\.(csv|tsv|txt|lst)"):
        rows = [row for row in _first(table_rows, file) if not row.error]
        last = {row.path.replace("\\", "/").rpartition("/")[2].lower() for row in rows}
        if len(last & (names | stems)) > _ENOUGH * min(len(last), len(names)):
            found.append(file)
    if not found:
        return None
    read = from_lists(tuple(found))
    if all(_number(name) is not None for name in read.names):
        raise DatasetError(
            f"{shown(found[0])}: its labels are numbers ({', '.join(sorted(read.names)[:8])}), "
            "whose emotions only the list's makers know; write their names into it, or give "
            f"--labels-from {shown(found[0])} to have the numbers as labels, or --format photos."
        )
    return read


def from_lists(lists: tuple[Path, ...]) -> Labels:
    """Return the labels of lists with paths and labels; they are called as there.

    Raises:
        DatasetError: a list cannot be read, or holds no label.
    """
    names = [row.label for file in lists for row in table_rows(file) if not row.error]
    if not names:
        raise DatasetError(f"{shown(lists[0])}: no row with a path and a label in it.")
    spelled, own = spelling(names)
    renamed = {name: label for name, label in sorted(spelled.items()) if name != label}
    return Labels(lists, table_rows, spelled, own, renamed)


# Reading the pictures that they name


def read(root: Path, known: Labels, every: int, skip: tuple[Path, ...]) -> Items:
    """Yield a sample for each row, then what else there is below the root."""
    named, others = pictures_by_name(root, skip)
    taken = set()
    for file in known.lists:
        for row in known.rows(file):
            path = None if row.error else _find(row.path, root, file.parent, named)
            yield from _items(row, path, root, known.names, every, taken)
    lists = {file.resolve() for file in known.lists}
    for found in others:
        if found.path.resolve() in lists:
            yield PassedOver(name_below(root, found.path), "lists of labels")
        else:
            yield from items(found, name_below(root, found.path))
    listed = {path for path, _ in taken}
    everything = (path for paths in named.values() for path in paths)
    for path in sorted(path for path in everything if path not in listed):
        yield PassedOver(name_below(root, path), "not in the list")


def _items(row: Row, path: Path | None, root: Path, names: dict, every: int, taken: set) -> Items:
    if row.error:
        yield ReadError(row.source, row.error)
        return
    where = shown(row.path)[:80]
    label = names.get(row.label)
    if label is None:
        expected = ", ".join(sorted(names)[:12])
        yield ReadError(row.source, f"unknown label {row.label[:20]!r}; expected {expected}.")
    elif path is None:
        yield ReadError(row.source, f"{where} is listed, but no one picture of this name is there.")
    elif (path, row.box) in taken:
        yield ReadError(row.source, f"{where} is listed a second time.")
    else:
        taken.add((path, row.box))
        yield from _listed(row, path, root, label, every)


def _listed(row: Row, path: Path, root: Path, label: str, every: int) -> Items:
    name = name_below(root, path) if path.is_relative_to(root) else shown(path)
    about = {"label": label, "subject": row.subject, "weight": row.weight}
    if row.box is None:
        yield from items(Found(path, PICTURE), name, split=row.split, every=every, **about)
        return
    number = row.source.rpartition(":")[2]  # a picture may have several faces
    yield Sample(f"{name}:{number}", row.split, content=Region(path, *row.box), **about)


def _find(text: str, root: Path, beside: Path, named: dict[str, list[Path]]) -> Path | None:
    """Return the picture that a list means: by its path, else by the end of it."""
    text = text.replace("\\", "/")
    if is_url(text) or "\0" in text:
        return None
    name = text.rpartition("/")[2].lower()
    candidates = next(filter(None, (named.get(name + suffix) for suffix in _SUFFIXES)), [])
    for place in (beside, root):
        if (path := _same(place / text, candidates)) is not None:
            return path
    ending = "/" + text.lstrip("./").lower()
    fitting = [path for path in candidates if path.as_posix().lower().endswith(ending)]
    fitting = fitting or candidates
    if len(fitting) == 1:
        return fitting[0]
    path = Path(text)
    return path if not fitting and path.is_absolute() and path.is_file() else None


def _same(path: Path, candidates: list[Path]) -> Path | None:
    return next((one for one in candidates if one == path), None)


def with_subjects(rows: Items, pattern: str) -> Items:
    """Yield rows with the subject that a regular expression finds in their sources.

    See `person_of`.
    """
    search = re.compile(pattern).search
    for row in rows:
        match = search(row.source) if isinstance(row, Sample) else None
        yield row if match is None else replace(row, subject=person_of(match))


def person_of(match: re.Match) -> str | None:
    """Return the person that a match names: its group `subject`, else its first, else all of it."""
    groups = match.groupdict()
    if "subject" in groups:
        return groups["subject"]
    return match[1] if match.re.groups else match[0]
