import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from facelines.model import artifact, sources
from facelines.model.artifact import Artifact
from facelines.model.metrics import fit_temperature
from facelines.model.recognizer import Recognizer
from facelines.model.training import (
    export,
    fit,
    initialization,
    model_card,
    quantization,
)
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.network_file import read_network
from facelines.model.training.networks import NETWORKS
from facelines.model.training.recipe import Recipe
from facelines.model.training.split import Split
from facelines.model.training.train import train
from facelines.preprocessing.labels import LABEL_SETS, label_indices
from facelines.preprocessing.pipeline import Pipeline


@pytest.fixture(scope="module")
def rows(embedded_rows):
    """Faces with geometry and made-up pixels: smooth blots, dark or bright."""
    rows = sources.select(embedded_rows, np.arange(64))
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (64, 6, 6), dtype=np.uint8)
    return {**rows, "pixels": np.kron(coarse, np.ones((1, 8, 8), np.uint8))}


@pytest.fixture
def folder(tmp_path):
    """A folder with `pixel` in ONNX and in floats, as it was trained."""
    export.export(read_network(artifact.load("pixel").keras_path), tmp_path)
    return tmp_path


def eight_bit_weights(path):
    """Return the kernels stored in eight bits."""
    initialisers = map(numpy_helper.to_array, onnx.load(path).graph.initializer)
    return [values for values in initialisers if values.dtype == np.int8 and values.ndim == 4]


def test_eight_bits_answer_as_floats_do(rows, folder):
    pixel = replace(artifact.load("pixel"), folder=folder, hashes={})
    size = pixel.onnx_path.stat().st_size
    exact = Recognizer(pixel)
    assert quantization.quantise_pixels(pixel.onnx_path, rows) > 20
    expected, found = (one.probabilities(rows) for one in (exact, Recognizer(pixel)))
    assert 0 < np.abs(found - expected).max() < 0.2
    assert np.abs(found - expected).mean() < 0.01
    assert np.ptp(expected, axis=0).max() > 0.3  # the pictures differ
    assert pixel.onnx_path.stat().st_size < size / 2


def test_weights_leave_room_for_processors_that_add_in_sixteen_bits(rows, folder):
    quantization.quantise_pixels(folder / "model.onnx", rows)
    kernels = eight_bit_weights(folder / "model.onnx")
    assert len(kernels) == 26
    assert 60 < max(np.abs(kernel.astype(int)).max() for kernel in kernels) <= 64


def test_geometry_stays_in_floats(rows, tmp_path):
    export.export(NETWORKS["fused"](6), tmp_path)
    quantization.quantise_pixels(tmp_path / "model.onnx", rows)
    seen = {name: {name} for name in ("points", "vertices", "pixels")}  # inputs by tensor
    rounded = []
    for node in onnx.load(tmp_path / "model.onnx").graph.node:
        inputs = set().union(*(seen.get(name, set()) for name in node.input))
        seen.update(dict.fromkeys(node.output, inputs))
        if node.op_type == "QuantizeLinear":
            rounded.append(inputs)
    assert len(rounded) > 40 and all(inputs == {"pixels"} for inputs in rounded)


def test_the_first_layer_stays_in_floats(rows, folder):
    quantization.quantise_pixels(folder / "model.onnx", rows)
    kernels = eight_bit_weights(folder / "model.onnx")
    assert min(kernel.shape[1] for kernel in kernels) == 24  # a picture has one channel


def test_a_network_without_pixels_is_refused(rows, tmp_path):
    path = shutil.copy(artifact.resolve("landmark") / "model.onnx", tmp_path)
    with pytest.raises(ValueError, match="no convolution of an input 'pixels'"):
        quantization.quantise_pixels(path, rows)


def test_a_training_is_released_in_eight_bits_and_calibrated_as_it_serves(
    rows, tmp_path, monkeypatch
):
    split = np.where(np.arange(64) < 32, "Training", "PublicTest")
    arrays = {**rows, "split": split, "excluded": np.zeros(64, bool)}
    monkeypatch.setattr(sources, "load_arrays", lambda data, **options: (arrays, Pipeline()))
    start = str(artifact.load("pixel").keras_path)
    config = Config("pixel_pair", epochs=0, batch_size=16, start=start, eight_bits=True)
    monkeypatch.setattr(export, "SAME_LABELS", 0.5)  # blots are no faces
    train(Recipe(config, data="embedded", views=2), tmp_path)
    made = artifact.load(tmp_path)
    assert eight_bit_weights(made.onnx_path)
    tested = sources.validation_rows(arrays)
    raw = Recognizer(replace(made, temperature=1.0)).probabilities(tested)
    truth = label_indices(tested["label"], made.labels)
    assert made.temperature == fit_temperature(truth, raw)
    assert made.metrics["accuracy"] == np.mean(raw.argmax(axis=1) == truth)
    said = model_card.text(made)
    assert f"in eight bits: for {100 * made.metrics['same_in_floats']:.1f} % of these" in said
    assert f"`{start}`" in said and "late fusion" not in said


def test_too_coarse_a_rounding_is_not_released(rows, folder):
    answers = Recognizer(replace(artifact.load("pixel"), folder=folder, hashes={})).probabilities(
        rows
    )
    assert export.share_of_same_labels(answers, answers) == 1
    with pytest.raises(RuntimeError, match="In eight bits .* eight_bits=False"):
        export.share_of_same_labels(answers, np.roll(answers, 1, axis=1))


def test_eight_bits_without_pixels_are_refused_before_training(rows, tmp_path):
    config = Config("landmark", epochs=1, batch_size=16, eight_bits=True)
    with pytest.raises(ValueError, match="landmark sees no pixels"):
        fit.fit(Split(rows, rows, LABEL_SETS[6], Pipeline()), config, tmp_path)


def test_a_training_whose_rounding_is_too_coarse_is_resumed_without_it(rows, tmp_path):
    config = Config("pixel_second", epochs=1, batch_size=32, eight_bits=True)
    split = Split(rows, rows, LABEL_SETS[6], Pipeline())
    first, _ = fit.fit(split, config, tmp_path)
    config = replace(config, eight_bits=False)
    again, history = fit.fit(
        Split(rows, rows, LABEL_SETS[6], Pipeline()), config, tmp_path, resume=True
    )
    assert len(history) == 1
    np.testing.assert_array_equal(first.weights[0].numpy(), again.weights[0].numpy())


def test_dense_weights_in_halves_answer_nearly_alike(tmp_path, embedded_rows):
    network = NETWORKS["landmark"](6)
    export.export(network, tmp_path)
    path = tmp_path / "model.onnx"
    size = path.stat().st_size
    quantization.store_halves(path)
    assert path.stat().st_size < 0.55 * size
    served = Recognizer(Artifact(tmp_path, LABEL_SETS[6], Pipeline(), "landmark"))
    expected = predict(network, sources.network_features(embedded_rows, network))
    np.testing.assert_allclose(served.probabilities(embedded_rows), expected, atol=2e-3)


def test_a_released_file_in_eight_bits_answers_as_its_keras_file(rows):
    released = artifact.load("pixel")
    assert eight_bit_weights(released.onnx_path)
    served = Recognizer(replace(released, views=1, temperature=1.0))
    network = NETWORKS[released.network](len(released.labels))
    initialization.take_weights(network, str(released.keras_path))
    found = served.probabilities(rows)
    expected = predict(network, sources.network_features(rows, network))
    assert np.abs(found - expected).mean() < 0.01
    assert np.ptp(expected, axis=0).max() > 0.3
