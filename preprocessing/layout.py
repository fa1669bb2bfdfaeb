"""The names of OUT's files, the one way to write them, and the lock that keeps others out.

OUT is the user's folder: nothing is removed from it but files of these names.
"""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

LOCK = ".facelines.lock"
_PART = re.compile(r"part-\d{5,}\.(parquet|json)")
_TEMPORARY = re.compile(r"\..+\.\d+\.tmp")


def shard_file(out: Path, index: int) -> Path:
    """Return the place of a shard's rows."""
    return out / "data" / f"part-{index:05d}.parquet"


def receipt_file(out: Path, index: int) -> Path:
    """Return the place of a shard's receipt."""
    return out / "receipts" / f"part-{index:05d}.json"


def is_ours(path: Path) -> bool:
    """Tell whether a file of OUT is a shard, a receipt, or one of our files half written."""
    named = _PART.fullmatch(path.name) or _TEMPORARY.fullmatch(path.name)
    return named is not None and path.is_file() and not path.is_symlink()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even after a power cut.

    Raises:
        OSError: it cannot be written; the message names it and the room that is left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _not_written(path, len(data), error) from error
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _not_written(path: Path, size: int, error: OSError) -> OSError:
    message = f"{path}: cannot be written ({error.strerror})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(path.parent).free
            message += f"; it needs {size:,} bytes and {free:,} are free"
        message += "; make room, or give another OUT: what is finished is kept"
    return OSError(f"{message}.")


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a folder for one run; the lock goes with the process, however that ends.

    Raises:
        BlockingIOError: another run holds it.
        OSError: the folder cannot be written to.
    """
    path = out / LOCK
    while True:
        file = path.open("a")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise BlockingIOError(
                f"{out}: another run writes to this folder; wait for it, or give another OUT."
            ) from error
        if _is_file(file, path):
            break
        file.close()  # the run before removed it between our opening and our locking
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        file.close()


def _is_file(file, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _lock(file) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
