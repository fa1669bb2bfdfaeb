"""What a file repeats to cost time is counted before anything decodes it."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from facelines.preprocessing.containers import exif_orientation, look_through
from facelines.preprocessing.images import ImageError, decode_gray

WAVES = np.add.outer(np.arange(64), 2 * np.arange(48)).astype(np.uint8)


def encoded(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(WAVES).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def scan_bomb(repeats: int) -> bytes:
    """A progressive JPEG whose last scan is there `repeats` times more."""
    data = encoded("JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + repeats * scan + data[-2:]


def jpeg_with(segment: bytes, count: int) -> bytes:
    data = encoded("JPEG")
    return data[:2] + count * segment + data[2:]


def png_chunk(name: bytes, content: bytes = b"") -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_with(chunk: bytes, count: int) -> bytes:
    data = encoded("PNG")
    return data[:33] + count * chunk + data[33:]


def webp_with(count: int) -> bytes:
    data = encoded("WEBP") + count * b"abcd\0\0\0\0"
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def gif_with_comments(count: int) -> bytes:
    """A comment in 100 blocks, `count` times: each makes Pillow copy all before it."""
    data = encoded("GIF")
    start = 13 + (3 << ((data[10] & 7) + 1))
    return data[:start] + count * (b"!\xfe" + 100 * (b"\xff" + 255 * b"x") + b"\0") + data[start:]


def gif_of_short_blocks(count: int) -> bytes:
    data = encoded("GIF")
    place = data.rindex(b"\0;")
    return data[:place] + count * b"\1\0" + data[place:]


def directory(entries: int, size: int) -> bytes:
    """TIFF tags that all claim the same `size` bytes."""
    tags = b"".join(struct.pack("<HHII", 40_000 + n, 7, size, 8) for n in range(entries))
    return b"II*\0" + struct.pack("<IH", 8, entries) + tags + bytes(4 + size)


def mpo_list(entries: int, size: int) -> bytes:
    content = b"MPF\0" + directory(entries, size)
    return b"\xff\xe2" + struct.pack(">H", len(content) + 2) + content


COSTLY = {
    "JPEG of many scans": (scan_bomb(600), "scans of"),
    "JPEG of many segments": (jpeg_with(b"\xff\xe0\0\2", 3_000), "segments"),
    "PNG of many chunks": (png_with(png_chunk(b"tESt"), 3_000), "chunks"),
    "PNG of empty pixels": (png_with(png_chunk(b"IDAT"), 3_000), "chunks"),
    "PNG of many profiles": (png_with(png_chunk(b"iCCP", b"a\0\0"), 2), "colour profile"),
    "WebP of many chunks": (webp_with(5_000), "chunks"),
    "GIF of many comments": (gif_with_comments(60), "comments"),
    "GIF of empty comments": (gif_with_comments(0)[:13] + 4_000_000 * b"!\xfe\0", "comments"),
    "TIFF of overlapping tags": (directory(900, 60_000), "hold more than the file"),
    "TIFF of many tags": (directory(2_000, 1), "tags"),
}


@pytest.mark.parametrize(("data", "message"), COSTLY.values(), ids=COSTLY.keys())
def test_a_file_made_to_cost_time_is_refused_in_one_line(data, message):
    with pytest.raises(ImageError, match=message) as caught:
        decode_gray(data)
    assert "\n" not in str(caught.value)


ODD = {
    "scans as ordinary": scan_bomb(0),
    "a few scans more": scan_bomb(20),
    "EXIF of overlapping tags": jpeg_with(
        b"\xff\xe1" + struct.pack(">H", 60_008) + b"Exif\0\0" + directory(900, 49_182)[:60_000], 1
    ),
    "pictures listed by overlapping tags": jpeg_with(mpo_list(900, 40_000), 1),
    "junk between segments": jpeg_with(b"\0" * 500_000, 1),
    "another picture behind": encoded("JPEG") + scan_bomb(600),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_what_decoding_does_not_need_costs_nothing_and_changes_no_pixel(data):
    looked = look_through(data)
    assert len(looked.data) < len(encoded("JPEG")) + 20_000
    expected = np.asarray(Image.open(io.BytesIO(encoded("JPEG"))).convert("L")).astype(int)
    assert np.abs(decode_gray(data) - expected).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_container_is_turned_as_pillow_turns_it(kind, orientation):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    data = encoded(kind, exif=exif_of(orientation), **options.get(kind, {}))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
    difference = decode_gray(data).astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 1


def test_exif_that_imagemagick_wrote_as_text_turns_a_png():
    hexadecimal = exif_of(6).tobytes().hex()
    text = f"\nexif\n{len(hexadecimal) // 2:8}\n{hexadecimal}\n".encode()
    name = b"Raw profile type exif\0"
    for chunk in (
        png_chunk(b"tEXt", name + text),
        png_chunk(b"zTXt", name + b"\0" + zlib.compress(text)),
    ):
        assert decode_gray(png_with(chunk, 1)).shape == (48, 64)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"x" * 99]
)
def test_damaged_exif_is_upright(exif):
    assert exif_orientation(exif) == 1


def test_what_pillow_decodes_in_python_may_have_fewer_pixels():
    small = b"P2 32 16 200\n" + b"100 " * 512
    assert np.all(decode_gray(small) == 128)
    with pytest.raises(ImageError, match="save it as PNG"):
        decode_gray(b"P2 2000 1000 200\n" + b"100 " * 2_000_000)
