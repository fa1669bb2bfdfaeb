"""The names of OUT's files, and the one way to write them."""

import os
from pathlib import Path


def shard_file(out: Path, index: int) -> Path:
    """Return the place of a shard's rows."""
    return out / "data" / f"part-{index:05d}.parquet"


def receipt_file(out: Path, index: int) -> Path:
    """Return the place of a shard's receipt."""
    return out / "receipts" / f"part-{index:05d}.json"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
