"""A recognised source: its stream of samples, and the account of its files."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from facelines.preprocessing import files
from facelines.preprocessing.datasets import ckplus, fer2013, folders, lists, names, pictures, rafdb
from facelines.preprocessing.datasets.pictures import Items
from facelines.preprocessing.datasets.recognise import FORMATS, Recognised, check_exists, recognise
from facelines.preprocessing.files import Found, shown
from facelines.preprocessing.samples import DatasetError, PassedOver, ReadError, Sample

_PHOTOS = ("photos", "video", "list")  # not known to be faces already cut out


@dataclass(frozen=True)
class Account:
    """What became of a source's files: files = read + the sum of passed_over.

    files: every file below the source; a folder that may not be read and a link that is not
        followed count as one.
    read: those whose pictures are rows, errors or left out.
    passed_over: the others, by why.
    """

    files: int
    read: int
    passed_over: dict[str, int]


@dataclass(frozen=True)
class Dataset:
    """A recognised source; `samples` streams it, in the same order every time.

    labels: the label set in order where it is the source's own, () where its labels are emotions.
    renamed: names in the source whose label is spelled otherwise.
    """

    path: str
    recognised: Recognised
    ferplus: Path | None = None
    every: int = 1
    subject_from: str | None = None
    skip: tuple[Path, ...] = ()

    @property
    def format(self) -> str:
        """One of FORMATS."""
        return self.recognised.format

    @property
    def name(self) -> str:
        """The source's own name, without the folders above it."""
        return shown(Path(self.path).resolve().name)

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set in order where it is the source's own, () where it is the emotions'."""
        named = self.recognised.layout or self.recognised.labels
        return named.own if named else ()

    @property
    def renamed(self) -> dict[str, str]:
        """Names of classes in the source whose label is spelled otherwise."""
        named = self.recognised.layout or self.recognised.labels
        return (named.renamed or {}) if named else {}

    @property
    def already_cropped(self) -> bool:
        """Whether each picture is one face already cut out."""
        return self.format not in _PHOTOS and not self.labels

    @property
    def one_face(self) -> bool:
        """Whether each picture shows one person, whose label it has."""
        return self.format not in ("photos", "video")

    def samples(self) -> Iterator[Sample | ReadError]:
        """Yield every picture as a Sample, every bad row or file as a ReadError.

        Raises:
            DatasetError: the FER+ file does not belong to the CSV.
        """
        return (item for item in self.items() if not isinstance(item, PassedOver))

    def items(self) -> Items:
        """Yield the samples and errors, and each file that is neither."""
        rows = self._items()
        return lists.with_subjects(rows, self.subject_from) if self.subject_from else rows

    def _items(self) -> Items:
        found, root = self.recognised, Path(self.path)
        if found.table:
            return fer2013.read(found.table, self.ferplus)
        if found.layout:
            inner = (
                ckplus.read_48(found.layout, self.skip)
                if self.format == "ckplus"
                else folders.read(found.layout, self.every, self.skip)
            )
            return chain(inner, folders.outside(root, found.layout.root, self.skip))
        if found.labels:
            return lists.read(root, found.labels, self.every, self.skip)
        if self.format == "ckplus":
            return ckplus.read_original(root, self.skip)
        if self.format == "rafdb":
            return rafdb.read(rafdb.folder_of(root), list(found.raf), self.skip)
        if self.format in names.FORMATS:
            return names.read(self.format, root, self.every, self.skip)
        return pictures.read(self.path, self.every, self.skip)

    def account(self) -> Account:
        """Go over the files once and return what becomes of each; nothing is decoded."""
        total = sum(1 for _ in self._files())
        if self.recognised.table:
            others = (found for found in self._files() if found.path != self.recognised.table)
            whys = (found.why or "beside the table of pixels" for found in others)
        else:
            whys = (item.why for item in self.items() if isinstance(item, PassedOver))
        passed_over = dict(sorted(Counter(whys).items()))
        return Account(total, total - sum(passed_over.values()), passed_over)

    def _files(self) -> Iterator[Found]:
        if self.recognised.table and not Path(self.path).is_dir():
            return iter([files.find(Path(self.path))])
        if self.format == "rafdb":
            return files.walk(rafdb.folder_of(Path(self.path)), self.skip)
        return (found for found, _ in pictures.found_in(self.path, self.skip))


def open_dataset(
    source: str | Path,
    format: str | None = None,
    ferplus: str | Path | None = None,
    every: int = 1,
    *,
    labels_from: str | Path | None = None,
    subject_from: str | None = None,
    skip: tuple[Path, ...] = (),
) -> Dataset:
    """Recognise a source and check that it can be read.

    Args:
        source: a CSV, a folder, a photo, a video, or a glob of photos.
        format: one of FORMATS; by default it is recognised by content.
        ferplus: fer2013new.csv, whose rows follow the CSV's.
        every: take each n-th frame of a video.
        labels_from: a CSV with columns path and label, and split, subject and weight if wanted,
            for the pictures of a folder.
        subject_from: a regular expression that finds the person in a picture's path: its group
            `subject`, else its first, else the whole of it.
        skip: folders below the source that are our own output.

    Raises:
        DatasetError: missing, empty, not recognised, or with a wrong header.
    """
    if format is not None and format not in FORMATS:
        raise DatasetError(f"Unknown format {format!r}; expected one of {', '.join(FORMATS)}.")
    if every < 1:
        raise DatasetError(f"Each n-th frame needs n of at least 1; received {every}.")
    skip = tuple(map(Path, skip))
    if labels_from is None:
        found = recognise(source, format, skip)
    else:
        found = _listed(source, format, Path(labels_from))
    if ferplus is not None and found.table is None:
        raise DatasetError(
            f"FER+ votes follow the rows of fer2013.csv; {source} is of format {found.format}."
        )
    _check_pattern(subject_from)
    dataset = Dataset(
        str(source), found, None if ferplus is None else Path(ferplus), every, subject_from, skip
    )
    _check_not_empty(dataset)
    return dataset


def _listed(source: str | Path, format: str | None, list_: Path) -> Recognised:
    check_exists(source)
    if format not in (None, "list") or not Path(source).is_dir():
        raise DatasetError(
            f"--labels-from names the pictures of a folder, without --format; received {source}"
            + (f" and --format {format}." if format else ".")
        )
    return Recognised("list", labels=lists.from_lists((list_,)))


def _check_pattern(subject_from: str | None) -> None:
    if subject_from is None:
        return
    try:
        re.compile(subject_from)
    except re.error as error:
        raise DatasetError(
            f"--subject-from {subject_from!r}: no regular expression ({error})."
        ) from error


def _check_not_empty(dataset: Dataset) -> None:
    source = shown(dataset.path)
    first = None
    for item in dataset.samples():
        first = first or item
        if dataset.subject_from is None or getattr(item, "subject", None) is not None:
            break
    else:
        if first is not None:
            raise DatasetError(
                f"{source}: --subject-from {dataset.subject_from!r} matches the path of no "
                f"picture; the first is {first.source}."
            )
    if first is None:
        raise DatasetError(f"{source}: no picture in it (read as format {dataset.format}).")
