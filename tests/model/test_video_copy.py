"""Videos of variable rate: their frames' times, and copies that last as long as they do."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from facelines.model import video_copy
from facelines.preprocessing import images

STARTS = [0.0, 0.1, 0.5, 0.54, 1.5, 1.9]  # seconds
END = 2.3
SIDE = 64
_NEAR = 12  # of 255, which codecs change; pictures are 30 apart


def picture(index):
    return np.full((SIDE, SIDE, 3), 30 * index + 20, np.uint8)


def write_film(path, sound=None):
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libvpx", rate=30)
        stream.width = stream.height = SIDE
        stream.codec_context.time_base = Fraction(1, 1000)
        hum = film.add_stream(sound, rate=48000) if sound else None
        for index, start in enumerate(STARTS):
            frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
            frame.pts, frame.time_base = round(1000 * start), Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        if sound:
            noise = np.random.default_rng(0).integers(-9000, 9000, (1, 48000 * 2 * 2), np.int16)
            samples = av.AudioFrame.from_ndarray(noise, "s16", "stereo")
            samples.sample_rate, samples.pts = 48000, 0
            film.mux(hum.encode(samples))
            film.mux(hum.encode(None))
    return path


def write_animation(path):
    pictures = [Image.fromarray(picture(index)) for index in range(len(STARTS))]
    delays = np.diff([*STARTS, END]) * 1000
    pictures[0].save(
        path, save_all=True, append_images=pictures[1:], duration=[round(d) for d in delays]
    )
    return path


def write(folder, kind):
    path = folder / f"clip.{kind}"
    return write_film(path) if kind == "webm" else write_animation(path)


def copied(source, target):
    with video_copy.copy_of(source, target) as copy:
        for start, end, frame in images.timed_frames(source):
            copy(frame, start, end)
    return target


@pytest.mark.parametrize("kind", ["webm", "gif", "webp"])
def test_frames_have_the_files_own_times(tmp_path, kind):
    frames = list(images.timed_frames(write(tmp_path, kind)))
    assert [start for start, _, _ in frames] == pytest.approx(STARTS, abs=0.011)
    assert [end for _, end, _ in frames[:-1]] == pytest.approx(STARTS[1:], abs=0.011)
    assert frames[-1][1] == pytest.approx(END, abs=0.011)
    brightness = [frame.mean() for _, _, frame in frames]
    assert brightness == pytest.approx([picture(index).mean() for index in range(6)], abs=_NEAR)


@pytest.mark.parametrize("sound", [True, False], ids=["PyAV", "OpenCV"])
@pytest.mark.parametrize("kind", ["webm", "gif", "webp"])
def test_a_copy_keeps_times_and_duration(tmp_path, kind, sound, monkeypatch):
    monkeypatch.setattr(video_copy, "KEEPS_SOUND", sound)
    copy = copied(write(tmp_path, kind), tmp_path / "copy.mp4")
    frames = list(images.timed_frames(copy))
    assert frames[-1][1] == pytest.approx(END, abs=0.035)
    for start, index in zip(STARTS, range(6), strict=True):
        shown = [frame for begin, end, frame in frames if begin <= start + 0.03 < end]
        assert shown[0].mean() == pytest.approx(picture(index).mean(), abs=_NEAR)
    with av.open(str(copy)) as film:
        assert film.duration / 1e6 == pytest.approx(END, abs=0.035)


@pytest.mark.parametrize("sound, kept", [("libopus", "opus"), ("pcm_s16le", "aac")])
def test_a_copy_keeps_the_sound(tmp_path, sound, kept):
    copy = copied(write_film(tmp_path / "clip.mkv", sound), tmp_path / "copy.mp4")
    with av.open(str(copy)) as film:
        assert film.streams.audio[0].codec_context.name.startswith(kept)
        heard = sum(frame.samples for frame in film.decode(audio=0))
        assert heard / 48000 == pytest.approx(2, abs=0.1)


def test_odd_sides_lose_a_line(tmp_path):
    source = write_animation(tmp_path / "clip.gif")
    with video_copy.copy_of(source, tmp_path / "copy.mp4") as copy:
        copy(np.zeros((63, 65, 3), np.uint8), 0.0, 0.1)
    (_, _, frame), *_ = images.timed_frames(tmp_path / "copy.mp4")
    assert frame.shape == (62, 64, 3)


def test_a_still_gif_or_webp_is_no_video(tmp_path):
    for name in ("still.gif", "still.webp"):
        Image.fromarray(picture(1)).save(tmp_path / name)
        assert not images.is_video(tmp_path / name)
        assert images.is_video(write(tmp_path, name[-4:].strip(".")))


def test_a_video_without_frames_leaves_no_half_a_copy(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"nothing")
    with pytest.raises((images.ImageError, OSError)):
        copied(tmp_path / "clip.mp4", tmp_path / "copy.mp4")
    assert cv2.VideoCapture(str(tmp_path / "copy.mp4")).isOpened() is False
