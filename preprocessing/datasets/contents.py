"""What a folder holds, seen in one walk: what the recogniser decides by."""

import functools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from facelines.preprocessing import files
from facelines.preprocessing.files import OTHER, PICTURE, VIDEO, Found

Parts = tuple[str, ...]  # a folder's names below the root; () is the root itself

_TEXTS = (".csv", ".tsv", ".txt", ".lst", ".npy", ".json", ".xml", ".xlsx", ".xls", ".mat", ".pkl")
_TOLD = 200_000  # texts kept by name; more are counted only by what their folder shows


@dataclass
class Contents:
    """A folder's pictures by folder, and the texts beside them.

    pictures: how many pictures and videos lie directly in each folder that has any.
    names: up to 10,000 pictures' paths, a few of each folder.
    texts: files that may hold labels, by path.
    """

    root: Path
    pictures: dict[Parts, int] = field(default_factory=dict)
    names: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many pictures and videos there are."""
        return sum(self.pictures.values())

    @functools.cached_property
    def _below(self) -> dict[Parts, int]:
        totals = Counter()
        for place, count in self.pictures.items():
            for depth in range(len(place) + 1):
                totals[place[:depth]] += count
        return totals

    @functools.cached_property
    def _folders(self) -> dict[Parts, set[str]]:
        inside = defaultdict(set)
        for place in self._below:
            if place:
                inside[place[:-1]].add(place[-1])
        return inside

    def below(self, parts: Parts) -> int:
        """Return how many pictures a folder holds, at any depth."""
        return self._below.get(parts, 0)

    def folders(self, parts: Parts) -> list[str]:
        """Return the names of the folders directly in a folder that hold pictures, sorted."""
        return sorted(self._folders.get(parts, ()))

    def texts_like(self, pattern: str) -> list[Path]:
        """Return the texts whose whole name matches, in any case."""
        return [path for path in self.texts if re.fullmatch(pattern, path.name, re.IGNORECASE)]


_EXAMPLES = 25  # of each folder
_MOST_EXAMPLES = 10_000


def look(root: Path, skip: tuple[Path, ...] = ()) -> Contents:
    """Walk over a folder once and return what it holds."""
    contents = Contents(root)
    for found in files.walk(root, skip):
        parts = parts_of(root, found.path)
        if found.kind in (PICTURE, VIDEO):
            seen = contents.pictures.get(parts, 0)
            contents.pictures[parts] = seen + 1
            if seen < _EXAMPLES and len(contents.names) < _MOST_EXAMPLES:
                contents.names.append(found.path)
        elif is_text(found) and len(contents.texts) < _TOLD:
            contents.texts.append(found.path)
    return contents


def is_text(found: Found) -> bool:
    """Tell whether a file that is passed over may hold labels."""
    plain = found.kind == OTHER and found.why == files.NO_PICTURE
    return plain and found.path.suffix.lower() in _TEXTS


def parts_of(root: Path, path: Path) -> Parts:
    """Return the names of the folders between a root and a file below it."""
    return path.parts[len(root.parts) : -1]


def pictures_by_name(root: Path, skip: tuple[Path, ...]) -> tuple[dict[str, list[Path]], list]:
    """Return every picture and video by its lower-case name, and what else the walk found."""
    named, others = {}, []
    for found in files.walk(root, skip):
        if found.kind in (PICTURE, VIDEO):
            named.setdefault(found.path.name.lower(), []).append(found.path)
        else:
            others.append(found)
    return named, others
