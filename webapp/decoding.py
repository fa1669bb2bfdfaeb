"""Uploads are decoded in processes of their own: a file that overruns costs one of them.

Decoders are the part of a server that reads what strangers wrote. The limits of
`preprocessing.images` bound the cost of everything known; what they overlook, a hang, a crash or
gigabytes, ends a process that does nothing else, and the file is refused in one line.
"""

import multiprocessing
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import numpy as np

from facelines.preprocessing import images
from facelines.preprocessing.images import ImageError
from facelines.webapp import video

FORMATS = ("JPEG", "PNG", "WEBP")
_START_SECONDS = 300.0  # a busy machine takes its time over the imports
_MEMORY_BYTES = 3 << 29  # more than a process holds when it starts
_HEADER = struct.Struct("<cQdII")  # kind, frame's index, its seconds, height, width
_READY, _FRAME, _SKIPPED, _END, _ERROR = b"R", b"F", b"S", b"E", b"X"


class Overrun(ImageError):
    """A file whose decoding took too long, or ended the process that tried."""


@dataclass(frozen=True)
class VideoFrame:
    """A frame of a video.

    index: from 0; of the last one, which is none, the number of frames that were decoded.
    gray: uint8 (H, W), None after the last frame.
    """

    index: int
    seconds: float
    gray: np.ndarray | None


class Decoders:
    """Processes that decode, started when needed and kept; safe to use from several threads.

    What comes back from a process is read as numbers and pixels, never unpickled.
    """

    def __init__(self):
        self._idle: list[_Process] = []
        self._running: set[_Process] = set()
        self._closed = False

    def gray(self, data: bytes, max_pixels: int, seconds: float) -> np.ndarray:
        """Decode a JPEG, PNG or WebP picture to uint8 (H, W).

        Raises:
            ImageError: as `images.decode_gray`.
            Overrun: it took longer than `seconds`, or its process ended.
        """
        with self._process() as process:
            process.ask("picture", data, max_pixels)
            kind, _, _, content = process.reply(seconds)
        if kind == _ERROR:
            raise ImageError(content)
        return content

    def video(
        self, data: bytes, max_pixels: int, every: int, max_frames: int, seconds: float
    ) -> Iterator[VideoFrame]:
        """Yield every n-th frame of a video, as they are asked for, and a last one without pixels.

        Raises:
            ImageError: it is no video, or a frame has more than `max_pixels`.
            Overrun: a frame took longer than `seconds`, or the process ended.
        """
        with self._process() as process:
            process.ask("video", data, max_pixels, every, max_frames)
            del data
            while (reply := process.reply(seconds))[0] in (_FRAME, _SKIPPED):
                if reply[0] == _FRAME:
                    yield VideoFrame(*reply[1:])
        if reply[0] == _ERROR:
            raise ImageError(reply[3])
        yield VideoFrame(*reply[1:])

    def start(self, count: int) -> None:
        """Have so many processes ready."""
        started = [self._begin() for _ in range(count)]
        for process in started:
            process.wait()
        self._idle += started

    def close(self) -> None:
        """End the processes; what they are decoding is refused."""
        self._closed = True
        for process in tuple(self._running):
            process.end()

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        """Lend a process, and take it back if it answered to the end."""
        try:
            process = self._idle.pop()
        except IndexError:
            process = self._begin()
        try:
            process.wait()
            yield process
        except BaseException:
            self._running.discard(process)
            process.end()
            raise
        self._idle.append(process)

    def _begin(self) -> "_Process":
        process = _Process()
        self._running.add(process)
        if self._closed:
            process.end()
        return process


class _Process:
    """One process and the pipe to it."""

    def __init__(self):
        # Not fork: this process has threads, and the child shall have nothing of it.
        context = multiprocessing.get_context("spawn")
        self._pipe, end = context.Pipe()
        self._process = context.Process(target=_serve, args=(end,), daemon=True, name="decoder")
        self._process.start()
        end.close()
        self._ready = False

    def wait(self) -> None:
        """Wait until it has started."""
        if not self._ready:
            self.reply(_START_SECONDS)
            self._ready = True

    def ask(self, *message) -> None:
        try:
            self._pipe.send(message)
        except OSError as error:
            raise Overrun("the process that should decode it has ended; send it again.") from error

    def reply(self, seconds: float) -> tuple[bytes, int, float, np.ndarray | str | None]:
        """Return (kind, index, time, pixels or message)."""
        try:
            if not self._pipe.poll(seconds):
                raise Overrun(f"decoding takes longer than {seconds:g} s; save it anew.")
            kind, index, time, height, width = _HEADER.unpack(self._pipe.recv_bytes(_HEADER.size))
            content = None
            if kind == _FRAME:
                content = np.empty((height, width), np.uint8)
                self._pipe.recv_bytes_into(content.reshape(-1).data)
            elif kind == _ERROR:
                content = self._pipe.recv_bytes(width).decode(errors="replace")
            return kind, index, time, content
        except (EOFError, OSError, struct.error) as error:
            raise Overrun("decoding it ended the process that tried; save it anew.") from error

    def end(self) -> None:
        """End the process, whatever it does; who waits for its reply gets an Overrun."""
        self._process.kill()


def _serve(pipe) -> None:
    """Decode what is asked for until the pipe ends: the process's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the server, and the pipe with it
    _limit_memory()
    _send(pipe, _READY)
    work = {"picture": _picture, "video": _video}
    while True:
        try:
            name, *arguments = pipe.recv()
        except EOFError:
            return
        try:
            work[name](pipe, *arguments)
        except (ImageError, MemoryError) as error:
            message = (str(error) or "it needs too much memory; make it smaller.").encode()
            pipe.send_bytes(_HEADER.pack(_ERROR, 0, 0.0, 0, len(message)))
            pipe.send_bytes(message)
        del arguments


def _picture(pipe, data: bytes, max_pixels: int) -> None:
    _send(pipe, _FRAME, gray=images.decode_gray(data, max_pixels=max_pixels, formats=FORMATS))


def _video(pipe, data: bytes, max_pixels: int, every: int, max_frames: int) -> None:
    count = 0
    with video.in_memory(data, max_pixels) as path:
        del data  # the file in memory is enough
        for seconds, frame in islice(images.video_frames(path), max_frames + 1):
            video.check_size(frame.shape[1], frame.shape[0], max_pixels)
            if count < max_frames and count % every == 0:
                _send(pipe, _FRAME, count, seconds, images.bgr_to_gray(frame))
            else:
                _send(pipe, _SKIPPED, count, seconds)
            count += 1
    _send(pipe, _END, count)


def _send(
    pipe, kind: bytes, index: int = 0, seconds: float = 0.0, gray: np.ndarray | None = None
) -> None:
    height, width = (0, 0) if gray is None else gray.shape
    pipe.send_bytes(_HEADER.pack(kind, index, seconds, height, width))
    if gray is not None:
        pipe.send_bytes(np.ascontiguousarray(gray).reshape(-1).data)


def _limit_memory() -> None:
    """Let this process take so much more memory than it has now, where the system can say so."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            held = int(file.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        return
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY_BYTES,) * 2)
