"""A network's .keras file, read whichever Keras 3 wrote it."""

import json
import zipfile
from pathlib import Path

import keras

# Settings of layers and initializers that Keras from 3.13 on writes, and that 3.12, the last for
# Python 3.10, does not know. None of our networks uses them.
_UNKNOWN_BEFORE = {
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "input_axes",
    "output_axes",
    "quantization_config",
}


def read_network(path: str | Path) -> keras.Model:
    """Return a saved network with its weights, not compiled.

    Raises:
        OSError: there is no such file.
        ValueError: it holds code (a Lambda layer), or is no network's file.
    """
    try:
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read("config.json"), object_hook=_known_settings)
        model = keras.models.model_from_json(json.dumps(config | {"compile_config": None}))
        model.load_weights(path)
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"{path}: cannot be read ({reason}); expected a model.keras of Keras 3, without code."
        ) from error
    return model


def _known_settings(config: dict) -> dict:
    return {name: value for name, value in config.items() if name not in _UNKNOWN_BEFORE}
