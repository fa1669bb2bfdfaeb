"""Begin a network with the weights of trained ones, by the names of their layers."""

from pathlib import Path

import keras
import numpy as np

from facelines.model import artifact
from facelines.model.training.network_file import read_network

_HEAD = "probabilities"  # the name of every network's last layer


def take_weights(model: keras.Model, path: str) -> int:
    """Copy the weights of layers with the same name and shapes from a saved model; count them.

    A residual block that is narrower within than the saved one keeps its strongest channels, and
    one without the saved one's gate keeps that gate as it stands for an average face.

    Args:
        path: a model.keras, or an artifact's name or folder, whose ONNX file will do.

    Raises:
        ValueError: there is no such layer, or no such file or artifact.
    """
    if Path(path).suffix != ".keras":
        folder = artifact.resolve(path)
        if not (folder / "model.keras").is_file():
            return _take_from_onnx(model, folder / "model.onnx")
        path = folder / "model.keras"
    if not Path(path).is_file():
        raise ValueError(
            f"{path}: no such file; expected a model.keras, or the name of a released model that "
            "comes with one (pixel), in a checkout: the wheel has none."
        )
    layers = read_network(path).layers
    source = {layer.name: layer.get_weights() for layer in layers}
    names = {layer.name for layer in model.layers}
    for layer in model.layers:
        if layer.name.endswith("_a_conv") and layer.name in source:
            block = layer.name.removesuffix("_a_conv")
            source |= _narrowed(source, block, layer.filters)
            if f"{block}_gate_excite" in source and f"{block}_gate_excite" not in names:
                source |= _ungated(source, block)
    taken = 0
    for layer in model.layers:
        found = source.get(layer.name)
        if found and [one.shape for one in found] == [weight.shape for weight in layer.weights]:
            layer.set_weights(found)
            taken += 1
    if not taken:
        raise ValueError(f"{path} shares no layer with {model.name}; expected a related network.")
    return taken


def _take_from_onnx(model: keras.Model, path: Path) -> int:
    """Take a released network's weights, its normalisations as they stand (see `onnx_weights`).

    Raises:
        ValueError: a layer but the head is not in the file.
    """
    from facelines.model.training.onnx_weights import layer_weights

    source, taken, missing = layer_weights(path), 0, []
    for layer in model.layers:
        found = source.get(layer.name, [])
        if layer.weights and [one.shape for one in found] == [one.shape for one in layer.weights]:
            layer.set_weights(found)
            # Its mean and variance are not the data's own: it must not take a batch's instead.
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
            taken += 1
        elif layer.weights and layer.name not in (_HEAD, "votes"):
            missing.append(layer.name)
    if missing:
        raise ValueError(
            f"{path} lacks the layers {', '.join(missing[:5])} of {model.name}; expected the same "
            "network, not in eight bits."
        )
    return taken


def _narrowed(source: dict[str, list], block: str, width: int) -> dict[str, list]:
    """Return a residual block's weights with, between its convolutions, `width` channels at most.

    The strongest stay: a channel is as strong as its normalisation's scale (Liu et al. 2017,
    network slimming) times the weights that read it.
    """
    (first,), norm, (second,) = (
        source[f"{block}_{part}"] for part in ("a_conv", "a_norm", "b_conv")
    )
    strength = np.abs(norm[0]) * np.sqrt(np.square(second).sum(axis=(0, 1, 3)))
    kept = np.sort(np.argsort(-strength, kind="stable")[:width])
    return {
        f"{block}_a_conv": [first[..., kept]],
        f"{block}_a_norm": [one[kept] for one in norm],
        f"{block}_b_conv": [second[:, :, kept]],
    }


def _ungated(source: dict[str, list], block: str) -> dict[str, list]:
    """Return the normalisation before a block's gate, scaled by what the gate is on average.

    The gate sees each channel's mean over the face, whose own mean is the normalisation's offset.
    """
    scale, offset, *moments = source[f"{block}_b_norm"]
    squeeze, squeeze_bias = source[f"{block}_gate_squeeze"]
    excite, excite_bias = source[f"{block}_gate_excite"]
    squeezed = np.maximum(offset @ squeeze[0, 0] + squeeze_bias, 0)
    gate = 1 / (1 + np.exp(-(squeezed @ excite[0, 0] + excite_bias)))
    return {f"{block}_b_norm": [scale * gate, offset * gate, *moments]}


def join_heads(model: keras.Model, shares: dict[str, float]) -> None:
    """Set the head of a network that joins other networks' features to their late fusion.

    Its logits become the weighted mean of theirs, so its probabilities are their normalised
    weighted geometric mean.

    Args:
        shares: by their model.keras what each weighs, in the order in which it joins them.

    Raises:
        ValueError: the shares do not sum to 1, or the networks give other features than it joins.
    """
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"The shares {shares} sum to {sum(shares.values()):g}; expected 1.")
    kernels, biases = [], []
    for path, share in shares.items():
        kernel, bias = read_network(path).get_layer(_HEAD).get_weights()
        kernels.append(share * kernel)
        biases.append(share * bias)
    kernel, head = np.concatenate(kernels), model.get_layer(_HEAD)
    if kernel.shape != head.kernel.shape:
        raise ValueError(
            f"{', '.join(shares)} give {len(kernel)} features in all; {model.name} joins "
            f"{head.kernel.shape[0]}."
        )
    head.set_weights([kernel, np.sum(biases, axis=0)])
