"""An uploaded video as a file in memory: OpenCV opens paths only, and no face goes to disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from facelines.preprocessing.images import ImageError

SUPPORTED = hasattr(os, "memfd_create")


@contextmanager
def in_memory(data: bytes, max_pixels: int) -> Iterator[Path]:
    """Give a video a path for as long as the context lasts.

    An ImageError within the context loses the path, which means nothing to who sent the video.

    Raises:
        ImageError: it is not MP4, MOV, WebM, Matroska or AVI by its content, or its frames have
            more than `max_pixels`.
    """
    if not is_container(data):
        raise ImageError("not a video; expected MP4, MOV, WebM, Matroska or AVI.")
    handle = os.memfd_create("video")
    try:
        path = Path(f"/proc/self/fd/{handle}")
        path.write_bytes(data)
        del data  # the copy is enough
        _check_container(path, max_pixels)
        yield path
    except ImageError as error:
        raise ImageError(str(error).removeprefix(f"{path}: ")) from error
    finally:
        os.close(handle)


def is_container(data: bytes) -> bool:
    """Tell whether bytes begin as a video container.

    Other formats are kept from FFmpeg: its playlists would make the server open more files.
    """
    return (
        data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
        or data[:4] == b"\x1a\x45\xdf\xa3"
        or (data[:4] == b"RIFF" and data[8:12] == b"AVI ")
    )


def _check_container(path: Path, max_pixels: int) -> None:
    capture = cv2.VideoCapture(str(path))
    try:
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    finally:
        capture.release()
    check_size(width, height, max_pixels)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Raise an ImageError if a frame is too large, be it the first or one of another size."""
    if width * height > max_pixels:
        raise ImageError(
            f"{width}x{height} pixels a frame are more than the {max_pixels} allowed; "
            "scale the video down."
        )
