"""What the readers yield: a picture that is decoded when asked for, or why there is none."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facelines.preprocessing.files import shown
from facelines.preprocessing.images import (
    MIN_SIDE,
    ImageError,
    bgr_to_gray,
    read_gray,
    video_frames,
)

TRAINING_SPLITS = ("Training", "train")
EVALUATION_SPLITS = ("PublicTest", "PrivateTest", "validation", "test")
WITHOUT_SPLIT = "all"  # the split of pictures that come with none

_FER2013_SIDE = 48
_SEPARATORS = re.compile(r"[,;\s]+")
_PLAIN = {str(value): value for value in range(256)}  # a third of `int`'s time


class DatasetError(ValueError):
    """A source that cannot be used at all; the message is one line for the user."""


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a video file, decoded when asked for."""

    path: Path
    index: int


@dataclass(frozen=True)
class Region:
    """The part of a picture file that its list names as the face, in pixels, half-open."""

    path: Path
    x_min: int
    y_min: int
    x_max: int
    y_max: int


@dataclass(frozen=True)
class Sample:
    """One picture of a data set, small until `gray` decodes it.

    source: stable name, `fer2013.csv:17` (rows and frames count from 0) or a relative path.
    split: the data set's own name (see each reader), WITHOUT_SPLIT where it has none.
    label: in our spelling or the set's own, None for photos and videos.
    content: a row's pixels as text, a picture's path or a region of it, or a frame of a video.
    votes: FER+'s ten counts in the order of `labels.FERPLUS_COLUMNS`, or None.
    subject: the person, where the set names them, or None.
    weight: how much the sample counts in training, where a list says so, or None.
    """

    source: str
    split: str
    label: str | None
    content: str | Path | Region | VideoFrame
    votes: tuple[int, ...] | None = None
    subject: str | None = None
    weight: float | None = None

    def gray(self) -> np.ndarray:
        """Decode the picture: uint8 (H, W).

        Raises:
            ImageError: damaged, no picture, or not 48x48 pixels in a FER2013 row.
        """
        if isinstance(self.content, str):
            return _parse_pixels(self.content)
        if isinstance(self.content, VideoFrame):
            return _decode_frame(self.content)
        if isinstance(self.content, Region):
            return _cut(self.content)
        return read_gray(self.content)

    @property
    def path(self) -> Path | None:
        """The file that it is decoded from, None for a row of pixels."""
        if isinstance(self.content, str):
            return None
        return self.content if isinstance(self.content, Path) else self.content.path


@dataclass(frozen=True)
class ReadError:
    """A row or file that is no sample: where, and one line that says why."""

    source: str
    message: str


@dataclass(frozen=True)
class PassedOver:
    """A file that is no sample and no error: `why` in a few words, the same for all of a kind."""

    source: str
    why: str


def _cut(region: Region) -> np.ndarray:
    """Return a region and a quarter of its size around it, as far as the picture reaches."""
    gray = read_gray(region.path)
    across = (region.x_max - region.x_min) // 4
    down = (region.y_max - region.y_min) // 4
    left, top = max(0, region.x_min - across), max(0, region.y_min - down)
    cut = gray[top : max(0, region.y_max + down), left : max(0, region.x_max + across)]
    if min(cut.shape) < MIN_SIDE:
        height, width = gray.shape
        raise ImageError(
            f"{shown(region.path)}: its face's box {region.x_min},{region.y_min} to "
            f"{region.x_max},{region.y_max} is not in the {width}x{height} pixels."
        )
    return np.ascontiguousarray(cut)


def _parse_pixels(text: str) -> np.ndarray:
    try:
        pixels = bytes(map(_PLAIN.__getitem__, text.split()))
    except KeyError:
        pixels = _parse_numbers(text)
    if len(pixels) != _FER2013_SIDE**2:
        raise ImageError(f"{len(pixels)} pixels; expected {_FER2013_SIDE**2} (48x48).")
    return np.frombuffer(pixels, np.uint8).reshape(_FER2013_SIDE, _FER2013_SIDE).copy()


def _parse_numbers(text: str) -> bytes:
    try:
        return bytes(map(int, _SEPARATORS.split(text.strip("[]() \t\r\n"))))
    except ValueError as error:
        raise ImageError("a pixel is no whole number from 0 to 255.") from error


_open_video: dict = {}  # one video a process: (path) -> (index of the next frame, its iterator)


def _decode_frame(frame: VideoFrame) -> np.ndarray:
    """Decode one frame; going forward continues where the last call stopped."""
    next_index, frames = _open_video.pop(frame.path, (0, None))
    if frames is None or frame.index < next_index:
        next_index, frames = 0, video_frames(frame.path)
    for index, (_, picture) in enumerate(frames, start=next_index):
        if index == frame.index:
            _open_video.clear()
            _open_video[frame.path] = (index + 1, frames)
            return bgr_to_gray(picture)
    raise ImageError(f"{frame.path}: no frame {frame.index} in it.")
