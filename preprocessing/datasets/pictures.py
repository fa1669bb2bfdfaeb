"""Photos and videos without labels; and what every reader makes of one file that is found."""

import functools
import glob
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facelines.preprocessing import files, images
from facelines.preprocessing.files import ERROR, OTHER, VIDEO, Found, shown
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.samples import (
    WITHOUT_SPLIT,
    PassedOver,
    ReadError,
    Sample,
    VideoFrame,
)

Items = Iterator[Sample | ReadError | PassedOver]


def read(source: str, every: int, skip: tuple[Path, ...]) -> Items:
    """Yield a photo, a video's frames, a glob's or a folder's; there is no label."""
    for found, name in found_in(source, skip):
        yield from items(found, name, every=every)


def found_in(source: str, skip: tuple[Path, ...]) -> Iterator[tuple[Found, str]]:
    """Yield (file, its name) of a folder's files, of one file, or of those a glob matches."""
    path = Path(source)
    if path.is_dir():
        for found in files.walk(path, skip):
            yield found, name_below(path, found.path)
    elif path.exists():
        yield _named(path), shown(path.name)
    else:
        for path in map(Path, sorted(glob.glob(source, recursive=True))):
            yield from _matched(path, source, skip)


def _named(path: Path) -> Found:
    """Return one file that the user named: not to be read is an error."""
    found = files.find(path)
    return replace(found, kind=ERROR) if found.kind == OTHER else found


def _matched(path: Path, pattern: str, skip: tuple[Path, ...]) -> Iterator[tuple[Found, str]]:
    if not path.is_dir():
        yield files.find(path), shown(path)
    elif "**" not in pattern:  # which matches what is in its folders by itself
        yield from ((found, shown(found.path)) for found in files.walk(path, skip))


def name_below(root: Path, path: Path) -> str:
    """Return a file's stable name: its path below the root, as any file format can hold it."""
    return shown("/".join(path.parts[len(root.parts) :]) or path.name)


def items(found: Found, name: str, *, split: str = WITHOUT_SPLIT, every: int = 1, **known) -> Items:
    """Yield a picture as a sample, a video as its frames', and of another file what it is.

    Args:
        known: label, subject and weight of the samples.
    """
    known.setdefault("label", None)
    if found.kind == ERROR:
        yield ReadError(name, f"{found.why}.")
    elif found.kind == OTHER:
        yield PassedOver(name, found.why)
    elif found.kind == VIDEO or (not found.still and images.moves(found.path)):
        yield from _frames(found.path, name, split, every, known)
    else:
        yield Sample(name, split, content=found.path, **known)


def _frames(path: Path, name: str, split: str, every: int, known: dict) -> Items:
    try:
        count, broken = _frame_count(path, path.stat().st_mtime_ns)
    except (ImageError, OSError) as error:
        yield ReadError(name, str(error))
        return
    for index in range(0, count, every):
        yield Sample(f"{name}:{index}", split, content=VideoFrame(path, index), **known)
    if broken:
        yield ReadError(name, broken)


@functools.lru_cache(maxsize=1 << 16)  # two numbers each, and the stream is gone over again
def _frame_count(path: Path, modified: int) -> tuple[int, str]:
    """Return how many frames can be decoded, and a sentence where the file breaks off.

    What a file says of itself is often wrong, so all are decoded once.
    """
    count = 0
    try:
        for _ in images.video_frames(path):
            count += 1
    except images.CutOffError as error:
        return count, str(error)
    return count, ""
