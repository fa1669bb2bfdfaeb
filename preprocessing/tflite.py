"""MediaPipe's small networks, which come with Facelines (see networks/README.md), and their engine.

OpenCV's DNN module does, unless LiteRT is installed (`pip install facelines[fast]`): the same
networks in half the time, with boxes and points equal within a hundredth of a pixel.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

FOLDER = Path(__file__).parent / "networks"
SHA256 = {
    "face_detection_short_range.tflite": (
        "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
    ),
    "face_detection_full_range.tflite": (
        "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3"
    ),
    "face_landmarks_detector.tflite": (
        "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5"
    ),
}
ENGINES = ("opencv", "litert")

_networks = threading.local()  # neither engine's network may serve two threads


def engine() -> str:
    """Return which of ENGINES runs the networks here."""
    return "litert" if importlib.util.find_spec("ai_edge_litert") else "opencv"


def run(
    name: str, gray: np.ndarray, outputs: Sequence[str], *, mean: float, scale: float
) -> list[np.ndarray]:
    """Show a network a gray square and return some of its outputs.

    Args:
        name: of its file, one of SHA256's keys; loaded once a thread.
        gray: uint8 (side, side), of the side that the network takes.
        outputs: names of its outputs.
        mean, scale: each of the three channels that it sees is scale * (gray - mean).

    Returns:
        float32 arrays of the outputs' numbers, whose shapes are the engine's.

    Raises:
        OSError: the network's file is missing or not the one that comes with Facelines.
    """
    if not hasattr(_networks, name):
        load = _LiteRT if engine() == "litert" else _OpenCV
        setattr(_networks, name, load(checked(name)))
    return getattr(_networks, name)(gray, outputs, mean, scale)


class _OpenCV:
    def __init__(self, content: bytes):
        self._network = cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))

    def __call__(self, gray, outputs, mean, scale):
        self._network.setInput(cv2.dnn.blobFromImage(cv2.merge([gray] * 3), scale, mean=[mean] * 3))
        return self._network.forward(list(outputs))


class _LiteRT:
    def __init__(self, content: bytes):
        from ai_edge_litert.interpreter import Interpreter

        with _silent():
            self._interpreter = Interpreter(model_content=content, num_threads=1)
            self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        details = self._interpreter.get_output_details()
        self._outputs = {output["name"]: output["index"] for output in details}

    def __call__(self, gray, outputs, mean, scale):
        channel = cv2.LUT(gray, _scaled(mean, scale))
        cv2.merge([channel] * 3, self._interpreter.tensor(self._input["index"])()[0])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(self._outputs[name]) for name in outputs]


@functools.cache
def _scaled(mean: float, scale: float) -> np.ndarray:
    """Return what a network sees of each gray level, float32 (256,)."""
    return (np.arange(256, dtype=np.float32) - np.float32(mean)) * np.float32(scale)


@contextlib.contextmanager
def _silent():
    """Keep native code from greeting on standard error, which no setting of LiteRT does."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def checked(name: str) -> bytes:
    """Return a network's file, whose hash is the expected one (else OSError)."""
    content = (FOLDER / name).read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
        raise OSError(
            f"{FOLDER / name} is damaged: SHA-256 {found}, expected {SHA256[name]}; "
            "install Facelines again."
        )
    return content
