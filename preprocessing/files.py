"""The user's files: one walk over a folder, shared by every command, that loses none of them.

Content decides what a file is; its suffix says only what it claims to be where the content is
not known. Nothing is decoded here.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

PICTURE, VIDEO, OTHER, ERROR = "picture", "video", "other", "error"
NO_PICTURE = "no picture or video"  # why most of the others are OTHER
PICTURE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .webp .bmp .dib .gif .tif .tiff .pgm .ppm .pbm .pnm .avif "
    ".heic .heif .jp2 .j2k .jxl .tga .psd .ico .cr2 .cr3 .nef .arw .dng .raf .orf .rw2".split()
)
VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .wmv .asf .3gp .3g2 .flv .ogv .mts .m2ts .vob "
    ".y4m .divx .rm .f4v".split()
)
COPIES = ".facelines-copies"  # beside copies that we drew on: their names, a line each

_START = 512  # bytes by which content is known
_HIDDEN = ("__macosx", "@eadir", "thumbs.db", "desktop.ini", "$recycle.bin", "lost+found")
_PICTURE_STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cjP  ",
)
_VIDEO_STARTS = (
    b"\x1a\x45\xdf\xa3",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"\0\0\x01\xba",
    b"\0\0\x01\xb3",
    b"FLV\x01",
    b".RMF",
    b"YUV4MPEG2 ",
)
_PNM = re.compile(rb"P[1-6]\s+(#[^\n]*\n\s*)*\d+\s+\d+\s")
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1")
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
# Files by which a folder is known as what one of our commands wrote.
_OURS = (
    ("plan.json", "receipts"),
    ("pipeline.json", "model.onnx"),
    ("results.json", "report.html"),
)


@dataclass(frozen=True)
class Found:
    """One file of a walk, or a folder or link that cannot be followed.

    kind: PICTURE, VIDEO, OTHER (passed over) or ERROR. why: of the last two, a few words.
    still: whether it is of a kind that holds one picture only; False where that is not known.
    """

    path: Path
    kind: str
    why: str = ""
    still: bool = False


def walk(root: Path, skip: Iterable[Path] = ()) -> Iterator[Found]:
    """Yield every file below a folder, in order of their names.

    Hidden files, archives' `__MACOSX` and what our own commands wrote are OTHER. Linked folders
    are followed once; one that leads back into `root` or around it is OTHER, for what it holds is
    found without it. A folder that may not be read is an ERROR.

    Args:
        skip: our own output of this very command: not yielded at all.
    """
    root = Path(root)
    real = os.path.realpath(root)
    skipped = {os.path.realpath(path) for path in skip}
    followed = {real}
    open_folders = [_entries(root, real, skipped, followed)]  # no recursion: folders may be deep
    while open_folders:
        found = next(open_folders[-1], None)
        if found is None:
            open_folders.pop()
        elif isinstance(found, Found):
            yield found
        else:
            open_folders.append(_entries(found, real, skipped, followed))


def _entries(
    folder: Path, root: str, skipped: set[str], followed: set[str]
) -> Iterator[Found | Path]:
    """Yield a folder's files, and as a Path each folder in it that is to be walked over."""
    try:
        with os.scandir(folder) as listing:
            kinds = {entry.name: _is_folder(entry) for entry in listing}
    except OSError as error:
        yield Found(folder, ERROR, f"cannot be read ({error.strerror})")
        return
    copies = _copies(folder, kinds.keys())
    for name in sorted(kinds):
        path = folder / name
        if is_hidden(name):
            yield from (Found(inside, OTHER, "hidden") for inside in _all_files(path))
        elif name in copies:
            yield Found(path, OTHER, "copies that predict drew on")
        elif not kinds[name]:
            yield _file(path)
        elif os.path.realpath(path) in skipped:
            continue
        elif path.is_symlink() and (why := _not_followed(path, root, followed)):
            yield Found(path, OTHER, why)
        elif is_ours(path):
            yield from (Found(inside, OTHER, "our own output") for inside in _all_files(path))
        else:
            yield path


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is the system's and not the user's."""
    return name.startswith(".") or name.lower() in _HIDDEN


def is_ours(folder: Path) -> bool:
    """Tell whether a folder is a prepared set, a model or a report of ours."""
    return any(all(os.path.exists(folder / name) for name in names) for names in _OURS)


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _not_followed(path: Path, root: str, followed: set[str]) -> str:
    target = os.path.realpath(path)
    if any(_is_within(target, folder) for folder in followed):
        return "links to a folder that is read anyway"
    if _is_within(root, target):
        return "links to a folder around this one"
    followed.add(target)
    return ""


def _is_within(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)


def _copies(folder: Path, names: Set[str]) -> set[str]:
    """Return which files of a folder are copies that we drew on."""
    if COPIES not in names:
        return set()
    try:
        listed = (folder / COPIES).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return set()
    return set(listed) & names


def _all_files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not os.path.isdir(path):
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in sorted(names))


def _file(path: Path) -> Found:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return Found(path, OTHER, "no regular file")  # a pipe would be waited for
        with path.open("rb", buffering=0) as file:
            start = file.read(_START)
    except OSError as error:
        gone = isinstance(error, FileNotFoundError) and path.is_symlink()
        why = "links to nothing" if gone else f"cannot be read ({error.strerror})"
        return Found(path, ERROR, why)
    found = kind_of_content(start) or _claimed(path)
    if not found:
        return Found(path, OTHER, NO_PICTURE)
    return Found(path, found, still=found == PICTURE and not may_move(start))


def may_move(start: bytes) -> bool:
    """Tell from a file's first bytes whether it is a GIF or a WebP, which may be animations."""
    return start[:4] == b"GIF8" or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")


def find(path: Path) -> Found:
    """Return what one file is that the user named: it is never hidden or ours."""
    return _file(Path(path))


def kind(path: Path) -> str:
    """Return PICTURE, VIDEO or "": by content, and by suffix where that is not known."""
    try:
        with Path(path).open("rb") as file:
            return kind_of_content(file.read(_START)) or _claimed(path)
    except OSError:
        return _claimed(path)


def _claimed(path: Path) -> str:
    suffix = Path(path).suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        return PICTURE
    return VIDEO if suffix in VIDEO_SUFFIXES else ""


def kind_of_content(start: bytes) -> str:
    """Return PICTURE, VIDEO or "" (unknown) from a file's first bytes."""
    brand = start[8:12]
    if start.startswith(_PICTURE_STARTS) or _PNM.match(start) or _is_bitmap(start):
        return PICTURE
    if start[:4] == b"RIFF":
        return {b"WEBP": PICTURE, b"AVI ": VIDEO}.get(brand, "")
    if start[4:8] == b"ftyp":
        if brand in _SOUND_BRANDS:
            return ""
        return PICTURE if brand in _PICTURE_BRANDS else VIDEO
    if start.startswith(_VIDEO_STARTS) or start[4:8] in _ATOMS or _is_transport_stream(start):
        return VIDEO
    return VIDEO if start[:4] == b"OggS" and b"theora" in start else ""


def _is_bitmap(start: bytes) -> bool:
    return start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BITMAP_HEADERS


def _is_transport_stream(start: bytes) -> bool:
    return any(
        start[first : first + 1] == start[first + 188 + first : first + 189 + first] == b"\x47"
        for first in (0, 4)  # of cameras (m2ts): four bytes of time before each packet
    )


def shown(path: str | Path) -> str:
    """Return a path as text that any output and file format can hold.

    Bytes of a name that are not UTF-8, and control characters, become `\\xe9`.
    """
    text = Path(path).as_posix() if isinstance(path, Path) else path
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return re.sub(r"[\0-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one place, whether or not anything is there."""
    return os.path.realpath(one) == os.path.realpath(other)


def is_utf8(path: str | Path) -> bool:
    """Tell whether a path can be handed to native code: some of it dies of other names."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in str(path)


def is_url(text: str | Path) -> bool:
    """Tell whether what should be a path is a URL (a drive letter is none)."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(text)) is not None


def remember_copy(copy: Path) -> None:
    """Note a copy that we drew on, so that no walk takes it for a picture of the user's."""
    with (copy.parent / COPIES).open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{copy.name}\n")
