"""A released network as the page without a server runs it: TensorFlow Lite, one face at a time."""

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from facelines.model.artifact import Artifact
from facelines.model.training import networks
from facelines.model.training.network_file import read_network


def to_tflite(artifact: Artifact) -> bytes:
    """Return an artifact's Keras network as a .tflite file.

    Its batch is one face and its shapes are fixed, as LiteRT in a browser wants them. Weights are
    kept in 16 bits, half the download; what they do to the probabilities is tested.
    """
    assert networks.NETWORKS  # importing them registers their layers, which loading needs
    model = read_network(artifact.keras_path)
    inputs = [tf.TensorSpec([1, *each.shape[1:]], tf.float32, each.name) for each in model.inputs]

    @tf.function(input_signature=inputs)
    def read(*arrays):
        by_name = dict(zip((each.name for each in model.inputs), arrays, strict=True))
        return {"probabilities": model(by_name, training=False)}

    frozen = convert_variables_to_constants_v2(read.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return converter.convert()
