"""Bytes or a file -> gray uint8 (H, W). The only place that decodes pictures, with its limits."""

import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

MAX_PIXELS = 64_000_000
MAX_BYTES = 64 << 20
MIN_SIDE = 8  # pixels; no face is seen on fewer
PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")
)
VIDEO_SUFFIXES = frozenset((".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".mpg", ".mpeg"))
_TURNS = {  # by EXIF's orientation; 1 is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(ValueError):
    """A picture that cannot be used; the message is one line for the user."""


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
        ImageError: not a picture, truncated, of another format, too large, or too small.
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
    """Tell whether a path is a video: by its suffix, or a GIF of more than one frame."""
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return True
    if path.suffix.lower() != ".gif":
        return False
    try:
        with Image.open(path) as picture:
            return getattr(picture, "n_frames", 1) > 1
    except (OSError, UnidentifiedImageError):
        return False


def video_frames(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time in seconds, uint8 (H, W, 3) BGR) for each frame; one frame is in memory.

    Raises:
        ImageError: the file is missing, no video, or holds no frame.
    """
    if not path.is_file():
        raise ImageError(f"{path}: no such file.")
    capture = cv2.VideoCapture(str(path))
    try:
        rate = capture.get(cv2.CAP_PROP_FPS) or 25.0
        index = 0
        while True:
            decoded, frame = capture.read()
            if not decoded:
                break
            yield index / rate, frame
            index += 1
        if index == 0:
            raise ImageError(f"{path}: no frame could be decoded; expected a video file.")
    finally:
        capture.release()


def frames_per_second(path: Path) -> float:
    """Return a video's frame rate; 25 where the file does not say."""
    capture = cv2.VideoCapture(str(path))
    try:
        return capture.get(cv2.CAP_PROP_FPS) or 25.0
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
    """Decode what `encode_png` made, uint8 (H, W); fast, for our own files only."""
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)


def _open(
    data: bytes, max_pixels: int, formats: tuple[str, ...], *, luma_only: bool
) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data), formats=formats)
        width, height = picture.size
        if min(width, height) < MIN_SIDE:
            raise ImageError(
                f"only {width}x{height} pixels; a face needs at least {MIN_SIDE} a side."
            )
        if width * height > max_pixels:
            raise ImageError(
                f"{width}x{height} pixels are more than the {max_pixels} allowed; scale it down."
            )
        if luma_only and picture.format == "JPEG" and picture.mode == "RGB":
            picture.draft("L", picture.size)  # libjpeg then decodes only the luma
        picture.load()
        return _upright(picture)
    except UnidentifiedImageError as error:
        raise ImageError(f"not a picture; expected one of {', '.join(formats)}.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"too many pixels ({error}).") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"damaged or truncated picture ({error}).") from error


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF says; unlike Pillow's exif_transpose, write no EXIF anew."""
    try:
        turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # Pillow raises many kinds on damaged EXIF; the picture itself is good
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _gray(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return (np.asarray(picture).astype(np.int64).clip(0, 65535) >> 8).astype(np.uint8)
    if picture.mode == "F":
        return np.asarray(picture).clip(0, 255).astype(np.uint8)
    return np.asarray(_on_white(picture).convert("L"))


def _on_white(picture: Image.Image) -> Image.Image:
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture)
