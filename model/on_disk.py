"""Faces that stay on the disk: what networks see of a large set, a batch at a time in memory."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from facelines.model import inputs

Arrays = dict[str, np.ndarray]
_SMALL = (
    "label",
    "split",
    "votes",
    "weight",
    "found",
    "excluded",
    "framing",
    "source",
    "subject",
    "sha256",
    "quality",
)


class Rows:
    """Rows of a file, chosen by a mask and read when they are indexed; it stands for an array.

    A boolean mask gives other Rows, anything else the rows themselves as an array.
    """

    def __init__(self, file: np.memmap, places: np.ndarray):
        self._file, self._places = file, places
        self.dtype, self.shape = file.dtype, (len(places), *file.shape[1:])

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, chosen):
        if isinstance(chosen, np.ndarray) and chosen.dtype == bool:
            return Rows(self._file, self._places[chosen])
        if isinstance(chosen, tuple):
            return np.asarray(self)[chosen]
        return np.asarray(self._file[self._places[chosen]])

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self._file[self._places], dtype)


def keep(parts: Iterable[Arrays], folder: Path) -> Arrays:
    """Write what networks see of a set's parts to files and return it as Rows, the rest as arrays.

    Args:
        parts: as from `prepared.load_in_parts`.
        folder: for the files, written anew; about 7 kB a face.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files, shapes, small, count = {}, {}, {}, 0
    try:
        for part in parts:
            count += len(part["label"])
            for name in inputs.NAMES:
                if name in part:
                    if name not in files:
                        files[name] = (folder / f"{name}.bin").open("wb")
                        shapes[name] = part[name].dtype, part[name].shape[1:]
                    files[name].write(np.ascontiguousarray(part[name]).tobytes())
            for name in _SMALL:
                small.setdefault(name, []).append(part[name])
    finally:
        for file in files.values():
            file.close()
    kept = {name: np.concatenate(values) for name, values in small.items()}
    for name, (dtype, shape) in shapes.items():
        if count:
            file = np.memmap(folder / f"{name}.bin", dtype, "r", shape=(count, *shape))
            kept[name] = Rows(file, np.arange(count))
        else:
            kept[name] = np.empty((0, *shape), dtype)
    return kept
