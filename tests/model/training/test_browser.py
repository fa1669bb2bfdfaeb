"""Networks as browsers run them say what they say in Python."""

import numpy as np
import pytest

from facelines.model import artifact
from facelines.model.artifact import Artifact
from facelines.model.inputs import as_float
from facelines.model.recognizer import Recognizer
from facelines.preprocessing.labels import label_set
from facelines.preprocessing.pipeline import Pipeline


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    import keras

    from facelines.model.training import export
    from facelines.model.training.networks import NETWORKS

    keras.utils.set_random_seed(5)
    folder = tmp_path_factory.mktemp("weights") / "landmark-mesh"
    folder.mkdir()
    export.export(NETWORKS["landmark_mesh"](6), folder)
    described = Artifact(folder, label_set(6), Pipeline(landmarker="mesh"), "landmark_mesh")
    artifact.save_settings(described)
    return described


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning")
def test_sixteen_bits_move_no_probability_by_more_than_a_hundredth(exported, embedded_rows):
    import tensorflow as tf

    from facelines.model.training.browser import to_tflite

    recognizer = Recognizer(exported)
    rows = {name: embedded_rows[name][:40] for name in recognizer.inputs}
    expected = recognizer.probabilities(rows)
    interpreter = tf.lite.Interpreter(model_content=to_tflite(exported))
    interpreter.allocate_tensors()
    found = [one_face(interpreter, rows, index) for index in range(40)]
    assert np.abs(np.array(found) - expected).max() < 0.01


def one_face(interpreter, rows, index):
    for details in interpreter.get_input_details():
        face = rows[details["name"].partition(":")[0]][index : index + 1]
        interpreter.set_tensor(details["index"], as_float(face))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
