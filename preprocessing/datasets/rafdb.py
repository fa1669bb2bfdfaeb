"""RAF-DB: its partition list, its table for each split, or its folders 1 to 7 -> samples.

The pictures are found by their names, wherever they lie below the source.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from facelines.preprocessing import files, labels
from facelines.preprocessing.datasets.contents import Contents, pictures_by_name
from facelines.preprocessing.datasets.pictures import Items, items, name_below
from facelines.preprocessing.datasets.tables import BadRow, open_table, open_text
from facelines.preprocessing.files import ERROR, OTHER, PICTURE, shown
from facelines.preprocessing.samples import DatasetError, PassedOver, ReadError, Sample

_PARTITIONS = r"list_par?tition_label\.txt"  # RAF-DB's own spelling is list_patition
_TABLES = r"(train|test)_labels\.csv"
_NAME = re.compile(r"(train|test)_\d+(_aligned)?$", re.IGNORECASE)
_CODES = "1234567"


def is_list(path: Path) -> bool:
    """Tell whether a file is one of RAF-DB's lists, by its name."""
    return re.fullmatch(f"{_PARTITIONS}|{_TABLES}", path.name, re.IGNORECASE) is not None


def lists(contents: Contents) -> list[Path]:
    """Return the one partition list, or train_labels.csv and test_labels.csv."""
    partitions = contents.texts_like(_PARTITIONS)
    tables = contents.texts_like(_TABLES)
    return partitions[:1] or sorted(tables, key=lambda path: path.name.lower(), reverse=True)


def folder_of(source: Path) -> Path:
    """Return the folder below which the pictures are: a list may lie in one beside theirs."""
    if source.is_dir():
        return source
    beside = any(found.kind == PICTURE for found in files.walk(source.parent))
    return source.parent if beside else source.parent.parent


def is_numbered(contents: Contents) -> bool:
    """Tell whether the pictures lie in folders 1 to 7 and are named as RAF-DB's."""
    named = [path for path in contents.names if _NAME.match(path.stem)]
    numbered = [path for path in named if _code_above(contents.root, path)]
    return bool(contents.names) and len(numbered) > len(contents.names) / 2


def read(root: Path, found: list[Path], skip: tuple[Path, ...]) -> Items:
    """Yield the faces that the lists name, or those of the folders 1 to 7.

    Its splits are called train and test. Of a face both aligned and original the aligned counts.
    """
    if not found:
        yield from _numbered(root, skip)
        return
    named, others = pictures_by_name(root, skip)
    taken = set()
    for file in found:
        for index, row in enumerate(_rows(file)):
            item = _sample(f"{shown(file.name)}:{index}", row, named)
            if isinstance(item, Sample):
                taken.add(item.content)
            yield item
    for file in others:
        if file.path in found:
            yield PassedOver(name_below(root, file.path), "lists of labels")
        else:
            yield from items(file, name_below(root, file.path))
    for path in sorted(path for paths in named.values() for path in paths if path not in taken):
        yield PassedOver(name_below(root, path), "not in the list, or not aligned")


def _rows(file: Path) -> Iterator[list[str] | BadRow]:
    if file.suffix.lower() == ".txt":
        with open_text(file) as text:
            yield from (line.split() for line in text if line.strip())
        return
    with open_table(file, ("image", "label")) as (header, rows):
        if header and header[-1].isdecimal():  # the list alone, without a header
            yield header
        yield from rows


def _sample(source: str, row: list[str] | BadRow, named: dict[str, list[Path]]):
    if isinstance(row, BadRow):
        return ReadError(source, f"no row of CSV: {row}.")
    if len(row) != 2:
        return ReadError(source, f"{len(row)} fields; expected a file name and a code.")
    name, code = row
    if len(code) != 1 or code not in _CODES:
        return ReadError(source, f"unknown emotion code {code[:20]!r}; expected 1 to 7.")
    split = name.split("_")[0].lower()
    if split not in ("train", "test"):
        return ReadError(source, f"{name[:40]!r} starts with neither train_ nor test_.")
    path = _picture(name, named)
    if path is None:
        return ReadError(source, f"{name[:80]} is listed, but no picture of this name is there.")
    return Sample(shown(name), split, labels.RAFDB_CODES[int(code) - 1], path)


def _picture(name: str, named: dict[str, list[Path]]) -> Path | None:
    stem = Path(name).stem.lower().removesuffix("_aligned")
    suffix = Path(name).suffix.lower()
    for wanted in (
        f"{stem}_aligned{suffix}",
        f"{stem}_aligned.jpg",
        f"{stem}_aligned.png",
        f"{stem}{suffix}",
    ):
        if wanted in named:
            return named[wanted][0]
    return None


def _numbered(root: Path, skip: tuple[Path, ...]) -> Items:
    for found in files.walk(root, skip):
        name = name_below(root, found.path)
        if found.kind in (OTHER, ERROR):
            yield from items(found, name)
            continue
        code, split = _code_above(root, found.path), _split_of(root, found.path)
        if code is None or split is None:
            yield PassedOver(name, "in no folder 1 to 7 of train or test")
            continue
        yield from items(found, name, split=split, label=labels.RAFDB_CODES[int(code) - 1])


def _code_above(root: Path, path: Path) -> str | None:
    parts = path.relative_to(root).parts[:-1]
    return next((name for name in reversed(parts) if len(name) == 1 and name in _CODES), None)


def _split_of(root: Path, path: Path) -> str | None:
    for name in (path.name, *reversed(path.relative_to(root).parts[:-1])):
        if match := re.match(r"(train|test)(?![a-z])", name, re.IGNORECASE):
            return match[1].lower()
    return None


def check(root: Path, found: list[Path], contents: Contents) -> None:
    """Raise a DatasetError where there is neither a list nor a numbered folder."""
    if not found and not any(_code_above(root, path) for path in contents.names):
        raise DatasetError(
            f"{shown(root)}: no list_partition_label.txt, train_labels.csv, test_labels.csv, or "
            "folders 1 to 7 in it."
        )
