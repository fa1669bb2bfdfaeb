import cv2
import numpy as np
import onnxruntime
import pytest

from facelines.model import artifact, inputs, sources
from facelines.model.artifact import Artifact
from facelines.model.evaluate import probabilities_of
from facelines.model.recognizer import Recognizer
from facelines.model.training import export, model_card, quantization
from facelines.model.training.checkpoint import predict
from facelines.model.training.network_file import read_network
from facelines.model.training.networks import NETWORKS, Closer, FirstSource, PairDistances
from facelines.preprocessing import fer2013_landmarks
from facelines.preprocessing.labels import label_set
from facelines.preprocessing.pipeline import Pipeline

LIMIT = 2_000_000


def test_the_published_network_has_its_published_size():
    assert NETWORKS["landmark_cnn"](6).count_params() == 1_913_926


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("classes", [3, 7])
def test_every_network_gives_probabilities(name, classes):
    model = NETWORKS[name](classes)
    rng = np.random.default_rng(0)
    features = {
        tensor.name: rng.random((2, *tensor.shape[1:]), dtype=np.float32) for tensor in model.inputs
    }
    found = np.asarray(model(features, training=False))
    assert found.shape == (2, classes) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", artifact.released())
def test_released_networks_are_small_and_those_of_the_code(name):
    released = artifact.load(name)
    built = NETWORKS[released.network](len(released.labels))
    assert built.count_params() <= LIMIT
    served = onnxruntime.InferenceSession(released.onnx_path, providers=["CPUExecutionProvider"])
    assert {node.name for node in served.get_inputs()} == {node.name for node in built.inputs}


def test_the_file_to_train_on_from_holds_the_released_networks_weights():
    released = artifact.load("pixel")
    weights = read_network(released.keras_path).weights
    built = NETWORKS[released.network](len(released.labels))
    assert [weight.shape for weight in weights] == [weight.shape for weight in built.weights]


def test_keras_and_onnx_agree_on_all_of_public_test(tmp_path):
    rows = sources.validation_rows(fer2013_landmarks.load())
    network = NETWORKS["landmark"](6)
    export.export(network, tmp_path)
    quantization.store_halves(tmp_path / "model.onnx")
    made = Artifact(tmp_path, label_set(6), Pipeline(), "landmark")
    assert len(rows["label"]) == 3533
    found = probabilities_of(Recognizer(made), rows)
    expected = predict(network, sources.network_features(rows, network))
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_face_and_its_mirror_image_are_read_alike(embedded_rows):
    rows = sources.select(embedded_rows, slice(16))
    flipped = inputs.mirrored(rows, Pipeline())
    for name in ("landmark", "landmark_mesh"):
        network = NETWORKS[name](6)
        found, mirrored = (
            predict(network, sources.network_features(faces, network)) for faces in (rows, flipped)
        )
        np.testing.assert_allclose(found, mirrored, atol=1e-5)
        assert np.ptp(found, axis=0).max() > 1e-3


def test_the_first_source_is_taken_out_of_the_mean():
    rng = np.random.default_rng(0)
    dlib, mesh = rng.random((2, 3, 51, 2), dtype=np.float32)
    np.testing.assert_allclose(FirstSource()((dlib + mesh) / 2, mesh), dlib, atol=1e-6)


def test_a_card_knows_what_each_network_sees():
    for name, build in NETWORKS.items():
        assert set(model_card.inputs_of(name)) == {tensor.name for tensor in build(6).inputs}


def test_the_decisive_pair_differs_in_its_input_only():
    drawing, pixels = NETWORKS["landmark_cnn"](6), NETWORKS["pixel_cnn"](6)
    assert [weight.shape for weight in drawing.weights] == [w.shape for w in pixels.weights]
    assert [t.name for t in drawing.inputs] == ["image"]
    assert [t.name for t in pixels.inputs] == ["pixels"]


def test_pair_distances_are_distances():
    points = np.random.default_rng(0).random((3, 51, 2), dtype=np.float32)
    found = np.asarray(PairDistances()(points))
    assert found.shape == (3, 102 + 1275)
    np.testing.assert_allclose(found[:, :102], points.reshape(3, 102))
    expected = np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
    np.testing.assert_allclose(found[:, 102], expected, atol=1e-2)


def test_closer_is_the_inner_picture_at_the_old_size():
    pictures = np.random.default_rng(0).random((2, 48, 48, 1), dtype=np.float32)
    found = np.asarray(Closer()(pictures))
    expected = [cv2.resize(one[1:-1, 1:-1], (48, 48)) for one in pictures]
    # At the border a resized cut repeats its last pixels; this one sees the next.
    np.testing.assert_allclose(
        found[:, 1:-1, 1:-1, 0], np.stack(expected)[:, 1:-1, 1:-1], atol=1e-5
    )


def test_networks_survive_saving(tmp_path):
    model = NETWORKS["points_mlp"](6)
    model.save(tmp_path / "model.keras")
    again = read_network(tmp_path / "model.keras")
    points = np.random.default_rng(0).random((2, 51, 2), dtype=np.float32)
    np.testing.assert_allclose(model({"points": points}), again({"points": points}), atol=1e-6)
