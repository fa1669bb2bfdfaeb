"""fer2013.csv, icml_face_data.csv and their kin: a row of pixels a face; FER+'s votes by row."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facelines.preprocessing import labels
from facelines.preprocessing.datasets.tables import BadRow, open_table
from facelines.preprocessing.files import shown
from facelines.preprocessing.samples import WITHOUT_SPLIT, DatasetError, ReadError, Sample

SPLITS = ("Training", "PublicTest", "PrivateTest")
NAMES = ("fer2013.csv", "icml_face_data.csv")  # as which the set is passed on
COLUMNS = ("emotion", "pixels", "usage")
_USAGES = {name.lower(): name for name in SPLITS} | {"train": "Training"}
# Of Kaggle's first challenge, whose files have no Usage: train.csv, and test.csv without emotions.
_FILES = {"train": "Training", "test": WITHOUT_SPLIT}
_CODES = (*labels.FER2013_CODES, "contempt")  # the eighth in ckextended.csv


def is_icml(header: str) -> bool:
    """Tell whether a first line is icml_face_data.csv's, whose names follow blanks."""
    return " pixels" in header.split(",")


def read(path: Path, ferplus: Path | None = None) -> Iterator[Sample | ReadError]:
    """Yield the rows; FER2013's own names of the splits (the Usage column) are kept.

    Raises:
        DatasetError: no such header, or FER+ votes of another file.
    """
    all_votes = None if ferplus is None else _read_ferplus(ferplus)
    index = -1
    name = shown(path.name)
    with open_table(path, COLUMNS) as (header, rows):
        columns = _columns(path, header)
        for index, fields in enumerate(rows):
            row = _sample(f"{name}:{index}", fields, columns, len(header), path)
            if all_votes is not None:
                row = _with_votes(row, index, all_votes, ferplus)
            yield row
    if all_votes is not None and len(all_votes) != index + 1:
        raise DatasetError(
            f"{ferplus}: {len(all_votes)} rows for {index + 1} in {path.name}; "
            "expected the same number in the same order."
        )


def check(path: Path) -> None:
    """Raise a DatasetError unless a file has the header of such a table."""
    with open_table(path, COLUMNS) as (header, _):
        _columns(path, header)


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    """Return the place of each column that there is; `pixels` must be."""
    if not any(header):
        raise DatasetError(
            f"{shown(path)}: empty; expected a header emotion,pixels,Usage and rows."
        )
    needed = ("pixels",) if path.stem.lower() in _FILES else ("emotion", "pixels")
    if missing := [name for name in needed if name not in header]:
        if set(header) & {"usage"} or not set(header) & {"emotion", "pixels"}:
            missing = [name for name in COLUMNS if name not in header]
        hint = " (this is FER+: give it as --ferplus)" if "unknown" in header else ""
        raise DatasetError(
            f"{shown(path)}: no column {' and '.join(missing)} in its header; "
            f"expected emotion,pixels,Usage{hint}."
        )
    return {name: header.index(name) for name in COLUMNS if name in header}


def _sample(
    source: str, fields: list[str] | BadRow, columns: dict[str, int], width: int, path: Path
) -> Sample | ReadError:
    if isinstance(fields, BadRow):
        return ReadError(source, f"no row of CSV: {fields}.")
    if len(fields) < width:
        return ReadError(source, f"{len(fields)} fields; expected emotion, pixels and Usage.")
    fields = _joined(fields, columns["pixels"], width)
    label = None
    if "emotion" in columns:
        code = fields[columns["emotion"]]
        label = _label(code)
        if label is None:
            return ReadError(source, f"unknown emotion code {code[:20]!r}; expected 0 to 6.")
    split = _FILES.get(path.stem.lower(), WITHOUT_SPLIT)
    if "usage" in columns:
        usage = fields[columns["usage"]]
        split = _USAGES.get(usage.lower())
        if split is None:
            expected = ", ".join(SPLITS)
            return ReadError(source, f"unknown Usage {usage[:20]!r}; expected one of {expected}.")
    return Sample(source, split, label, fields[columns["pixels"]])


def _joined(fields: list[str], pixels: int, width: int) -> list[str]:
    """Put pixels together that commas without quotes have made so many fields."""
    end = pixels + 1 + len(fields) - width
    return [*fields[:pixels], " ".join(fields[pixels:end]), *fields[end:]]


def _label(code: str) -> str | None:
    if code.isdecimal() and len(code) < 4:
        return _CODES[int(code)] if int(code) < len(_CODES) else None
    return labels.canonical(code)


def _with_votes(row: Sample | ReadError, index: int, all_votes: list, ferplus: Path):
    if index >= len(all_votes):
        raise DatasetError(
            f"{ferplus}: only {len(all_votes)} rows; expected one for each row of the CSV."
        )
    usage, votes = all_votes[index]
    if isinstance(row, ReadError):
        return row
    if usage != row.split:
        raise DatasetError(
            f"{ferplus}: row {index} is of {usage!r} but {row.source} is of {row.split!r}; "
            "expected both files in the same order."
        )
    return replace(row, votes=votes)


def _read_ferplus(path: Path) -> list[tuple[str, tuple[int, ...]]]:
    """Return (Usage, the ten votes) for each row of fer2013new.csv."""
    with open_table(path, ("usage", "neutral", "unknown")) as (header, records):
        rows = list(records)
    width = 2 + len(labels.FERPLUS_COLUMNS)
    if len(header) != width or header[0] != "usage":
        raise DatasetError(
            f"{path}: not FER+'s fer2013new.csv; expected Usage, Image name and ten votes."
        )
    for index, row in enumerate(rows):
        bad = isinstance(row, BadRow) or len(row) != width
        if bad or not all(_is_vote(vote) for vote in row[2:]):
            raise DatasetError(f"{path}: row {index} does not hold ten votes of 0 to 255.")
    return [(row[0], tuple(map(int, row[2:]))) for row in rows]


def _is_vote(text: str) -> bool:
    return text.isdecimal() and len(text) < 4 and int(text) <= 255
