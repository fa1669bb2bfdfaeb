"""What a network costs: multiplications, file size, time in ONNX Runtime."""

import time
from math import prod

import keras
import numpy as np

from facelines.benchmark.schema import Timing
from facelines.model import inputs
from facelines.model.recognizer import Recognizer
from facelines.model.sources import Arrays, select

_RUNS = 100
_BATCH = 64


def macs(model: keras.Model) -> int:
    """Return the multiply-accumulate operations of one face through the network.

    Convolutions and dense layers count, at one multiplication a weight, output place and look at
    the face; normalisation and activations, some thousandth of the rest, do not.
    """
    layers = [layer for layer in model.layers if _layer_macs(layer)]
    inner = keras.Model(model.inputs, [layer.output for layer in layers])
    outputs = inner([np.zeros((1, *tensor.shape[1:]), np.float32) for tensor in model.inputs])
    return sum(len(out) * _layer_macs(layer) for layer, out in zip(layers, outputs, strict=True))


def _layer_macs(layer) -> int:
    if isinstance(layer, keras.layers.Conv2D):
        return prod(layer.output.shape[1:3]) * prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Dense):
        return prod(layer.kernel.shape)
    return 0


def timing(recognizer: Recognizer, rows: Arrays, threads: int) -> Timing:
    """Time a recognizer with everything it does a face, all its views counted.

    Args:
        rows: at least one face with the inputs it takes; they are repeated to fill a batch.
        threads: of ONNX Runtime in this recognizer, to be stated with the figures.

    Returns:
        latency_ms: median of one face; faces_per_second: in batches of 64; threads.
    """
    one = _batch(rows, 1)
    many = _batch(rows, _BATCH)
    recognizer.probabilities(one)  # the first run plans its memory
    return {
        "latency_ms": 1000 * _median_seconds(recognizer, one, _RUNS),
        "faces_per_second": _BATCH / _median_seconds(recognizer, many, 5),
        "threads": threads,
    }


def _batch(rows: Arrays, size: int) -> Arrays:
    names = [name for name in inputs.NAMES if name in rows]
    return select({name: rows[name] for name in names}, np.arange(size) % len(rows[names[0]]))


def _median_seconds(recognizer: Recognizer, batch: Arrays, runs: int) -> float:
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        recognizer.probabilities(batch)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))
