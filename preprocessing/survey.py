"""What must be known of every picture before its split can be dealt; nothing is looked at twice."""

import csv
import hashlib
import io
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facelines.preprocessing import executors, layout, shards, splits
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.samples import WITHOUT_SPLIT, ReadError, Sample

Items = Iterable[Sample | ReadError]
_VERSION = "survey 1"  # of the hashes


@dataclass(frozen=True)
class Contents:
    """What a source holds, counted without decoding anything.

    labelled: whether a picture has a label. split: whether one that has a label has a split too.
    unnamed: the first picture of which nothing says who is on it, "" if there is none.
    """

    pictures: int
    labelled: bool
    split: bool
    unnamed: str


def count(items: Items) -> Contents:
    """Go over a source once."""
    pictures, labelled, split, unnamed = 0, False, False, ""
    for item in items:
        pictures += 1
        if isinstance(item, Sample) and item.label is not None:
            labelled = True
            split |= item.split != WITHOUT_SPLIT
        if isinstance(item, Sample) and item.subject is None:
            unnamed = unnamed or item.source
    return Contents(pictures, labelled, split, unnamed)


def hashes(items: list[Sample | ReadError]) -> np.ndarray:
    """Return each picture's SHA-256 and look, uint8 (n, 32 + 32); zeros where there is none."""
    found = np.zeros((len(items), 32 + splits.LOOK_BYTES), np.uint8)
    for row, item in zip(found, items, strict=True):
        if isinstance(item, ReadError):
            continue
        try:
            gray = item.gray()
        except (ValueError, ArithmeticError, RuntimeError, cv2.error):
            continue  # listed as an error when its face is looked for
        row[:32] = np.frombuffer(bytes.fromhex(shards.picture_hash(gray)), np.uint8)
        row[32:] = splits.look(gray)
    return found


@dataclass(frozen=True)
class _Task:
    folder: Folder
    name: str
    place: int
    items: list[Sample | ReadError]


def _look(task: _Task) -> tuple[int, np.ndarray]:
    """Return a batch's place and hashes, as an earlier run left them where it did."""
    try:
        found = np.frombuffer(task.folder.read(task.name), np.uint8)
    except OSError:
        found = hashes(task.items).ravel()
        task.folder.write(task.name, found.tobytes())
    return task.place, found.reshape(len(task.items), -1)


def _tasks(items: Items, folder: Folder, size: int) -> Iterator[_Task]:
    all_of_one_split = (
        replace(item, split=WITHOUT_SPLIT) if isinstance(item, Sample) else item for item in items
    )
    for batch in shards.batches(all_of_one_split, size):
        name = f"{layout.SURVEYS}/{shards.items_key(batch.items, _VERSION)[:20]}.bin"
        yield _Task(folder, name, batch.place, batch.items)


def deal(samples, folder: Folder, *, pictures: int, size: int, workers: int, seed: int) -> "Dealt":
    """Deal the labelled pictures of a source without splits to train, validation and test.

    People, copies and look-alikes stay together (see `splits`). What an earlier run dealt stays as
    it was, so a set can grow.

    Args:
        samples: called for the source's stream, once for the pictures and once for their names.
        pictures: how many there are.
    """
    found = np.zeros((pictures, 32 + splits.LOOK_BYTES), np.uint8)
    tasks = _tasks(samples(), folder, size)
    done = executors.in_processes(_look, tasks, workers) if workers > 1 else map(_look, tasks)
    for place, part in done:
        found[place : place + len(part)] = part
    rows, sources, labels, subjects = array("q"), [], [], []
    for row, item in enumerate(samples()):
        if isinstance(item, Sample) and item.label is not None and row < pictures:
            rows.append(row)
            sources.append(item.source)
            labels.append(item.label)
            subjects.append(item.subject)
    found = found[np.frombuffer(rows, np.int64)]
    pictures_ = [sha.tobytes() if sha.any() else b"" for sha in found[:, :32]]
    seen = found[:, :32].any(axis=1)
    places = np.flatnonzero(seen)
    pairs = [
        (places[first], places[second])
        for first, second in splits.look_alikes(np.ascontiguousarray(found[seen, 32:]))
    ]
    together = splits.groups(len(sources), (subjects, pictures_), pairs)
    before = _read(folder)
    names = splits.assign(
        labels, together, sources, seed=seed, known=[before.get(source, "") for source in sources]
    )
    return Dealt(dict(zip(sources, names.tolist(), strict=True)), len(set(filter(None, subjects))))


@dataclass(frozen=True)
class Dealt:
    """The split that each source was dealt to, and how many people are known among them."""

    splits: dict[str, str]
    people: int = 0

    def apply(self, items: Items) -> Iterator[Sample | ReadError]:
        """Yield the items with their splits."""
        for item in items:
            split = self.splits.get(item.source) if isinstance(item, Sample) else None
            yield item if split is None else replace(item, split=split)

    def write(self, folder: Folder) -> None:
        """Record the splits, as a CSV of source and split."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("source", "split"), *self.splits.items()])
        folder.write(layout.SPLIT, text.getvalue().encode(errors="replace"))


def _read(folder: Folder) -> dict[str, str]:
    try:
        text = folder.read(layout.SPLIT).decode()
    except OSError:
        return {}
    return dict(row for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 2)


class Changes:
    """What is new, changed and gone since the last complete run: 16 bytes a sample, no names."""

    def __init__(self) -> None:
        self._items = array("Q")

    def watch(self, items: Items) -> Iterator[Sample | ReadError]:
        """Yield the items, taking note of each."""
        for item in items:
            self._items.append(_number(item.source.encode(errors="replace")))
            self._items.append(_number(shards.identity(item)))
            yield item

    def since(self, folder: Folder) -> dict[str, int]:
        """Return the counts {new, changed, gone}; {} where no run was complete before."""
        try:
            before = _table(folder.read(layout.ITEMS))
        except OSError:
            return {}
        now = _table(self._items.tobytes())
        _, places_now, places_before = np.intersect1d(now[:, 0], before[:, 0], return_indices=True)
        kept = len(places_now)
        changed = int(np.sum(now[places_now, 1] != before[places_before, 1]))
        return {"new": len(now) - kept, "changed": changed, "gone": len(before) - kept}

    def write(self, folder: Folder) -> None:
        """Record the items for the next run."""
        folder.write(layout.ITEMS, self._items.tobytes())


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")


def _table(data: bytes) -> np.ndarray:
    """Return names and contents as numbers, uint64 (n, 2)."""
    return np.frombuffer(data, "<u8").reshape(-1, 2)
