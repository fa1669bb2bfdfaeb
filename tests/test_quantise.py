import shutil
from dataclasses import replace

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from model import artifact, card, quantise, release, sources
from model.networks import NETWORKS
from model.recognizer import Recognizer
from model.train import Config
from preprocessing.labels import LABEL_SETS
from preprocessing.pipeline import Pipeline


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
    release.export(keras.models.load_model(artifact.load("pixel").keras_path), tmp_path)
    return tmp_path


def eight_bit_weights(path):
    """Return the kernels stored in eight bits, by name."""
    initialisers = map(numpy_helper.to_array, onnx.load(path).graph.initializer)
    return [values for values in initialisers if values.dtype == np.int8 and values.ndim == 4]


def test_eight_bits_answer_as_floats_do(rows, folder):
    pixel = replace(artifact.load("pixel"), folder=folder)
    size = pixel.onnx_path.stat().st_size
    exact = Recognizer(pixel)
    assert quantise.quantise_pixels(pixel.onnx_path, rows) > 20
    expected, found = (one.probabilities(rows) for one in (exact, Recognizer(pixel)))
    assert 0 < np.abs(found - expected).max() < 0.2
    assert np.abs(found - expected).mean() < 0.01
    assert np.ptp(expected, axis=0).max() > 0.3  # the pictures differ
    assert pixel.onnx_path.stat().st_size < size / 2


def test_weights_leave_room_for_processors_that_add_in_sixteen_bits(rows, folder):
    quantise.quantise_pixels(folder / "model.onnx", rows)
    kernels = eight_bit_weights(folder / "model.onnx")
    assert len(kernels) == 13
    assert 60 < max(np.abs(kernel.astype(int)).max() for kernel in kernels) <= 64


def test_geometry_stays_in_floats(rows, tmp_path):
    model = NETWORKS["fused"](6)
    release.export(model, tmp_path)
    quantise.quantise_pixels(tmp_path / "model.onnx", rows)
    kernels = {kernel.shape for kernel in eight_bit_weights(tmp_path / "model.onnx")}
    drawing = model.get_layer("drawing_3_conv").kernel.shape
    assert (96, 64, 3, 3) == (drawing[3], drawing[2], *drawing[:2])
    assert (96, 64, 3, 3) not in kernels and (32, 24, 3, 3) in kernels


def test_the_first_layer_stays_in_floats(rows, folder):
    quantise.quantise_pixels(folder / "model.onnx", rows)
    kernels = eight_bit_weights(folder / "model.onnx")
    assert {kernel.shape[1] for kernel in kernels} == {24, 32, 64, 144}


def test_a_network_without_pixels_is_refused(rows, tmp_path):
    path = shutil.copy(artifact.resolve("landmark") / "model.onnx", tmp_path)
    with pytest.raises(ValueError, match="no convolution of an input 'pixels'"):
        quantise.quantise_pixels(path, rows)


def test_an_artifact_in_eight_bits_is_calibrated_as_it_serves_and_says_so(rows, tmp_path):
    config = Config("pixel_second", epochs=0, eight_bits=True)
    facts = {
        "command": "", "commit": "", "data": "", "validation_data": "", "left_out": "",
        "labels_of": "fer2013", "seconds": 0, "machine": "",
    }  # fmt: skip
    made = release.release(
        NETWORKS["pixel_second"](6), tmp_path, rows, LABEL_SETS[6], Pipeline(), config,
        history=[], facts=facts, calibration=rows,
    )  # fmt: skip
    assert 0 < made.metrics["same_in_floats"] <= 1
    assert eight_bit_weights(made.onnx_path)
    assert "in eight bits: for" in card.text(made)
    plain = replace(made, metrics={**made.metrics})
    plain.metrics.pop("same_in_floats")
    assert "in eight bits" not in card.text(plain)
