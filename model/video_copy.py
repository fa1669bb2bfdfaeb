"""A video's annotated copy: frames at the source's times, and its sound with PyAV installed."""

import importlib.util
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from facelines.preprocessing import images

KEEPS_SOUND = importlib.util.find_spec("av") is not None
SUFFIX = ".mp4"
_CODEC = "mp4v"
_STEADY_RATES = 20, 60  # frames a second that a copy of OpenCV's may have; fewer are repeated
_USUAL_RATE = 30
_TICKS = 90_000  # a second, of a copy's clock
_MP4_SOUND = ("aac", "mp3", "opus", "ac3", "eac3", "alac", "flac")  # copied; other is encoded anew


class Copy(Protocol):
    """What takes a copy's frames in their order."""

    def __call__(self, frame: np.ndarray, start: float, end: float) -> None:
        """Show a frame, uint8 (H, W, 3) BGR, from one time to another, in seconds."""


@contextmanager
def copy_of(source: Path, target: Path) -> Iterator[Copy]:
    """Give what writes a copy's frames; the file is whole after the context.

    Raises:
        OSError: the copy cannot be written.
    """
    with (_with_sound if KEEPS_SOUND else _silent)(source, target) as write:
        yield write


@contextmanager
def _silent(source: Path, target: Path) -> Iterator[Copy]:
    """Write with OpenCV: at one rate, each frame as often as its time takes."""
    rate = images.frames_per_second(source)
    rate = rate if _STEADY_RATES[0] <= rate <= _STEADY_RATES[1] else _USUAL_RATE
    writer = cv2.VideoWriter()
    written = 0

    def write(frame: np.ndarray, start: float, end: float) -> None:
        nonlocal written
        if not writer.isOpened():
            height, width = frame.shape[:2]
            codec = cv2.VideoWriter_fourcc(*_CODEC)
            if not writer.open(str(target), codec, rate, (width, height)):
                raise OSError(
                    f"{target}: no video could be begun; --annotate needs a folder that can be "
                    f"written to, with room left, and an OpenCV with the codec {_CODEC}."
                )
        while written < max(round(end * rate), 1):
            writer.write(frame)
            written += 1

    try:
        yield write
    finally:
        writer.release()


@contextmanager
def _with_sound(source: Path, target: Path) -> Iterator[Copy]:
    """Write with PyAV: each frame at its own time, and the source's sound beside them."""
    import av

    try:
        with av.open(str(source)) as film, av.open(str(target), "w") as copy:
            write = _CopyWithSound(film, copy)
            try:
                yield write
            finally:  # also of a source that breaks off
                write.finish()
    except av.FFmpegError as error:
        raise OSError(f"{target}: no video could be written by --annotate ({error}).") from error


class _CopyWithSound:
    def __init__(self, film, copy):
        self._film, self._copy = film, copy
        self._picture = None
        self._sound: Iterator = iter(())  # packets of the copy
        self._next_sound = None

    def __call__(self, frame: np.ndarray, start: float, end: float) -> None:
        import av

        if self._picture is None:
            self._begin(frame)
        height, width = (side // 2 * 2 for side in frame.shape[:2])  # H.264 halves the colours
        picture = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(frame[:height, :width]), format="bgr24"
        )
        picture.pts, picture.time_base = round(start * _TICKS), Fraction(1, _TICKS)
        for packet in self._picture.encode(picture):
            packet.duration = round((end - start) * _TICKS)
            self._copy.mux(packet)
        self._mux_sound(until=end)

    def finish(self) -> None:
        """Write what is still waiting."""
        if self._picture is not None:
            self._copy.mux(self._picture.encode(None))
            self._mux_sound(until=None)

    def _begin(self, frame: np.ndarray) -> None:
        # Without reordering or delay each frame is a packet of its own, whose duration is known.
        self._picture = self._copy.add_stream(
            "libx264", rate=_USUAL_RATE, options={"tune": "zerolatency", "crf": "20"}
        )
        self._picture.height, self._picture.width = (side // 2 * 2 for side in frame.shape[:2])
        self._picture.pix_fmt = "yuv420p"
        self._picture.codec_context.time_base = Fraction(1, _TICKS)
        for sound in self._film.streams.audio[:1]:
            taken_over = sound.codec_context.name in _MP4_SOUND
            self._sound = (self._copied if taken_over else self._encoded)(sound)
            self._next_sound = next(self._sound, None)

    def _copied(self, sound) -> Iterator:
        stream = self._copy.add_stream_from_template(sound)
        return self._packets(sound, stream)

    def _packets(self, sound, stream) -> Iterator:
        pictures = self._film.streams.video
        started = float((pictures[0].start_time or 0) * pictures[0].time_base) if pictures else 0.0
        for packet in self._film.demux(sound):
            if packet.pts is None:
                continue
            shift = round(started / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = stream
            yield packet

    def _encoded(self, sound) -> Iterator:
        stream = self._copy.add_stream("aac", rate=sound.rate)
        return (
            packet
            for frame in itertools.chain(self._film.decode(sound), [None])
            for packet in stream.encode(frame)
        )

    def _mux_sound(self, until: float | None) -> None:
        while (packet := self._next_sound) is not None:
            if until is not None and float(packet.pts * packet.time_base) > until:
                return
            self._copy.mux(packet)
            self._next_sound = next(self._sound, None)
