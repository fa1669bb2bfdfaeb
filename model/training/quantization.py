"""An exported network -> its convolutions of pixels in eight bits, at about half their time.

Post-training quantisation (Jacob et al. 2018) with ONNX Runtime's own tool: weights by output
channel, activations by tensor, in ranges seen on training faces. Geometry stays in float32: a
point is known better than to a 256th of the square.
"""

from contextlib import redirect_stdout
from io import StringIO
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from facelines.model.inputs import as_float
from facelines.model.sources import Arrays

_LARGE = 1024  # numbers: smaller weights are not worth a node
FACES = 200  # to take the activations' ranges from

_QUANTISED = ("Conv", "Relu", "Add", "AveragePool")
_ENDS = ("GlobalAveragePool", "MatMul", "Gemm")  # what follows is small, and stays in float32


class _Faces(CalibrationDataReader):
    """Hands out faces one by one, as the tool asks for them."""

    def __init__(self, rows: Arrays, names: list[str]):
        chosen = np.linspace(0, len(rows[names[0]]) - 1, FACES).astype(int)
        self._faces = ({name: as_float(rows[name][[row]]) for name in names} for row in chosen)

    def get_next(self) -> Arrays | None:
        return next(self._faces, None)


def quantise_pixels(path: Path, rows: Arrays) -> int:
    """Rewrite an ONNX file with its convolutions of pixels, but the first, in eight bits.

    The weights take seven of the eight bits: on processors without instructions for eight (VNNI),
    ONNX Runtime adds two products in sixteen bits, which eight would overflow.

    Args:
        path: the network, with an input "pixels".
        rows: training faces, of which FACES, evenly spread, are looked at.

    Returns:
        the count of nodes in eight bits.

    Raises:
        ValueError: the network has no convolution of pixels.
    """
    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        if not (nodes := _nodes_of_pixels(graph)):
            raise ValueError(f"{path} has no convolution of an input 'pixels' to quantise.")
        with redirect_stdout(StringIO()):  # it tells of its histograms
            quantize_static(
                str(prepared),
                str(path),
                _Faces(rows, [node.name for node in graph.input]),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                per_channel=True,
                reduce_range=True,
                nodes_to_quantize=nodes,
            )
    return len(nodes)


def _nodes_of_pixels(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the nodes from a first layer's end to the mean over the picture.

    The first layer has one channel to read: in eight bits it would lose most and save no time.
    """
    activated, found = {"pixels": False}, []  # by tensor: does it come after an activation?
    for node in graph.node:  # ONNX stores them in an order in which each follows its inputs
        known = [activated[name] for name in node.input if name in activated]
        after = any(known)
        if not known or (after and node.op_type in _ENDS):
            continue
        if after and node.op_type in _QUANTISED:
            found.append(node.name)
        after = after or node.op_type == "Relu"
        activated.update(dict.fromkeys(node.output, after))
    return found


def store_halves(path: Path) -> None:
    """Rewrite an ONNX file with its dense layers' weights in half precision, at half the size.

    ONNX Runtime turns them into float32 again when it loads the file: no time is won or lost.
    """
    model = onnx.load(path)
    graph, casts = model.graph, []
    for weight in graph.initializer:
        dense = weight.data_type == onnx.TensorProto.FLOAT and len(weight.dims) == 2
        if not dense or prod(weight.dims) < _LARGE:
            continue
        halves = onnx.numpy_helper.to_array(weight).astype(np.float16)
        name = weight.name
        weight.CopyFrom(onnx.numpy_helper.from_array(halves, f"{name}_half"))
        cast = onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = [*casts, *graph.node]  # what is cast comes before what takes it
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
