"""Readers: every data set that Facelines knows -> one stream of samples, decoded one at a time.

A bad row or file becomes a `ReadError` in the stream and the rest goes on; only what makes the
whole source unusable (missing, empty, a wrong header) raises `DatasetError`.
"""

import csv
import functools
import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from facelines.preprocessing import labels, rafdb
from facelines.preprocessing.images import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    ImageError,
    decode_gray,
    is_video,
    read_bytes,
    video_frames,
)
from facelines.preprocessing.samples import (
    WITHOUT_SPLIT,
    DatasetError,
    ReadError,
    Sample,
    VideoFrame,
)

FORMATS = ("fer2013", "icml", "tree", "ckplus", "rafdb", "photos", "video")
FER2013_SPLITS = ("Training", "PublicTest", "PrivateTest")
FOLDS = 10  # CK+ has no official split: its subjects are dealt to so many folds

_SPLIT_FOLDERS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test", "testing": "test",
    "publictest": "PublicTest", "privatetest": "PrivateTest",
}  # fmt: skip
_SUBJECT = re.compile(r"S(\d{3})_\d{3}_\d{8}", re.IGNORECASE)


@dataclass(frozen=True)
class Dataset:
    """A recognised source; `samples` streams it, in the same order every time."""

    path: str
    format: str
    ferplus: Path | None = None
    every: int = 1

    @property
    def name(self) -> str:
        """The source's own name, without the folders above it."""
        return Path(self.path).resolve().name

    @property
    def already_cropped(self) -> bool:
        """Whether each picture is one face already cut out."""
        return self.format not in ("photos", "video")

    def samples(self) -> Iterator[Sample | ReadError]:
        """Yield every picture as a Sample, every bad row as a ReadError.

        Raises:
            DatasetError: the FER+ file does not belong to the CSV.
        """
        if self.format in ("fer2013", "icml"):
            return _read_csv(Path(self.path), self.ferplus)
        if self.format == "tree":
            return _read_tree(Path(self.path))
        if self.format == "ckplus":
            return _read_ckplus(Path(self.path))
        if self.format == "rafdb":
            return rafdb.read(Path(self.path))
        return _read_photos(self.path, self.every)


def open_dataset(
    source: str | Path,
    format: str | None = None,
    ferplus: str | Path | None = None,
    every: int = 1,
) -> Dataset:
    """Recognise a source and check that it can be read.

    Args:
        source: a CSV, a folder, a photo, a video, or a glob of photos.
        format: one of FORMATS; by default it is recognised by content.
        ferplus: fer2013new.csv, whose rows follow the CSV's.
        every: take each n-th frame of a video.

    Raises:
        DatasetError: missing, empty, not recognised, or with a wrong header.
    """
    if format is not None and format not in FORMATS:
        raise DatasetError(f"Unknown format {format!r}; expected one of {', '.join(FORMATS)}.")
    if every < 1:
        raise DatasetError(f"Each n-th frame needs n of at least 1; received {every}.")
    _check_exists(source)
    format = format or detect_format(source)
    if ferplus is not None and format not in ("fer2013", "icml"):
        raise DatasetError(
            f"FER+ votes follow the rows of fer2013.csv; {source} is of format {format}."
        )
    dataset = Dataset(str(source), format, None if ferplus is None else Path(ferplus), every)
    try:
        first = next(dataset.samples(), None)
    except OSError as error:
        raise DatasetError(f"{source}: no source of format {format} ({error.strerror}).") from error
    if first is None:
        raise DatasetError(f"{source}: no picture in it (read as format {format}).")
    return dataset


def detect_format(source: str | Path) -> str:
    """Return which of FORMATS a source is, by its content.

    Raises:
        DatasetError: missing, or like none of them.
    """
    _check_exists(source)
    path = Path(source)
    if path.is_dir():
        return _detect_folder(path)
    if not path.exists():
        return "photos"  # a glob
    if path.name in rafdb.LIST_NAMES:
        return "rafdb"
    return _detect_file(path)


def _check_exists(source: str | Path) -> None:
    if Path(source).exists():
        return
    if not glob.has_magic(str(source)):
        raise DatasetError(f"{source}: no such file or folder.")
    if next(glob.iglob(str(source), recursive=True), None) is None:
        raise DatasetError(f"{source}: no file matches this pattern.")


def _detect_folder(path: Path) -> str:
    if rafdb.lists(path):
        return "rafdb"
    root = _tree_root(path)
    if root is None:
        return "photos"
    emotions = [folder for folder in _folders(root) if labels.canonical(folder.name)]
    names = [file.name for folder in emotions for file in _files(folder)[:1]]
    return "ckplus" if names and all(_SUBJECT.match(name) for name in names) else "tree"


def _detect_file(path: Path) -> str:
    if is_video(path):
        return "video"
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return "photos"
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}).") from error
    if path.suffix.lower() == ".csv" or b"pixels" in start.split(b"\n")[0]:
        header = start.split(b"\n")[0].decode("utf-8-sig", "replace")
        _csv_columns(path, header)
        return "icml" if " pixels" in header.split(",") else "fer2013"
    try:
        decode_gray(read_bytes(path))
    except ImageError as error:
        raise DatasetError(
            f"{path}: not recognised; expected a CSV, a folder, a photo or a video."
        ) from error
    return "photos"


# fer2013.csv and icml_face_data.csv


def _read_csv(path: Path, ferplus: Path | None) -> Iterator[Sample | ReadError]:
    """Yield the rows; FER2013's own names of the splits (the Usage column) are kept."""
    all_votes = None if ferplus is None else _read_ferplus(ferplus)
    index = -1
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        columns = _csv_columns(path, file.readline())
        for index, line in enumerate(line for line in file if line.strip()):
            row = _csv_sample(f"{path.name}:{index}", line, columns)
            if all_votes is not None:
                row = _with_votes(row, index, all_votes, ferplus)
            yield row
    if all_votes is not None and len(all_votes) != index + 1:
        raise DatasetError(
            f"{ferplus}: {len(all_votes)} rows for {index + 1} in {path.name}; "
            "expected the same number in the same order."
        )


def _csv_columns(path: Path, header: str) -> dict[str, int]:
    """Return the place of each column, from the first line."""
    names = [name.strip().strip('"').lower() for name in header.split(",")]
    if not header.strip():
        raise DatasetError(f"{path}: empty; expected a header emotion,pixels,Usage and rows.")
    if missing := [name for name in ("emotion", "pixels", "usage") if name not in names]:
        hint = " (this is FER+: give it as --ferplus)" if "unknown" in names else ""
        raise DatasetError(
            f"{path}: no column {' and '.join(missing)} in its header; "
            f"expected emotion,pixels,Usage{hint}."
        )
    return {name: names.index(name) for name in ("emotion", "pixels", "usage")}


def _csv_sample(source: str, line: str, columns: dict[str, int]) -> Sample | ReadError:
    fields = [field.strip().strip('"') for field in line.split(",")]
    if len(fields) <= max(columns.values()):
        return ReadError(source, f"{len(fields)} fields; expected emotion, pixels and Usage.")
    code, pixels, usage = (fields[columns[name]] for name in ("emotion", "pixels", "usage"))
    if not code.isdecimal() or int(code) >= len(labels.FER2013_CODES):
        return ReadError(source, f"unknown emotion code {code[:20]!r}; expected 0 to 6.")
    if usage not in FER2013_SPLITS:
        expected = ", ".join(FER2013_SPLITS)
        return ReadError(source, f"unknown Usage {usage[:20]!r}; expected one of {expected}.")
    return Sample(source, usage, labels.FER2013_CODES[int(code)], pixels)


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
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read as FER+'s fer2013new.csv ({error}).") from error
    width = 2 + len(labels.FERPLUS_COLUMNS)
    if len(header) != width or header[0].strip().lower() != "usage":
        raise DatasetError(
            f"{path}: not FER+'s fer2013new.csv; expected Usage, Image name and ten votes."
        )
    for index, row in enumerate(rows):
        if len(row) != width or not all(_is_vote(vote) for vote in row[2:]):
            raise DatasetError(f"{path}: row {index} does not hold ten votes of 0 to 255.")
    return [(row[0].strip(), tuple(map(int, row[2:]))) for row in rows]


def _is_vote(text: str) -> bool:
    return text.isdecimal() and int(text) <= 255


# Folders by emotion: Kaggle's tree and CK+


def _read_tree(path: Path) -> Iterator[Sample | ReadError]:
    """Yield `<split>/<emotion>/*`, or `<emotion>/*` alone.

    Kaggle's trees hold FER2013, so their splits get its names, and a tree and a CSV of the same
    pictures give the same rows: train is Training; test is PublicTest, unless a validation folder
    stands beside it: then validation is PublicTest and test is PrivateTest.
    """
    root = _tree_root(path)
    if root is None:
        raise DatasetError(f"{path}: no folder of an emotion's name (angry, happy ...) in it.")
    splits = [folder for folder in _folders(root) if _split_kind(folder)]
    if not splits:
        yield from _read_emotions(root, root, WITHOUT_SPLIT)
    kinds = {_split_kind(folder) for folder in splits}
    names = {
        "train": "Training",
        "validation": "PublicTest",
        "test": "PrivateTest" if "validation" in kinds else "PublicTest",
    }
    for folder in splits:
        kind = _split_kind(folder)
        yield from _read_emotions(root, folder, names.get(kind, kind))


def _tree_root(path: Path) -> Path | None:
    """Return the folder of the emotions or splits: this one or the only one inside it."""
    folders = _folders(path)
    for root in (path, *(folders if len(folders) == 1 else ())):
        inside = _folders(root)
        deeper = [part for folder in inside if _split_kind(folder) for part in _folders(folder)]
        if any(labels.canonical(folder.name) for folder in (*inside, *deeper)):
            return root
    return None


def _split_kind(folder: Path) -> str | None:
    return _SPLIT_FOLDERS.get(folder.name.lower())


def _read_emotions(root: Path, folder: Path, split: str) -> Iterator[Sample | ReadError]:
    for emotion in _folders(folder):
        label = labels.canonical(emotion.name)
        for file in _files(emotion):
            source = file.relative_to(root).as_posix()
            if label is None:
                yield ReadError(source, f"unknown emotion name {emotion.name!r} of its folder.")
            else:
                yield Sample(source, split, label, file)


def _read_ckplus(path: Path) -> Iterator[Sample | ReadError]:
    """Yield CK+48's frames, split into fold0 ... fold9 by subject, never by frame.

    The sorted subjects are dealt to the folds in turn, so all have the same number of them,
    give or take one.
    """
    root = _tree_root(path) or path
    rows = list(_read_emotions(root, root, WITHOUT_SPLIT))
    subjects = sorted({_subject(row) for row in rows} - {None})
    folds = {subject: f"fold{index % FOLDS}" for index, subject in enumerate(subjects)}
    for row in rows:
        subject = _subject(row)
        if isinstance(row, ReadError):
            yield row
        elif subject is None:
            yield ReadError(row.source, "no subject in its name; expected S###_###_########.")
        else:
            yield replace(row, split=folds[subject], subject=subject)


def _subject(row: Sample | ReadError) -> str | None:
    match = _SUBJECT.match(Path(row.source).name)
    return f"S{match[1]}" if match else None


# Photos and videos


def _read_photos(source: str, every: int) -> Iterator[Sample | ReadError]:
    """Yield a photo, a video's frames, a glob's or a folder's; there is no label."""
    path = Path(source)
    root = path if path.is_dir() else None
    for file in _picture_files(source):
        name = file.name if root is None and path.exists() else file.as_posix()
        name = name if root is None else file.relative_to(root).as_posix()
        if not is_video(file):
            yield Sample(name, WITHOUT_SPLIT, None, file)
            continue
        try:
            count = _frame_count(file, file.stat().st_mtime_ns)
        except (ImageError, OSError) as error:
            yield ReadError(name, str(error))
            continue
        for index in range(0, count, every):
            yield Sample(f"{name}:{index}", WITHOUT_SPLIT, None, VideoFrame(file, index))


def _picture_files(source: str) -> list[Path]:
    path = Path(source)
    if path.is_file():
        return [path]
    found = path.rglob("*") if path.is_dir() else map(Path, glob.glob(source, recursive=True))
    suffixes = PICTURE_SUFFIXES | VIDEO_SUFFIXES
    return sorted(file for file in found if file.suffix.lower() in suffixes and file.is_file())


@functools.lru_cache(maxsize=256)
def _frame_count(path: Path, modified: int) -> int:
    """Return how many frames can be decoded; what a file says of itself is often wrong."""
    return sum(1 for _ in video_frames(path))


def _folders(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if entry.is_dir())


def _files(path: Path) -> list[Path]:
    files = (entry for entry in path.iterdir() if entry.is_file())
    return sorted(file for file in files if not file.name.startswith("."))
