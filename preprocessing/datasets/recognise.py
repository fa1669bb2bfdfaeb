"""Which layout a source has, by what is in it; never by its own name alone."""

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facelines.preprocessing import files
from facelines.preprocessing.datasets import ckplus, fer2013, folders, lists, names, rafdb
from facelines.preprocessing.datasets.contents import Contents, look
from facelines.preprocessing.datasets.folders import Layout
from facelines.preprocessing.datasets.lists import Labels
from facelines.preprocessing.datasets.tables import first_line, open_text
from facelines.preprocessing.files import OTHER, PICTURE, VIDEO, shown
from facelines.preprocessing.images import is_video
from facelines.preprocessing.samples import DatasetError

FORMATS = (
    "fer2013",
    "icml",
    "tree",
    "ckplus",
    "rafdb",
    *names.FORMATS,
    "affectnet",
    "expw",
    "list",
    "photos",
    "video",
)
_LABELS = r"(.*[_\W])?(labels?|annotations?|emotions?|expressions?)([_\W].*)?"
_PICTURE_NAME = re.compile(r"[^\s,;|\"'<>/\\]+\.(?:jpe?g|png|bmp|tiff?|webp|gif)\b", re.I)
_READ = 1 << 16  # characters of a text in which pictures' names are looked for
_FEW = 2  # pictures: a folder of fewer is no class of its own


@dataclass(frozen=True)
class Recognised:
    """A source's format, and what its reader needs to know of it.

    table: the CSV of pixels. layout: of class folders. labels: of lists. raf: RAF-DB's lists.
    """

    format: str
    table: Path | None = None
    layout: Layout | None = None
    labels: Labels | None = None
    raf: tuple[Path, ...] = ()


def detect_format(source: str | Path) -> str:
    """Return which of FORMATS a source is, by its content.

    Raises:
        DatasetError: missing, like none of them, or labelled in a way that no reader knows.
    """
    return recognise(source).format


def recognise(
    source: str | Path, format: str | None = None, skip: tuple[Path, ...] = ()
) -> Recognised:
    """Return a source's format and what its reader needs; `format` says which one it has to be.

    Raises:
        DatasetError: as `detect_format`, or the source is not of the format asked for.
    """
    check_exists(source)
    path = Path(source)
    if not path.exists():
        return Recognised(format or "photos")  # a glob
    if not path.is_dir():
        return _file(path, format)
    if format in ("photos", "video"):
        return Recognised(format)
    if files.is_ours(path):
        raise DatasetError(
            f"{shown(path)}: what Facelines itself wrote (a prepared set, a model or a report); "
            "give a prepared set to train or evaluate, and here the data set it was made from."
        )
    contents = look(path, skip)
    return next(_as_asked(contents, format)) if format else _folder(contents)


def check_exists(source: str | Path) -> None:
    """Raise a DatasetError for a URL, a missing path or a pattern that nothing matches."""
    if files.is_url(source):
        raise DatasetError(
            f"{source}: a URL; expected a file or folder of this machine: download it first."
        )
    try:
        if Path(source).exists():
            return
    except OSError as error:  # too long a name, a folder above it that may not be read
        reason = error.strerror
        raise DatasetError(f"{shown(str(source))[:200]}: cannot be read ({reason}).") from error
    except ValueError as error:  # a null byte
        raise DatasetError(f"{shown(str(source))[:200]}: cannot be a path ({error}).") from error
    if not glob.has_magic(str(source)):
        raise DatasetError(f"{shown(str(source))}: no such file or folder.")
    if next(glob.iglob(str(source), recursive=True), None) is None:
        raise DatasetError(f"{shown(str(source))}: no file matches this pattern.")


# One file


def _file(path: Path, format: str | None) -> Recognised:
    if rafdb.is_list(path) and format in (None, "rafdb"):
        return Recognised("rafdb", raf=(path,))
    format = format or _format_of_file(path)
    if format in ("fer2013", "icml"):
        fer2013.check(path)
        return Recognised(format, table=path)
    if format not in ("photos", "video"):
        raise DatasetError(f"{shown(path)}: is a file; expected the folder of a set in {format}.")
    return Recognised(format)


def _format_of_file(path: Path) -> str:
    found = files.find(path)
    if found.kind in (PICTURE, VIDEO):
        return "video" if is_video(path) else "photos"
    if found.kind == OTHER:
        header = first_line(path)
        if path.suffix.lower() in (".csv", ".tsv") or "pixels" in header.lower():
            return "icml" if fer2013.is_icml(header) else "fer2013"
        raise DatasetError(
            f"{shown(path)}: not recognised; expected a CSV, a folder, a photo or a video."
        )
    raise DatasetError(f"{shown(path)}: {found.why}.")


# A folder


def _folder(contents: Contents) -> Recognised:
    """Return the first layout that fits, the surest first."""
    for found in _labelled(contents):
        return found
    _refuse_what_looks_labelled(contents)
    return Recognised("photos")


def _labelled(contents: Contents) -> Iterator[Recognised]:
    if found := rafdb.lists(contents):
        yield Recognised("rafdb", raf=tuple(found))
    if table := _pixel_table(contents):
        yield Recognised("icml" if fer2013.is_icml(first_line(table)) else "fer2013", table)
    if ckplus.emotions(contents):
        yield Recognised("ckplus")
    if layout := folders.known_classes(contents):
        yield Recognised("ckplus" if ckplus.is_48(contents, layout) else "tree", layout=layout)
    if known := lists.affectnet(contents):
        yield Recognised("affectnet", labels=known)
    if known := lists.expw(contents):
        yield Recognised("expw", labels=known)
    if rafdb.is_numbered(contents):
        yield Recognised("rafdb")
    if format := names.recognise(contents.names):
        yield Recognised(format)
    if known := lists.beside(contents):
        yield Recognised("list", labels=known)
    layout = folders.own_classes(contents)
    if layout and _are_classes(contents, layout):
        yield Recognised("tree", layout=layout)


def _pixel_table(contents: Contents) -> Path | None:
    """Return the CSV that holds the pictures of a folder which has none, or hardly any."""
    tables = [
        path
        for path in contents.texts_like(r".*\.(csv|tsv)")
        if "pixels" in first_line(path).lower()
    ]
    if len(tables) > 1:
        tables = [path for path in tables if path.name.lower() in fer2013.NAMES] or tables
    if len(tables) > 1:
        raise DatasetError(
            f"{shown(contents.root)}: {len(tables)} tables of pixels in it "
            f"({', '.join(shown(path.name) for path in tables[:5])}); give one of them as SOURCE."
        )
    return tables[0] if tables else None


def _are_classes(contents: Contents, layout: Layout) -> bool:
    """Tell whether folders of no known emotion are classes, and not albums or dates.

    Raises:
        DatasetError: it cannot be told.
    """
    place = _shown_folders(layout)
    if all(re.fullmatch(r"[\d\W_]+", label) for label in layout.own):
        raise DatasetError(
            f"{shown(layout.root)}: its class folders {place} are numbers, whose emotions only the "
            "set's makers know; give --format rafdb (1 to 7), --format tree to have the numbers as "
            "labels, --labels-from a list, or --format photos if they are no labels."
        )
    beside = contents.pictures.get(layout.root.relative_to(contents.root).parts, 0)
    if not beside:
        return True
    if min(map(contents.below, _places(contents, layout))) < _FEW:
        return False
    raise DatasetError(
        f"{shown(layout.root)}: its folders {place} look like labels, but {beside} pictures lie "
        "beside them; give --format tree to have the folders' names as labels, --labels-from a "
        "list, or --format photos if they are no labels."
    )


def _places(contents: Contents, layout: Layout) -> Iterator[tuple[str, ...]]:
    root = layout.root.relative_to(contents.root).parts
    return ((*root, *parts) for parts in layout.classes)


def _shown_folders(layout: Layout) -> str:
    found = sorted({shown(parts[-1]) for parts in layout.classes})
    return ", ".join(found[:4]) + (" ..." if len(found) > 4 else "")


def _refuse_what_looks_labelled(contents: Contents) -> None:
    """Raise a DatasetError where a file is named as labels are, or names the pictures."""
    if not contents.count:
        return
    stems = {path.stem.lower() for path in contents.names}
    for path in contents.texts:
        named = any(re.fullmatch(_LABELS, name, re.I) for name in (path.stem, path.parent.name))
        twin = path.stem.lower() in stems
        if named or twin or _names_pictures(path, contents.count):
            raise DatasetError(
                f"{shown(path)}: looks like labels, but is no list that is known; give "
                "--labels-from a CSV with the columns path and label, or --format photos if it "
                "is none."
            )


def _names_pictures(path: Path, count: int) -> bool:
    """Tell whether a text names a good part of so many pictures."""
    try:
        with open_text(path) as file:
            named = set(_PICTURE_NAME.findall(file.read(_READ)))
    except (DatasetError, UnicodeError):
        return False
    return len(named) >= max(2, min(10, count / 2))


# A folder that is said to be of a format


def _as_asked(contents: Contents, format: str) -> Iterator[Recognised]:
    root = contents.root
    if format == "rafdb":
        found = rafdb.lists(contents)
        rafdb.check(root, found, contents)
        yield Recognised(format, raf=tuple(found))
    elif format in ("fer2013", "icml"):
        if table := _pixel_table(contents):
            yield Recognised(format, table)
    elif format in ("tree", "ckplus"):
        if format == "ckplus" and ckplus.emotions(contents):
            yield Recognised(format)
        elif layout := folders.known_classes(contents) or folders.own_classes(contents):
            yield Recognised(format, layout=layout)
    elif format in names.FORMATS:
        if any(names.told(format, path) for path in contents.names):
            yield Recognised(format)
    elif known := {"affectnet": lists.affectnet, "expw": lists.expw, "list": lists.beside}[format](
        contents
    ):
        yield Recognised(format, labels=known)
    raise DatasetError(
        f"{shown(root)}: not of format {format}: {_EXPECTED.get(format, _NAMED)} expected in it."
    )


_NAMED = "pictures named by its rule"
_EXPECTED = {
    "fer2013": "a CSV with a column pixels",
    "icml": "a CSV with a column pixels",
    "tree": "folders of an emotion's name (angry, happy ...), or two class folders of any name,",
    "ckplus": "folders of an emotion's name with frames S###_###_########, or a folder Emotion,",
    "affectnet": "a CSV with subDirectory_filePath and expression, or annotations/*_exp.npy,",
    "expw": "label.lst",
    "list": "a CSV that names the pictures and their labels",
}
