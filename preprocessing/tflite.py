"""MediaPipe's small networks, which come with Facelines (see networks/README.md), run by OpenCV."""

import hashlib
import threading
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

_networks = threading.local()  # an OpenCV network may serve one thread only


def network(name: str) -> cv2.dnn.Net:
    """Return the network of a file, one of SHA256's keys, loaded once a thread.

    Raises:
        OSError: the file is missing or not the one that comes with Facelines.
    """
    if not hasattr(_networks, name):
        content = np.frombuffer(checked(name), np.uint8)
        setattr(_networks, name, cv2.dnn.readNetFromTFLite(content))
    return getattr(_networks, name)


def checked(name: str) -> bytes:
    """Return a network's file, whose hash is the expected one (else OSError)."""
    content = (FOLDER / name).read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
        raise OSError(
            f"{FOLDER / name} is damaged: SHA-256 {found}, expected {SHA256[name]}; "
            "install Facelines again."
        )
    return content
