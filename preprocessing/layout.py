"""Where OUT's files lie, and the one way to read and write them: on a disk or at an fsspec URL.

OUT holds data/ (Parquet files, one split each), .huggingface.yaml, and _about/ (everything else),
so that what opens a folder of Parquet opens OUT: readers skip names that begin with . or _. OUT is
the user's folder: nothing is removed from it but files of these names.
"""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facelines.preprocessing.files import is_url
from facelines.preprocessing.samples import DatasetError

ABOUT = "_about"
MANIFEST = f"{ABOUT}/manifest.json"
PLAN = f"{ABOUT}/plan.json"
ERRORS = f"{ABOUT}/errors.jsonl"
CONTACT_SHEET = f"{ABOUT}/contact_sheet.png"
CARD = f"{ABOUT}/README.md"
HUGGING_FACE = ".huggingface.yaml"
ITEMS = f"{ABOUT}/items.bin"
SPLIT = f"{ABOUT}/split.csv"
RECEIPTS = f"{ABOUT}/receipts"
SURVEYS = f"{ABOUT}/surveys"
OLD_MANIFEST, OLD_PLAN = "manifest.json", "plan.json"  # as versions 3 and 4 of the rows have them
WRITTEN = (
    MANIFEST,
    PLAN,
    ERRORS,
    CONTACT_SHEET,
    CARD,
    HUGGING_FACE,
    ITEMS,
    SPLIT,
    OLD_MANIFEST,
    OLD_PLAN,
    "errors.jsonl",
    "contact_sheet.png",
)
LOCK = ".facelines.lock"
_OURS = re.compile(
    r"data/(part-\d{5,}|\w+-[0-9a-f]{20})\.parquet"
    r"|(_about/)?receipts/(part-\d{5,}|\w+-[0-9a-f]{20})\.json"
    r"|_about/surveys/[0-9a-f]{20}\.bin"
    r"|(.*/)?\..+\.\d+\.tmp"
)


def shard_file(name: str) -> str:
    """Return the place of a shard's rows."""
    return f"data/{name}.parquet"


def receipt_file(name: str) -> str:
    """Return the place of a shard's receipt."""
    return f"{RECEIPTS}/{name}.json"


def is_ours(name: str) -> bool:
    """Tell whether a file of OUT is a shard, a receipt, a survey, or one of ours half written."""
    return _OURS.fullmatch(name) is not None


def remove_all_but(folder: "Folder", kept: set[str], *, surveys: bool = True) -> None:
    """Remove the shards, receipts and half-written files that are not kept.

    surveys: whether what earlier runs noted of each picture goes too.
    """
    stale = [
        name
        for name in folder.names()
        if name not in kept and is_ours(name) and (surveys or not name.startswith(SURVEYS))
    ]
    for name in stale:
        folder.remove(name)


def open_folder(place: "str | Path | Folder") -> "Folder":
    """Return the folder at a path or fsspec URL; it need not be there yet.

    Raises:
        DatasetError: a URL of a kind that fsspec does not know here; or it is not installed.
    """
    if isinstance(place, LocalFolder | RemoteFolder):
        return place
    if not is_url(place):
        return LocalFolder(Path(place))
    folder = RemoteFolder(str(place).rstrip("/"))
    folder.filesystem  # noqa: B018 - fails here where it cannot be had, not in a worker
    return folder


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine, or mounted on it. Names are relative, with forward slashes."""

    root: Path

    @property
    def filesystem(self) -> None:
        """As pyarrow takes it: none, for local paths."""
        return None

    def path(self, name: str) -> str:
        """Return what pyarrow opens with `filesystem`."""
        return str(self.root / name)

    def read(self, name: str) -> bytes:
        """Return a file's bytes (OSError where there is none)."""
        return (self.root / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write a file so that it is there whole or not at all, even after a power cut."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return (self.root / name).is_file()

    def names(self) -> Iterator[str]:
        """Yield the names of all files in it, in no order; none where it is not there."""
        for place, _, files in os.walk(self.root):
            for file in files:
                yield Path(place, file).relative_to(self.root).as_posix()

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.root / name).unlink(missing_ok=True)

    def __str__(self) -> str:
        return str(self.root)


@dataclass(frozen=True)
class RemoteFolder:
    """A folder at an fsspec URL. Object stores write an object whole or not at all."""

    url: str

    @property
    def filesystem(self):
        """The fsspec file system."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise DatasetError(
                f'{self.url}: needs fsspec: pip install "facelines[remote]".'
            ) from error
        try:
            return url_to_fs(self.url)[0]
        except (ImportError, ValueError) as error:
            raise DatasetError(f"{self.url}: cannot be reached ({error}).") from error

    def path(self, name: str) -> str:
        """Return what pyarrow opens with `filesystem`."""
        return f"{self.filesystem._strip_protocol(self.url)}/{name}"

    def read(self, name: str) -> bytes:
        """Return an object's bytes (OSError where there is none)."""
        with self._told(name):
            return self.filesystem.cat_file(self.path(name))

    def write(self, name: str, data: bytes) -> None:
        """Write an object."""
        with self._told(name):
            self.filesystem.makedirs(self.path(name).rpartition("/")[0], exist_ok=True)
            self.filesystem.pipe_file(self.path(name), data)

    def exists(self, name: str) -> bool:
        """Tell whether there is such an object."""
        with self._told(name):
            return self.filesystem.isfile(self.path(name))

    def names(self) -> Iterator[str]:
        """Yield the names of all objects in it, in no order."""
        start = self.path("")
        with self._told(""):
            self.filesystem.invalidate_cache()
            found = self.filesystem.find(start.rstrip("/"))
        for path in found:
            yield path.removeprefix(start)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        with contextlib.suppress(FileNotFoundError), self._told(name):
            self.filesystem.rm_file(self.path(name))

    @contextlib.contextmanager
    def _told(self, name: str):
        """Turn what a store's own client raises into one line."""
        try:
            yield
        except Exception as error:  # of any client: botocore's and others' share no class
            kind = FileNotFoundError if isinstance(error, FileNotFoundError) else OSError
            reason = " ".join(str(error).split()) or type(error).__name__
            raise kind(f"{self.url}/{name}: {reason}") from error

    def __str__(self) -> str:
        return self.url


Folder = LocalFolder | RemoteFolder


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
        if not _lock(file):
            file.close()
            raise BlockingIOError(
                f"{out}: another run writes to this folder; wait for it, or give another OUT."
            )
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


def _lock(file) -> bool:
    """Lock a file; return False where another process has it locked."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # any other: a file system without locks
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True
