"""The weights of a released network, read back out of its ONNX file by the names of its layers."""

import re
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

_EPSILON = 1e-3  # of Keras's batch normalisation
_NAME = re.compile(r"[^/]+/(?P<layer>[^/]+)_\d+/(?P<rest>.+?):0(_half)?")
_KINDS = {
    "Cast/ReadVariableOp": "kernel",
    "MatMul/ReadVariableOp": "kernel",
    "BiasAdd/ReadVariableOp": "bias",
    "Squeeze": "bias",
    "convolution/ReadVariableOp": "filters",
    "batchnorm/mul": "scale",
    "batchnorm/sub": "offset",
}


def layer_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """Return the weights of each dense, convolution and normalisation layer, as Keras sets them.

    A file keeps of a normalisation only what it does to a face, a scale and an offset: they come
    back as the layer of mean 0 and variance 1 that does the same. Layers in eight bits are missing.
    """
    parts: dict[str, dict[str, np.ndarray]] = {}
    for tensor in onnx.load(path).graph.initializer:
        match = _NAME.fullmatch(tensor.name)
        if match and (kind := _KINDS.get(match["rest"])):
            values = numpy_helper.to_array(tensor).astype(np.float32)
            parts.setdefault(match["layer"], {})[kind] = values
    return {layer: _weights(found) for layer, found in parts.items()}


def _weights(found: dict[str, np.ndarray]) -> list[np.ndarray]:
    if "scale" in found:
        ones = np.ones_like(found["scale"])
        return [found["scale"], found["offset"], 0 * ones, (1 - _EPSILON) * ones]
    if "filters" in found:
        found["kernel"] = found["filters"].transpose(2, 3, 1, 0)
    return [found[name] for name in ("kernel", "bias") if name in found]
