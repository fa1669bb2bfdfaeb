"""Bytes or a file -> gray uint8 (H, W). The only place that decodes pictures, with its limits."""

import contextlib
import io
import math
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from facelines.preprocessing import arrays, files
from facelines.preprocessing.containers import ImageError, look_through

with contextlib.suppress(ImportError):  # where it is installed, HEIC is read
    import pillow_heif

    pillow_heif.register_heif_opener()

SAMPLE_PHOTO = Path(__file__).parent / "photos" / "astronaut.jpg"  # NASA, public domain
MAX_PIXELS = 64_000_000
MAX_BYTES = 64 << 20
MIN_SIDE = 8  # pixels; no face is seen on fewer
_WHOLE = 0.9  # of the frames that a video's header names
_FRAMES_PER_SECOND = 25.0  # of a film that does not say
_MOVING = ("GIF", "WEBP")
_NO_DELAY, _USUAL_DELAY = 10, 100  # milliseconds; browsers too give frames without a delay so long
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "HEIF", "JPEG2000")
_MAX_SCANS = 64  # of one picture; an ordinary progressive JPEG has 10
_SCANS_OF_ALL = 16  # of a picture of as many pixels as are allowed
_MAX_SLOW_PIXELS = 1_000_000
_SLOW_DECODERS = ("bmp_rle", "ppm", "ppm_plain")  # Pillow's in Python, a microsecond a pixel
_DAMAGED = (SyntaxError, IndexError, TypeError, struct.error)  # Pillow's, of damaged headers
_TURNS = {  # by EXIF's orientation; 1 is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class CutOffError(ImageError):
    """A video that ends before its header says; all frames that are there came before."""


def decode_gray(
    data: bytes, *, max_pixels: int = MAX_PIXELS, formats: tuple[str, ...] = PICTURE_FORMATS
) -> np.ndarray:
    """Decode a picture to gray.

    Args:
        data: an encoded picture. EXIF rotation is applied where it can be read, transparency
            is laid on white, 16 bits are scaled to 8, colour becomes luma (ITU-R 601).
        max_pixels: width x height allowed; read from the header, before any decoding.
        formats: Pillow's names of the formats allowed, found by content, not by file name.

    Returns:
        uint8 (H, W).

    Raises:
        ImageError: not a picture, truncated, of another format, too large, too small, or made to
            take longer than its pixels do (see `containers`).
    """
    return _gray(_open(data, max_pixels, formats, luma_only=True))


def decode_rgb(data: bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture to uint8 (H, W, 3) RGB, as `decode_gray` does; for annotation only."""
    picture = _open(data, max_pixels, PICTURE_FORMATS, luma_only=False)
    if picture.mode.startswith(("I", "F")):
        return np.repeat(_gray(picture)[..., None], 3, axis=2)
    return np.asarray(_on_white(picture).convert("RGB"))


def read_bytes(path: Path) -> bytes:
    """Read a picture file.

    Raises:
        ImageError: it is missing, unreadable or larger than MAX_BYTES.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{path}: larger than {MAX_BYTES >> 20} MiB; make it smaller.")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror}).") from error


def read_gray(path: Path) -> np.ndarray:
    """Read a picture file as uint8 (H, W).

    Raises:
        ImageError: as `read_bytes` and `decode_gray`, with the path in the message.
    """
    data = read_bytes(path)
    try:
        return decode_gray(data)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def is_video(path: Path) -> bool:
    """Tell whether a path is a video by its content, or a GIF or WebP of more than one frame.

    Where the content is not known its suffix counts.
    """
    return files.kind(path) == files.VIDEO or moves(path)


def moves(path: Path) -> bool:
    """Tell whether a file is a GIF or WebP of more than one frame."""
    if not _may_move(path):
        return False
    try:
        with Image.open(path, formats=_MOVING) as picture:
            return getattr(picture, "n_frames", 1) > 1
    except (OSError, UnidentifiedImageError):
        return False


def _may_move(path: Path) -> bool:
    """Tell whether a file is a GIF or a WebP."""
    try:
        with path.open("rb") as file:
            return files.may_move(file.read(12))
    except OSError:
        return False


def video_frames(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time in seconds, uint8 (H, W, 3) BGR) for each frame; two frames are in memory.

    Times are the file's own, also where its rate varies; an animation's follow from its delays.

    Raises:
        ImageError: the file is missing, no video, or holds no frame.
        CutOffError: after the last frame, where the header names clearly more.
    """
    for time, _, frame in timed_frames(path):
        yield time, frame


def timed_frames(path: Path) -> Iterator[tuple[float, float, np.ndarray]]:
    """Yield (time, time of the next frame, frame), and else as `video_frames`.

    A film's last frame lasts as long as the one before.
    """
    if not files.is_utf8(path):  # OpenCV would die of it
        raise ImageError(f"{files.shown(path)}: a name that is not UTF-8; rename the video.")
    if not path.is_file():
        raise ImageError(f"{path}: no such file.")
    yield from _animation_frames(path) if _may_move(path) else _film_frames(path)


def _film_frames(path: Path) -> Iterator[tuple[float, float, np.ndarray]]:
    capture = cv2.VideoCapture(str(path))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or _FRAMES_PER_SECOND
        count, interval, time, before = 0, 1 / rate, -1 / rate, None
        while True:
            decoded, frame = capture.read()
            if not decoded:
                break
            count += 1
            now = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            now = now if now > time else time + interval  # not every file has times
            if before is not None:
                interval = now - time
                yield time, now, before
            time, before = now, frame
        if before is None:
            raise ImageError(f"{path}: no frame could be decoded; expected a video file.")
        yield time, time + interval, before
        _check_whole(path, count, time + interval, capture.get(cv2.CAP_PROP_FRAME_COUNT), rate)
    finally:
        capture.release()


def _check_whole(path: Path, decoded: int, end: float, named: float, rate: float) -> None:
    # Of formats without an index the count is an estimate: their duration at the usual rate.
    lasts_as_long = end >= _WHOLE * named / rate
    if math.isfinite(named) and decoded < _WHOLE * named - 1 and not lasts_as_long:
        raise CutOffError(
            f"{path}: breaks off after {decoded} of the {named:.0f} frames that its header names."
        )


def _animation_frames(path: Path) -> Iterator[tuple[float, float, np.ndarray]]:
    data, time = read_bytes(path), 0.0
    try:
        with Image.open(io.BytesIO(look_through(data).data), formats=_MOVING) as animation:
            width, height = animation.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"{path}: {width}x{height} pixels are more than the {MAX_PIXELS} allowed; "
                    "scale it down."
                )
            for index in range(getattr(animation, "n_frames", 1)):
                animation.seek(index)
                frame = np.asarray(_on_white(animation).convert("RGB"))[..., ::-1]
                delay = animation.info.get("duration", 0)  # of a WebP known only once decoded
                end = time + (delay if delay > _NO_DELAY else _USUAL_DELAY) / 1000
                yield time, end, np.ascontiguousarray(frame)
                time = end
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        kind = CutOffError if time else ImageError
        raise kind(f"{path}: damaged or truncated animation ({error}).") from error


def frames_per_second(path: Path) -> float:
    """Return a video's frame rate; 25 where the file does not say."""
    capture = cv2.VideoCapture(str(path))
    try:
        return capture.get(cv2.CAP_PROP_FPS) or _FRAMES_PER_SECOND
    finally:
        capture.release()


def frame_count(path: Path) -> int:
    """Return about how many frames a video has; 0 where the file does not say."""
    if not files.is_utf8(path):  # OpenCV would die of it
        return 0
    capture = cv2.VideoCapture(str(path))
    try:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        capture.release()


def bgr_to_gray(frame: np.ndarray) -> np.ndarray:
    """Turn a video frame, uint8 (H, W, 3) BGR, into uint8 (H, W)."""
    return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)


def encode_png(gray: np.ndarray) -> bytes:
    """Encode uint8 (H, W) as PNG bytes, the same bytes for the same pixels and OpenCV version."""
    encoded, data = cv2.imencode(".png", gray)
    if not encoded:
        raise ImageError(f"An array of shape {gray.shape} could not be encoded as PNG.")
    return data.tobytes()


def decode_png(data: bytes) -> np.ndarray:
    """Decode what `encode_png` made, uint8 (H, W); fast, for our own files only.

    Raises:
        ImageError: it is damaged.
    """
    gray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise ImageError("a stored PNG is damaged; prepare the data set again.")
    return gray


def _open(
    data: bytes, max_pixels: int, formats: tuple[str, ...], *, luma_only: bool
) -> Image.Image:
    try:
        encoded = look_through(data)
        picture = _identified(encoded.data, formats)
        _check_cost(picture, encoded.scans, max_pixels)
        if luma_only and picture.format == "JPEG" and picture.mode == "RGB":
            picture.draft("L", picture.size)  # libjpeg then decodes only the luma
        picture.load()
        return _upright(picture, encoded.orientation)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(_unknown(data, formats)) from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"more than the {max_pixels} pixels allowed; scale it down.") from error
    except (*_DAMAGED, OSError, ValueError, EOFError, Warning) as error:
        raise ImageError(f"damaged or truncated picture ({error}).") from error


def _check_cost(picture: Image.Image, scans: int, max_pixels: int) -> None:
    width, height = picture.size
    pixels = width * height
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"only {width}x{height} pixels; a face needs at least {MIN_SIDE} a side.")
    if pixels > max_pixels:
        raise ImageError(
            f"{width}x{height} pixels are more than the {max_pixels} allowed; scale it down."
        )
    if scans > _MAX_SCANS or scans * pixels > _SCANS_OF_ALL * max_pixels:
        raise ImageError(
            f"{scans} scans of {width}x{height} pixels take too long; save it as a baseline JPEG."
        )
    if pixels > _MAX_SLOW_PIXELS and any(tile[0] in _SLOW_DECODERS for tile in picture.tile):
        raise ImageError(
            f"{width}x{height} pixels as text, run lengths or an odd range take too long; "
            "save it as PNG."
        )


def _unknown(data: bytes, formats: tuple[str, ...]) -> str:
    readable = ", ".join(name for name in formats if name in Image.OPEN)
    if files.kind_of_content(data[:512]):
        return f"a picture or video of a kind that is not read here; expected one of {readable}."
    return f"not a picture; expected one of {readable}."


def _identified(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    """Open a picture by its content, as `Image.open` does without a pixel limit of its own.

    Pillow's limit is above ours, for which this module cares, and speaks of attacks.

    Raises:
        UnidentifiedImageError: of none of the formats that this Pillow reads.
    """
    Image.init()
    for name in formats:
        factory, accept = Image.OPEN.get(name, (None, None))
        verdict = accept(data[:16]) if accept else True
        if factory is None or not verdict or isinstance(verdict, str):  # of a codec that lacks
            continue
        try:
            return factory(io.BytesIO(data), "")
        except _DAMAGED:
            continue  # as in Pillow: this plugin's way to say that it is none of its pictures
    raise UnidentifiedImageError


def _upright(picture: Image.Image, orientation: int | None) -> Image.Image:
    """Turn a picture as its EXIF says; unlike Pillow's exif_transpose, write no EXIF anew."""
    try:
        if orientation is None:
            orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # Pillow raises many kinds on damaged EXIF; the picture itself is good
        return picture
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _gray(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):
        try:
            return arrays.eight_bits(np.asarray(picture), _bits(picture))
        except ValueError as error:
            raise ImageError(str(error)) from error
    return np.asarray(_on_white(picture).convert("L"))


def _bits(picture: Image.Image) -> int | None:
    """Return how many bits a TIFF's samples have where fewer than their container's."""
    bits = getattr(picture, "tag_v2", {}).get(258) or (None,)
    return bits[0] if bits[0] in (10, 12, 14) else None


def _on_white(picture: Image.Image) -> Image.Image:
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture)
