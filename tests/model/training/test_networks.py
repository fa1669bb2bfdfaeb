import cv2
import keras
import numpy as np
import pytest

from facelines.model import artifact
from facelines.model.training import model_card
from facelines.model.training.networks import NETWORKS, Closer, PairDistances

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
    weights = keras.models.load_model(released.keras_path, compile=False).weights
    built = NETWORKS[released.network](len(released.labels))
    assert [weight.shape for weight in weights] == [weight.shape for weight in built.weights]
    assert built.count_params() <= LIMIT


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
    again = keras.models.load_model(tmp_path / "model.keras")
    points = np.random.default_rng(0).random((2, 51, 2), dtype=np.float32)
    np.testing.assert_allclose(model({"points": points}), again({"points": points}), atol=1e-6)
