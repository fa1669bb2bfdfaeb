"""The rows of a prepared set's shards, read without holding on to any of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facelines.preprocessing.layout import Folder


@dataclass(frozen=True)
class Rows:
    """The rows of Parquet files, in the order of their names; one file is open at a time.

    A pyarrow Dataset would do, but for memory: it reads ahead, and keeps every file's metadata, a
    tenth of a megabyte each.
    """

    folder: Folder
    names: Sequence[str]

    def tables(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield each file's rows, with these columns or all.

        Raises:
            OSError, pa.ArrowException: a file is missing or damaged.
        """
        for name in self.names:
            with self._open(name) as file:
                yield file.read(columns)

    def take(self, places: np.ndarray) -> list[dict]:
        """Return the rows at sorted places, int (n,), counted over all files."""
        taken, start = [], 0
        for name in self.names:
            with self._open(name) as file:
                end = start + file.metadata.num_rows
                inside = places[(start <= places) & (places < end)]
                if len(inside):  # only the files that hold one of them are read
                    taken += file.read().take(pa.array(inside - start)).to_pylist()
            start = end
        return taken

    def _open(self, name: str) -> pq.ParquetFile:
        return pq.ParquetFile(self.folder.path(name), filesystem=self.folder.filesystem)
