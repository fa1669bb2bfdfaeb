import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from facelines.preprocessing.images import (
    ImageError,
    decode_gray,
    decode_rgb,
    encode_png,
    is_video,
    read_gray,
    video_frames,
)

RAMP = np.arange(32 * 16, dtype=np.uint16).reshape(32, 16)  # 16 wide, 32 high


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter to be seen upright
    return encoded(Image.fromarray((RAMP // 2).astype(np.uint8)), "JPEG", exif=exif)


def exif_damaged(place: int, value: int) -> bytes:
    """A JPEG of orientation 6, one byte of whose X resolution is changed."""
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0
    data = bytearray(encoded(Image.new("L", (32, 16), 200), "JPEG", exif=exif))
    data[data.index(b"Exif") + place] = value
    return bytes(data)


def truncated_jpeg() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    return encoded(Image.fromarray(noise), "JPEG")[:800]


BAD_PICTURES = {
    "empty": (b"", "not a picture"),
    "text": (b"I am a text file named .jpg", "not a picture"),
    "truncated JPEG": (truncated_jpeg(), "truncated"),
    "1x1": (encoded(Image.new("L", (1, 1))), "at least 8"),
    "too many pixels": (encoded(Image.new("1", (9000, 9000))), "scale it down"),
}


@pytest.mark.parametrize(("data", "message"), BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
def test_a_bad_picture_is_one_line_that_says_why(data, message):
    with pytest.raises(ImageError, match=message) as caught:
        decode_gray(data)
    assert "\n" not in str(caught.value)


GOOD_PICTURES = {
    "gray": (encoded(Image.new("L", (16, 32), 200)), (32, 16), 200),
    "RGB": (encoded(Image.new("RGB", (16, 32), (255, 0, 0))), (32, 16), 76),
    "palette": (encoded(Image.new("P", (16, 32), 0)), (32, 16), 0),
    "CMYK": (encoded(Image.new("CMYK", (16, 32), (0, 0, 0, 0)), "JPEG"), (32, 16), 255),
    "16-bit": (encoded(Image.fromarray(np.full((32, 16), 0x80FF, np.uint16))), (32, 16), 128),
    "transparent": (encoded(Image.new("RGBA", (16, 32), (0, 0, 0, 0))), (32, 16), 255),
    "half transparent": (encoded(Image.new("RGBA", (16, 32), (0, 0, 0, 128))), (32, 16), 127),
    # The resolution's entry starts at 28: two bytes of tag, two of type.
    "EXIF with a fraction as width": (exif_damaged(29, 0), (32, 16), 200),
    "EXIF with a fraction as name": (exif_damaged(29, 13), (32, 16), 200),
    "EXIF with bytes as resolution": (exif_damaged(31, 1), (32, 16), 200),
    "EXIF that is none": (encoded(Image.new("L", (16, 32), 200), exif=b"none"), (32, 16), 200),
    "EXIF cut short": (encoded(Image.new("L", (16, 32), 200), exif=b"MM\0*"), (32, 16), 200),
}


@pytest.mark.parametrize(
    ("data", "shape", "value"), GOOD_PICTURES.values(), ids=GOOD_PICTURES.keys()
)
def test_every_kind_of_picture_becomes_gray_uint8(data, shape, value):
    gray = decode_gray(data)
    assert gray.dtype == np.uint8
    assert gray.shape == shape
    assert np.all(np.abs(gray.astype(int) - value) <= 1)


def test_a_picture_is_turned_as_its_exif_says():
    turned = decode_gray(exif_rotated())
    assert turned.shape == (16, 32)
    assert turned[0, 0] > turned[0, -1]  # the dark first row is now the last column


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_pillow_turns_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray((RAMP // 2).astype(np.uint8)), exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(decode_gray(data), np.asarray(expected))


@pytest.mark.parametrize("name", ["RGB", "16-bit", "transparent", "CMYK"])
def test_rgb_and_gray_agree_on_size_and_brightness(name):
    data, shape, value = GOOD_PICTURES[name]
    rgb = decode_rgb(data)
    assert rgb.shape == (*shape, 3)
    assert abs(float(rgb.mean(axis=(0, 1)) @ (0.299, 0.587, 0.114)) - value) < 2


def test_png_round_trip_keeps_every_pixel():
    gray = np.random.default_rng(1).integers(0, 256, (48, 48), np.uint8)
    assert np.array_equal(decode_gray(encode_png(gray)), gray)


def test_a_missing_file_is_named_in_the_error(tmp_path):
    with pytest.raises(ImageError, match="nowhere.png: cannot be read"):
        read_gray(tmp_path / "nowhere.png")


def write_gif(path, count: int) -> None:
    frames = [Image.new("L", (16, 16), 40 * index) for index in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.parametrize(("frames", "expected"), [(1, False), (3, True)])
def test_a_gif_is_a_video_only_if_it_moves(tmp_path, frames, expected):
    write_gif(tmp_path / "a.gif", frames)
    assert is_video(tmp_path / "a.gif") is expected


@pytest.mark.parametrize("content", [None, b"", b"no video at all"])
def test_what_is_no_video_is_an_error_and_not_an_empty_stream(tmp_path, content):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.mp4"):
        list(video_frames(path))
