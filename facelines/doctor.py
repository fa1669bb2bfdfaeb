"""What is installed, whether it fits, and what to do where it does not."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

from facelines import shape_predictor
from facelines.model import artifact
from facelines.preprocessing import fer2013_landmarks, tflite

PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "dlib-bin",
    "imutils",
    "onnxruntime",
    "pyarrow",
    "tensorflow",
    "keras",
)
_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def report() -> tuple[list[str], bool]:
    """Return lines for a person and whether everything needed to predict is there."""
    problems = [*_landmark_file(), *_detectors(), *_artifacts()]
    lines = [
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, CPU features: {', '.join(_cpu_features()) or 'unknown'}",
        *[f"{name} {_version(name)}" for name in PACKAGES],
        *[f"{'ok ' if good else 'BAD'} {text}" for text, good in problems],
        f"embedded landmark set: {'there' if fer2013_landmarks.PATH.is_file() else 'missing'}",
        f"camera: {_camera()}",
    ]
    return lines, all(good for _, good in problems)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed" + (" (needed to train only)" if name in PACKAGES[-2:] else "")


def _cpu_features() -> list[str]:
    path = Path("/proc/cpuinfo")
    flags = path.read_text().split() if path.is_file() else []
    return [name for name in _FEATURES if name in flags]


def _landmark_file():
    try:
        path = shape_predictor.find()
    except FileNotFoundError as error:
        yield str(error), False
        return
    good = shape_predictor.sha256(path) == shape_predictor.SHA256
    yield f"landmark file {path.name}, SHA-256 {'as expected' if good else 'NOT as expected'}", good


def _detectors():
    yield f"detector and mesh run by {tflite.engine()}", True
    for name in tflite.SHA256:
        try:
            tflite.checked(name)
            yield f"{name}, SHA-256 as expected", True
        except OSError as error:
            yield str(error), False


def _artifacts():
    for name in artifact.released():
        try:
            loaded = artifact.load(name)
            digest = shape_predictor.sha256(loaded.onnx_path)
            yield f"model {name}: {len(loaded.labels)} labels, SHA-256 {digest[:16]}...", True
        except (ValueError, OSError) as error:
            yield str(error), False


def _camera() -> str:
    hint = "the web app uses the browser's camera, on localhost or over https only"
    if sys.platform != "linux":
        return hint
    found = sorted(path.name for path in Path("/dev").glob("video*"))
    return f"{', '.join(found) or 'no /dev/video* here'}; {hint}"
