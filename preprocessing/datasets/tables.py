"""CSV as people have it: any delimiter, byte order mark, UTF-16, CR only, quoted fields.

The csv module's rules hold; a row that breaks them is one bad row, and those after it are read.
"""

import csv
import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from facelines.preprocessing.files import shown
from facelines.preprocessing.samples import DatasetError

_DELIMITERS = ",;\t|"
_WRAPPED = 200  # lines that one quoted field may run over
_LINE = 1 << 24  # characters
_OTHERS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save it as CSV",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"PAR1": "a Parquet file",
    b"Rar!": "a RAR archive; unpack it",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"%PDF": "a PDF",
    b"<!DO": "a web page; download the file itself",
    b"<htm": "a web page; download the file itself",
    b"version https://git-lfs": 'a pointer of Git LFS; fetch the file with "git lfs pull"',
}


class BadRow(str):
    """Why a row could not be split into fields."""


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file in the encoding that it is in; bytes that are no UTF-8 are kept.

    Raises:
        DatasetError: it cannot be read, or is an archive or another file under this name.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        for magic, what in _OTHERS.items():
            if start.startswith(magic):
                raise DatasetError(f"{shown(path)}: not a CSV but {what}.")
        encoding = _encoding(start)
        errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
        with path.open(encoding=encoding, errors=errors, newline="") as text:
            yield text
    except OSError as error:
        raise DatasetError(f"{shown(path)}: cannot be read ({error.strerror}).") from error


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(start) > 1 and 0 in start[:2]:
        return "utf-16-le" if start[1] == 0 else "utf-16-be"
    return "utf-8-sig"


@contextmanager
def open_table(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[list[str], Iterator]]:
    """Give a table's header, lower-case, and its rows: each a list of fields or a BadRow.

    Args:
        wanted: names of columns; the delimiter that finds the most of them is taken.

    Raises:
        DatasetError: as `open_text`.
    """
    with open_text(path) as file:
        lines = iter(lambda: file.readline(_LINE), "")
        first = next((line for line in lines if line.strip()), "")
        delimiter = _delimiter(first, wanted)
        # A header may itself be quoted over several lines; its first is enough to see what it is.
        rows = _rows(itertools.chain([first], lines), delimiter)
        header = next(rows, [])
        names = [] if isinstance(header, BadRow) else header
        yield [name.strip().lower() for name in names], rows


def first_line(path: Path) -> str:
    """Return a text's first line that is not blank, "" where it cannot be read as text."""
    try:
        with open_text(path) as file:
            lines = iter(lambda: file.readline(_LINE), "")
            return next((line.strip() for line in lines if line.strip()), "")
    except (DatasetError, UnicodeError):
        return ""


def _delimiter(line: str, wanted: tuple[str, ...]) -> str:
    def found(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"').lower() for name in line.split(delimiter)]
        return len(set(names) & set(wanted)), len(names)

    return max(_DELIMITERS, key=found) if line.strip() else ","


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[list[str] | BadRow]:
    waiting, width = deque(), None
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        if not line.strip():
            continue
        row = _split([line], delimiter)
        if row is None:
            more, row = _to_the_end_of_the_quote(line, waiting, lines, delimiter)
            if row is None or (width is not None and len(row) != width):
                waiting.extendleft(reversed(more))  # a stray quote: only its own row is lost
                row = BadRow("a quote is opened and not closed")
        if width is None and not isinstance(row, BadRow):
            width = len(row)
        yield row


def _split(block: list[str], delimiter: str) -> list[str] | BadRow | None:
    """Return one row's fields, None where a quote is still open."""
    try:
        fields = next(csv.reader(block, delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        return BadRow(str(error))
    return [field.strip() for field in fields]


def _to_the_end_of_the_quote(line: str, waiting: deque, lines: Iterator[str], delimiter: str):
    block = [line]
    while len(block) <= _WRAPPED:
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            break
        block.append(following)
        if '"' in following:
            row = _split(block, delimiter)
            if row is not None:
                return block[1:], None if isinstance(row, BadRow) else row
    return block[1:], None
