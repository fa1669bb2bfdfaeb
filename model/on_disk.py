"""Faces that stay on the disk: what networks see of a large set, a batch at a time in memory."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from facelines.model import inputs

Arrays = dict[str, np.ndarray]
_SMALL = ("label", "split", "votes", "weight", "found", "excluded", "framing", "quality")
TEXTS = ("source", "subject", "sha256")  # a name a face, each of its own length


class Rows:
    """Rows of a file, chosen by a mask and read when they are indexed; it stands for an array.

    A boolean mask gives other Rows, anything else the rows themselves as an array (OSError where
    the file does not hold them any more). They are read, not mapped: pages of a mapped file would
    count as this process's memory.
    """

    def __init__(self, file: Path, dtype: np.dtype, shape: tuple[int, ...], places: np.ndarray):
        self._file, self._places = file, places
        self.dtype, self.shape = dtype, (len(places), *shape)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, chosen):
        if isinstance(chosen, np.ndarray) and chosen.dtype == bool:
            return Rows(self._file, self.dtype, self.shape[1:], self._places[chosen])
        if isinstance(chosen, tuple):
            return np.asarray(self)[chosen]
        places = self._places[chosen]
        rows = self._read(np.atleast_1d(places))
        return rows if np.ndim(places) else rows[0]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self._read(self._places), dtype)

    def _read(self, places: np.ndarray) -> np.ndarray:
        rows = np.empty((len(places), *self.shape[1:]), self.dtype)
        size = rows.nbytes // max(1, len(places))
        with self._file.open("rb", buffering=0) as file:
            for row, place in zip(rows, places.tolist(), strict=True):
                file.seek(place * size)
                if file.readinto(row) != size:
                    raise OSError(
                        f"{self._file}: has no row {place} of {size} bytes, as it had when it was "
                        "written; does another training use its folder? Train again."
                    )
        return rows


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
            for name in TEXTS:
                small.setdefault(name, []).append(part[name].astype(np.dtypes.StringDType()))
    finally:
        for file in files.values():
            file.close()
    kept = {name: np.concatenate(small.pop(name)) for name in list(small)}
    for name, (dtype, shape) in shapes.items():
        kept[name] = Rows(folder / f"{name}.bin", dtype, shape, np.arange(count))
    return kept
