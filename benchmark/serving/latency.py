"""How long the server needs for one VGA frame with one 120 px face, from JPEG to JSON.

    python benchmark/serving/latency.py [--model landmark] [--frames 120]

One thread, medians in milliseconds of that thread's processor time, beside OpenCV's Haar cascade
on the same frame in the same run: absolute times drift between machines and moments, the ratio
holds. Stages are wall time, so other programs on the machine lengthen them.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "webapp")]

from webapp_fakes import FakeRecognizer, frame, jpeg  # noqa: E402

from facelines.model.recognizer import Recognizer  # noqa: E402
from facelines.preprocessing import images  # noqa: E402
from facelines.webapp.analyzer import Analyzer  # noqa: E402
from facelines.webapp.settings import Settings  # noqa: E402
from facelines.webapp.tracking import Tracker  # noqa: E402

FER_TO_HAAR = 0.57  # the package fer 25.10's pipeline, measured on such a frame
TARGET_MILLISECONDS = 12.0
STAGES = ("decode", "detect", "landmarks", "draw", "classify", "encode")


def measure(recognizer, frames: int) -> tuple[dict[str, list[float]], list[float]]:
    """Return each stage's and Haar's times in milliseconds, frame by frame in turn."""
    cv2.setNumThreads(1)
    analyzer = Analyzer({recognizer.name: recognizer}, Settings(workers=1))
    tracker = Tracker(analyzer.pipeline(analyzer.recognizers))
    haar = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    times = {stage: [] for stage in (*STAGES, "total")}
    haar_times = []
    for index in range(frames):
        data = jpeg(frame(1, shift=(6 * np.sin(index / 5), 0.0)))
        started = time.thread_time()
        values = analyzer.frame(data, tracker, [recognizer.name], smooth=True, pictures=["drawing"])
        answered = time.thread_time()
        json.dumps(values)
        ended = time.thread_time()
        assert len(values["faces"]) == 1, "the benchmark's face was not found"
        stages = values["milliseconds"] | {"encode": 1000 * (ended - answered)}
        for stage in STAGES:
            times[stage].append(stages.get(stage, 0.0))
        times["total"].append(1000 * (ended - started))
        haar_times.append(haar_milliseconds(haar, data))
    analyzer.close()
    return times, haar_times


def haar_milliseconds(haar: cv2.CascadeClassifier, data: bytes) -> float:
    """Return the time that Haar alone takes to find the face."""
    gray = images.decode_gray(data)
    started = time.thread_time()
    haar.detectMultiScale(gray, scaleFactor=1.1, minNeighbors=5)
    return 1000 * (time.thread_time() - started)


def report(times: dict[str, list[float]], haar_times: list[float]) -> None:
    """Print medians, the mean of the stages that run on some frames only, and the ratio."""
    for stage in STAGES:
        print(
            f"{stage:10} median {statistics.median(times[stage]):7.2f} ms   "
            f"mean {statistics.mean(times[stage]):7.2f} ms"
        )
    total, haar = statistics.median(times["total"]), statistics.median(haar_times)
    print(f"{'total':10} median {total:7.2f} ms   95 % {percentile(times['total'], 95):7.2f} ms")
    print(f"{'Haar alone':10} median {haar:7.2f} ms")
    print(f"ratio to Haar {total / haar:.3f} (fer's pipeline: {FER_TO_HAAR})")
    verdict = "met" if total <= TARGET_MILLISECONDS else "missed"
    print(f"target {TARGET_MILLISECONDS:g} ms: {verdict}")


def percentile(values: list[float], share: float) -> float:
    """Return a percentile of some values."""
    return float(np.percentile(values, share))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=Settings.model, help="a released name, or 'fake'")
    parser.add_argument("--frames", type=int, default=120)
    arguments = parser.parse_args()
    fake = arguments.model == "fake"
    recognizer = FakeRecognizer() if fake else Recognizer.load(arguments.model)
    report(*measure(recognizer, arguments.frames))


if __name__ == "__main__":
    main()
