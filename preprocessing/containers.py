"""An encoded picture, looked through before anything decodes it.

Limits on bytes and pixels bound the time of an honest file. Others repeat what costs time and
adds no pixel: scans of a progressive JPEG, chunks, comments, tags that all point at the same
bytes. They are counted here, by walking over the headers only, and what no decoder needs is left
out (EXIF, profiles and previews of a JPEG).
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_SEGMENTS = 2_000  # of a JPEG; the largest extended XMP takes 1,000
_MAX_CHUNKS = 2_000  # of PNG and WebP, beside one of pixels for each KiB
_MAX_EXTENSIONS = 1 << 20  # bytes of comments and the like in a GIF
_EXTENSION_COST = 64  # of each, be it empty
_MAX_TAGS = 1_000
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")  # neither restart nor stuffing
_SOI, _EOI, _SCAN, _APP0, _APP1, _APP14, _APP15, _COMMENT = b"\xd8\xd9\xda\xe0\xe1\xee\xef\xfe"
_ORIENTATION = 0x0112
_SUB_DIRECTORIES = (0x8769, 0x8825, 0xA005)  # EXIF, GPS, interoperability
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}


class ImageError(ValueError):
    """A picture that cannot be used; the message is one line for the user."""


@dataclass(frozen=True)
class Encoded:
    """What a decoder is given.

    data: the file, without what no pixel depends on where that is easily left out.
    scans: how often a decoder goes over all pixels.
    orientation: EXIF's, 1 to 8; 1 is upright, and where the decoder itself turns the picture;
        None of a container that is not looked into.
    """

    data: bytes
    scans: int = 1
    orientation: int | None = 1


def look_through(data: bytes) -> Encoded:
    """Walk over an encoded picture's parts; what is no picture is returned as it is.

    Raises:
        ImageError: it has more parts than an honest file of its size.
    """
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:4] == b"GIF8":
        _check_gif(data)
    elif data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        _check_tiff(data)
    else:
        return Encoded(data, orientation=None)
    return Encoded(data)


def _jpeg(data: bytes) -> Encoded:
    """Keep the segments that decoding needs, and all from the first scan to the end mark.

    Junk between segments goes too. Neither EXIF nor a list of more pictures is then parsed.
    """
    kept, orientation, scans = [data[:2]], 1, 0
    position, segments = 2, 0
    while marker := _JPEG_MARKER.search(data, position):
        start, code = marker.start(), marker[1][0]
        end = start + 2
        if code not in (_SOI, _EOI):
            end += int.from_bytes(data[end : end + 2], "big")
        if scans:
            kept.append(data[position:start])
        if _is_needed(code):
            kept.append(data[start:end])
        elif code == _APP1 and data[start + 4 : start + 10] == b"Exif\0\0":
            orientation = exif_orientation(data[start + 4 : end])
        position, segments, scans = end, segments + 1, scans + (code == _SCAN)
        if code == _EOI:
            break
        if segments > _MAX_SEGMENTS:
            raise ImageError(f"a JPEG of more than {_MAX_SEGMENTS} segments; save it anew.")
    else:
        kept.append(data[position:])  # cut off: the decoder says so
    return Encoded(b"".join(kept), max(scans, 1), orientation)


def _is_needed(code: int) -> bool:
    """Tell whether a JPEG's pixels depend on a segment: all but applications' and comments."""
    return code in (_APP0, _APP14) or not (_APP0 <= code <= _APP15 or code == _COMMENT)


def _png(data: bytes) -> Encoded:
    profiles, orientation = 0, 1
    for number, (name, start, end) in enumerate(_chunks(data, 8, ">I4s", spare=4)):
        _check_chunks(number, data)
        profiles += name == b"iCCP"
        if profiles > 1:
            raise ImageError("a PNG with more than one colour profile; save it anew.")
        if name == b"eXIf":
            orientation = exif_orientation(data[start:end])
        elif name in (b"zTXt", b"tEXt") and data[start : start + 22] == b"Raw profile type exif\0":
            orientation = exif_orientation(_raw_profile(name, data[start + 22 : end]))
        elif name == b"IEND":
            break
    return Encoded(data, orientation=orientation)


def _webp(data: bytes) -> Encoded:
    orientation = 1
    for number, (name, start, end) in enumerate(_chunks(data, 12, "<4sI", even=True)):
        _check_chunks(number, data)
        if name == b"EXIF":
            orientation = exif_orientation(data[start:end])
    return Encoded(data, orientation=orientation)


def _chunks(
    data: bytes, position: int, header: str, *, spare: int = 0, even: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of each chunk's content."""
    while position + 8 <= len(data):
        fields = struct.unpack_from(header, data, position)
        size, name = fields if header == ">I4s" else fields[::-1]
        start = position + 8
        yield name, start, start + size
        position = start + size + spare + (size % 2 if even else 0)


def _check_chunks(number: int, data: bytes) -> None:
    if number > (limit := _MAX_CHUNKS + len(data) // 1024):
        raise ImageError(f"a picture of more than {limit} chunks; save it anew.")


def _raw_profile(name: bytes, content: bytes) -> bytes:
    """Return EXIF that ImageMagick wrote as text: a line with its name, its size, hex digits."""
    if name == b"zTXt":
        try:
            content = zlib.decompressobj().decompress(content[1:], 1 << 18)
        except zlib.error:
            return b""
    try:
        return bytes.fromhex("".join(content.decode("ascii").split("\n")[3:]))
    except ValueError:
        return b""


def _check_gif(data: bytes) -> None:
    """Count the bytes before the first picture's, and the blocks that hold it."""
    position = 13 + _colours(data, 10)
    extensions = 0
    while data[position : position + 1] == b"!":
        start = position + 2
        position = _skip_blocks(data, start)
        extensions += position - start + _EXTENSION_COST
        if extensions > _MAX_EXTENSIONS:
            raise ImageError(
                f"a GIF with more than {_MAX_EXTENSIONS >> 20} MiB of comments; save it anew."
            )
    if data[position : position + 1] == b",":
        _skip_blocks(data, position + 10 + _colours(data, position + 9) + 1)


def _colours(data: bytes, place: int) -> int:
    """Return the size of the colour table that the flags at a place announce."""
    flags = data[place] if place < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, position: int) -> int:
    """Return where a GIF's row of blocks, each of 1 to 255 bytes, ends."""
    blocks = 0
    while position < len(data) and data[position]:
        position += data[position] + 1
        blocks += 1
        if blocks > _MAX_CHUNKS + len(data) // 64:
            raise ImageError("a GIF of very many very short blocks; save it anew.")
    return position + 1


def _check_tiff(data: bytes) -> None:
    """Check that the tags of the first page do not ask for more bytes than the file has."""
    order, large = "<" if data[:2] == b"II" else ">", b"+" in data[2:4]
    offsets, asked, tags = [_number(data, 8 if large else 4, order + "IQ"[large])], 0, 0
    for offset in offsets:  # grows while it is walked
        count = _number(data, offset, order + "HQ"[large])
        tags += count
        if tags > _MAX_TAGS:
            raise ImageError(f"a TIFF of more than {_MAX_TAGS} tags; save it anew.")
        for tag, kind, values, place in _entries(data, offset, order, count, large):
            asked += _TYPE_SIZES.get(kind, 0) * values
            if tag in _SUB_DIRECTORIES:
                offsets.append(_number(data, place, order + "IQ"[large]))
        if asked > 2 * len(data) + 4096 or len(offsets) > 8:
            raise ImageError("a TIFF whose tags hold more than the file; save it anew.")


def _entries(
    data: bytes, offset: int, order: str, count: int, large: bool = False
) -> Iterator[tuple[int, int, int, int]]:
    """Yield (tag, type, count of values, place of the value or its offset) of a TIFF directory."""
    entry = struct.Struct(order + ("HHQ" if large else "HHI"))
    start, step, value = (8, 20, 12) if large else (2, 12, 8)
    for index in range(count):
        place = offset + start + index * step
        if place + step > len(data):
            return
        yield *entry.unpack_from(data, place), place + value


def _number(data: bytes, place: int, layout: str) -> int:
    """Return an unsigned number, 0 where the data end before it."""
    size = struct.calcsize(layout)
    return struct.unpack_from(layout, data, place)[0] if place + size <= len(data) else 0


def exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, that EXIF data name; 1 where they name none.

    Only this tag is read. A parser of all tags copies what each points at, and a few hundred KB
    of tags that point at the same bytes are gigabytes.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    offset = _number(tiff, 4, order + "I")
    for tag, kind, _, place in _entries(tiff, offset, order, _number(tiff, offset, order + "H")):
        if tag == _ORIENTATION:
            layout = {1: "B", 3: "H", 4: "I"}.get(kind)
            value = _number(tiff, place, order + layout) if layout else 1
            return value if 1 <= value <= 8 else 1
    return 1
