"""How fast it is, beside yardsticks of the same moment: what `facelines speed` prints.

Times are processor time of one thread or process, so other programs on the machine lengthen them
little; each figure is a ratio of medians, taken in turn with its yardstick in one run.
"""

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import dlib
import numpy as np

from facelines import shape_predictor
from facelines.model import inputs
from facelines.model.recognizer import Recognizer
from facelines.preprocessing import images, landmarks, mesh, tflite
from facelines.preprocessing.images import SAMPLE_PHOTO
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.points import BOX_SIDE, CROP_SIDE, upright_crop
from facelines.preprocessing.prepare import preprocess
from facelines.webapp.analyzer import Analyzer
from facelines.webapp.settings import Settings
from facelines.webapp.stopwatch import Stopwatch
from facelines.webapp.tracking import Tracker

WARM_UP = 5
_STARTS = 5
_SWING = 6.0  # pixels that the face moves to either side, or it would not be read anew
_FRAME_SIZE = 640, 480
_FRAMES_PER_SECOND = 30
_CYCLE = 12  # frames of which one detects and half read the mesh: no cost hides from their mean
_FACE_SIDE = 120  # pixels of the frame's one face
_LABELS = 0, 2, 3, 4, 5, 6  # FER2013's but disgust, which is left out: every image is prepared
_PHOTO_FACE = (225, 120, 105)  # of the sample photo: its centre and side


@dataclass(frozen=True)
class Figure:
    """One measured ratio.

    value: of the medians; lower is better, but for `scaling_2`.
    must, aim: what is asked of it.
    repeats: how many measurements each median is of.
    """

    name: str
    value: float
    yardstick: str
    must: float
    aim: float
    repeats: int

    @property
    def is_met(self) -> bool:
        """Whether the value is as good as it must be."""
        return self.value >= self.must if self.name == "scaling_2" else self.value <= self.must


def measure(model: str, repeats: int, images_count: int, whole: bool) -> Iterator[Figure]:
    """Yield the figures as they are measured.

    Args:
        model: a released name.
        repeats: measurements of each median.
        images_count: face crops that preprocessing is timed on.
        whole: whether the figures that take minutes are measured too.
    """
    cv2.setNumThreads(1)
    recognizer = Recognizer.load(model)
    yield from _frames(recognizer, repeats)
    yield _classifier(recognizer, repeats)
    with tempfile.TemporaryDirectory() as folder:
        source = write_fer2013(Path(folder) / "faces.csv", images_count)
        yield _preprocessing(source, images_count, repeats)
        if whole:
            # Twice as many: the workers' start should be a small part.
            yield _scaling(write_fer2013(Path(folder) / "more.csv", 2 * images_count))
            yield _memory(Path(folder))
    if whole:
        yield _start(model)


def machine() -> dict:
    """Return what the figures depend on."""
    return {
        "processors": os.cpu_count(),
        "load": [round(value, 1) for value in os.getloadavg()],
        "threads": 1,
        "opencv": cv2.__version__,
        "dlib": dlib.__version__,
    }


def frame(shift: float = 0.0) -> np.ndarray:
    """Return a VGA picture with one face of 120 px, moved aside, uint8 (480, 640, 3) RGB."""
    x, y, side = _PHOTO_FACE
    scale = _FACE_SIDE / side
    width, height = _FRAME_SIZE
    left, top = width / 2 - scale * x + shift, height / 3 - scale * y
    place = np.float64([[scale, 0, left], [0, scale, top]])
    photo = images.decode_rgb(images.read_bytes(SAMPLE_PHOTO))
    return cv2.warpAffine(photo, place, _FRAME_SIZE, borderMode=cv2.BORDER_REFLECT)


def in_turn(repeats: int, *actions: Callable[[], object]) -> list[float]:
    """Return the median processor time of each action, in seconds; they take turns."""
    times: list[list[float]] = [[] for _ in actions]
    for turn in range(WARM_UP + repeats):
        for action, its_times in zip(actions, times, strict=True):
            started = time.thread_time()
            action()
            if turn >= WARM_UP:
                its_times.append(time.thread_time() - started)
    return [statistics.median(its_times) for its_times in times]


def _frames(recognizer: Recognizer, repeats: int) -> Iterator[Figure]:
    """Yield what a photo and a live frame cost, from JPEG to probabilities."""
    moving = [_jpeg(frame(_SWING * np.sin(index / 2))) for index in range(12)]
    data, names = moving[0], [recognizer.name]
    film = zip(itertools.cycle(moving), itertools.count(), strict=False)
    gray = images.decode_gray(data)
    analyzer = Analyzer({recognizer.name: recognizer}, Settings(workers=1))
    tracker = Tracker(recognizer.pipeline)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

    def follow() -> dict:
        data, index = next(film)
        return analyzer.follow(
            images.decode_gray(data), tracker, index / _FRAMES_PER_SECOND, names, pictures=()
        )

    def cycle() -> None:
        for _ in range(_CYCLE):
            follow()

    def detect() -> dict:
        tracker.look_again()
        return follow()

    def photo() -> dict:
        return analyzer.picture(images.decode_gray(data), names, (), Stopwatch())

    if not follow()["faces"]:
        raise RuntimeError("The benchmark's face was not found.")
    for name, action, frames, must, aim in (
        ("frame_ratio", detect, 1, 0.12, 0.05),
        ("frame_tracking_ratio", cycle, _CYCLE, 0.07, 0.03),
        ("photo_ratio", photo, 1, 0.20, 0.10),
    ):
        seconds, haar = in_turn(repeats, action, lambda: cascade.detectMultiScale(gray, 1.1, 5))
        yield Figure(name, seconds / frames / haar, "a Haar scan of the frame", must, aim, repeats)
    analyzer.close()


def _jpeg(rgb: np.ndarray) -> bytes:
    _, encoded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return encoded.tobytes()


def _classifier(recognizer: Recognizer, repeats: int) -> Figure:
    """Return what one face costs a released network, beside the published one."""
    published = Recognizer.load("landmark_cnn")
    (face,) = recognizer.pipeline(images.read_gray(SAMPLE_PHOTO))
    ours, theirs = (inputs.of_faces([face]) for _ in range(2))
    seconds, yardstick = in_turn(
        repeats,
        lambda: recognizer.probabilities(ours),
        lambda: published.probabilities(theirs),
    )
    return Figure(
        "classifier_ratio", seconds / yardstick, "the published network", 0.3, 0.15, repeats
    )


def face_crops(count: int) -> Iterator[np.ndarray]:
    """Yield so many crops of the sample photo's face as FER2013 has them, uint8 (48, 48)."""
    noise = np.random.default_rng(0)
    photo = images.read_gray(SAMPLE_PHOTO)[60:200, 160:300]
    for _ in range(count):
        left, top = noise.integers(0, 12, 2)
        crop = photo[top : top + 128, left : left + 128]
        crop = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA)
        changed = crop * noise.uniform(0.6, 1.2) + noise.normal(0, 6, crop.shape)
        yield changed.clip(0, 255).astype(np.uint8)


def write_fer2013(path: Path, count: int) -> Path:
    """Write so many face crops as a CSV in FER2013's format."""
    with path.open("w") as file:
        print("emotion,pixels,Usage", file=file)
        for index, crop in enumerate(face_crops(count)):
            print(
                f"{_LABELS[index % len(_LABELS)]},{' '.join(map(str, crop.ravel()))},Training",
                file=file,
            )
    return path


def _preprocessing(source: Path, count: int, repeats: int) -> Figure:
    """Return what preparing an image costs beside the networks and dlib on ready-made arrays."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        preprocess(source, Path(folder) / "out")
    seconds = (time.process_time() - started) / count
    (calls,) = in_turn(repeats, _bare_calls(Pipeline()))
    return Figure("preprocess_ratio", seconds / calls, "networks and dlib alone", 1.20, 1.08, 1)


def _bare_calls(pipeline: Pipeline) -> Callable[[], None]:
    """Return the calls that the recipe makes for one face crop, with all they need prepared."""
    gray = next(face_crops(1))
    crop = upright_crop(gray, landmarks.frame_of(pipeline.one(gray).box))
    corner = round((CROP_SIDE - BOX_SIDE) / 2)
    square = dlib.rectangle(corner, corner, corner + BOX_SIDE - 1, corner + BOX_SIDE - 1)
    predictor = dlib.shape_predictor(str(shape_predictor.find()))
    networks = [
        (file, np.zeros((side, side), np.uint8), outputs)
        for file, side, outputs in (
            ("face_detection_short_range.tflite", 128, ("regressors", "classificators")),
            (mesh.FILE, 256, ("Identity", "Identity_1")),
        )
    ]

    def call() -> None:
        for _ in range(pipeline.passes):
            predictor(crop, square)
        for file, seen, outputs in networks:
            tflite.run(file, seen, outputs, mean=0, scale=1)

    return call


def _scaling(source: Path) -> Figure:
    """Return how much faster two workers are than one, by the clock."""
    seconds = []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            preprocess(source, Path(folder) / "out", Options(workers=workers, shard_samples=100))
            seconds.append(time.perf_counter() - started)
    return Figure("scaling_2", seconds[0] / seconds[1], "one worker", 1.85, 1.97, 1)


def _memory(folder: Path) -> Figure:
    """Return the peak memory of preparing 20,000 images as a multiple of 1,000's."""
    peaks = []
    for count in (1_000, 20_000):
        source = write_fer2013(folder / f"{count}.csv", count)
        _, peak = child("preprocess", str(source), str(folder / f"out{count}"))
        peaks.append(peak)
    return Figure("peak_rss_ratio", peaks[1] / peaks[0], "1,000 images", 1.10, 1.0, 1)


def _start(model: str) -> Figure:
    """Return what `predict one.jpg` costs from start to answer, beside importing TensorFlow."""
    ours, theirs = [], []
    for _ in range(_STARTS):
        ours.append(child("predict", str(SAMPLE_PHOTO), "--model", model)[0])
        theirs.append(_timed([sys.executable, "-c", "import tensorflow"]))
    ratio = statistics.median(ours) / statistics.median(theirs)
    return Figure("predict_start_ratio", ratio, "importing TensorFlow", 0.3, 0.15, _STARTS)


# The peak by the process's own account: what the kernel tells its parent (ru_maxrss) counts what
# the parent held when it began the process.
_CHILD = r"""
import re, resource, sys
from pathlib import Path
from facelines.cli import main
status, account = main(sys.argv[2:]), Path("/proc/self/status")
if account.exists():
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", account.read_text())[1])
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Path(sys.argv[1]).write_text(str(peak))
sys.exit(status)
"""


def child(*arguments: str) -> tuple[float, float]:
    """Run a command of Facelines in a process of its own.

    Returns:
        processor seconds, those of its children included, and its own peak memory in MiB.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        peak = Path(folder) / "peak"
        seconds = _timed([sys.executable, "-c", _CHILD, str(peak), *arguments])
        return seconds, int(peak.read_text()) / 1024


def _timed(command: list[str]) -> float:
    """Run a command; return its processor seconds, those of its children included."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}.")
    return usage.ru_utime + usage.ru_stime
