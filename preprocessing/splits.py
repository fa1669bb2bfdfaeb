"""A seeded split for data that comes without one: no person and no look-alikes are cut apart.

Everything here is pure: arrays in, arrays out.
"""

import hashlib
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
SEED = 1
LOOK_BYTES = 32
_SIDE = 16
_ALIKE = (
    16  # of 256 bits may differ: JPEG's and resizing's traces do, two of FER2013's faces do not
)
_MOST_LOOKS = 30_000  # every pair is compared: with more pictures only equal ones stay together


def look(gray: np.ndarray) -> np.ndarray:
    """Return a picture's perceptual hash, uint8 (32,): which way brightness goes, place by place.

    The difference hash of Krawetz (2013) at 16x16; two pictures look alike where few of its 256
    bits differ.

    Args:
        gray: uint8 (H, W).
    """
    small = cv2.resize(gray, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(small[:, 1:] > small[:, :-1])


def look_alikes(looks: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs of rows that look alike, of hashes uint8 (n, 32).

    With more than 30,000 rows there are none: every pair is compared.
    """
    if len(looks) > _MOST_LOOKS:
        return []
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    found = []
    for start in range(0, len(looks), 1000):
        for row, matches in enumerate(
            matcher.radiusMatch(looks[start : start + 1000], looks, _ALIKE), start
        ):
            found += [(row, match.trainIdx) for match in matches if match.trainIdx > row]
    return found


def groups(
    count: int, names: Iterable[Sequence], pairs: Iterable[tuple[int, int]] = ()
) -> np.ndarray:
    """Return a group for each of `count` rows, int (n,): the first row that it belongs with.

    Args:
        names: sequences (n,), such as the subjects or the hashes of the pictures: rows of an equal
            name belong together; an empty name says nothing.
        pairs: rows that belong together too.
    """
    parents = np.arange(count)

    def first(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    def join(row: int, other: int) -> None:
        row, other = first(row), first(other)
        parents[max(row, other)] = min(row, other)

    for column in names:
        seen: dict = {}
        for row, name in enumerate(column):
            if name:
                join(row, seen.setdefault(name, row))
    for row, other in pairs:
        join(row, other)
    return np.array([first(row) for row in range(count)], np.intp)


def assign(
    labels: Sequence[str],
    groups: np.ndarray,
    keys: Sequence[str],
    *,
    shares: dict[str, float] = SHARES,
    seed: int = SEED,
    known: Sequence[str] | None = None,
) -> np.ndarray:
    """Deal whole groups to the splits so that each label has its shares; return str (n,).

    Largest groups first, each to the split that is furthest from its share of the group's labels;
    equal ones in an order drawn by hashing the seed and the group's key, so that the order of the
    rows does not matter. From three groups on, no split stays empty.

    Args:
        labels: of each row. groups: see `groups`.
        keys: a stable name for each row, such as its source; a group's is its least one.
        shares: of each split, summing to 1.
        known: the split that a row has already, "" where it has none: its group follows it.
    """
    names, places = np.unique(np.asarray(labels, str), return_inverse=True)
    members = _members(groups)
    drawn = {
        group: hashlib.sha256(f"{seed}:{min(keys[row] for row in rows)}".encode()).digest()
        for group, rows in members.items()
    }
    totals = np.outer(list(shares.values()), np.bincount(places, minlength=len(names)))
    lacking, splits = totals.copy(), np.array(list(shares))
    chosen = np.empty(len(places), splits.dtype)
    fixed = _fixed(members, known, list(shares))
    for group in sorted(
        members, key=lambda one: (one not in fixed, -len(members[one]), drawn[one])
    ):
        counts = np.bincount(places[members[group]], minlength=len(names))
        split = fixed.get(group, int((lacking / totals @ counts).argmax()))
        lacking[split] -= counts
        chosen[members[group]] = splits[split]
    return chosen


def _fixed(members: dict[int, list[int]], known, splits: list[str]) -> dict[int, int]:
    """Return the place of the split of each group of which a row's is known."""
    if known is None:
        return {}
    fixed = {}
    for group, rows in members.items():
        for row in rows:
            if known[row] in splits:
                fixed.setdefault(group, splits.index(known[row]))
    return fixed


def _members(groups: np.ndarray) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(row)
    return members
