"""RAF-DB: its partition list, or its table for each split -> samples."""

import functools
from collections.abc import Iterator
from pathlib import Path

from facelines.preprocessing import labels
from facelines.preprocessing.samples import DatasetError, ReadError, Sample

_PARTITIONS = ("list_partition_label.txt", "list_patition_label.txt")  # RAF-DB's own spelling
_TABLES = ("train_labels.csv", "test_labels.csv")
LIST_NAMES = (*_PARTITIONS, *_TABLES)


def read(path: Path) -> Iterator[Sample | ReadError]:
    """Yield RAF-DB's aligned faces; its splits are called train and test."""
    found = lists(path)
    if not found:
        raise DatasetError(
            f"{path}: no list_partition_label.txt, train_labels.csv or test_labels.csv in it."
        )
    for file in found:
        if file.suffix == ".txt":
            find = functools.partial(_aligned, _folder(file))
            rows = (line.split() for line in _lines(file))
        else:
            split = file.name.split("_")[0]
            find = functools.partial(_numbered, file.parent, split)
            rows = (line.replace(",", " ").split() for line in _lines(file)[1:])
        for index, row in enumerate(rows):
            yield _sample(f"{file.name}:{index}", row, find)


def lists(path: Path) -> list[Path]:
    """Return the one partition list, or train_labels.csv and test_labels.csv."""
    if path.is_file():
        return [path]
    places = (path, path / "EmoLabel", path / "basic" / "EmoLabel", path / "DATASET")
    for place in places:
        for name in _PARTITIONS:
            if (place / name).is_file():
                return [place / name]
        tables = [place / name for name in _TABLES]
        if any(table.is_file() for table in tables):
            return [table for table in tables if table.is_file()]
    return []


def _folder(partition: Path) -> Path:
    """Return the folder of the aligned faces that belongs to a partition list."""
    for above in (partition.parent, partition.parent.parent):
        for name in ("Image/aligned", "aligned", "image/aligned", "images"):
            if (above / name).is_dir():
                return above / name
    return partition.parent


def _aligned(folder: Path, name: str, code: str) -> Path:
    aligned = folder / f"{Path(name).stem}_aligned{Path(name).suffix}"
    return aligned if aligned.is_file() else folder / name


def _numbered(folder: Path, split: str, name: str, code: str) -> Path:
    root = folder / "DATASET" if (folder / "DATASET").is_dir() else folder
    return root / split / code / name


def _sample(source: str, row: list[str], find) -> Sample | ReadError:
    if len(row) != 2:
        return ReadError(source, f"{len(row)} fields; expected a file name and a code.")
    name, code = row
    if not code.isdecimal() or not 1 <= int(code) <= len(labels.RAFDB_CODES):
        return ReadError(source, f"unknown emotion code {code[:20]!r}; expected 1 to 7.")
    split = name.split("_")[0]
    if split not in ("train", "test"):
        return ReadError(source, f"{name[:40]!r} starts with neither train_ nor test_.")
    return Sample(name, split, labels.RAFDB_CODES[int(code) - 1], find(name, code))


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return [line for line in text.splitlines() if line.strip()]
