"""Saved networks hold numbers, never code."""

import keras
import numpy as np
import pytest

from facelines.model.training.initialization import take_weights
from facelines.model.training.network_file import read_network


def test_a_network_with_code_in_it_is_refused(tmp_path):
    inputs = keras.Input((2,))
    network = keras.Model(inputs, keras.layers.Lambda(lambda x: 2 * x)(inputs))
    network.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="(?i)lambda"):
        take_weights(network, str(tmp_path / "model.keras"))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_network_is_named_in_one_line(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="model.keras: cannot be read .*expected a model.keras"):
        read_network(path)


def test_arrays_that_unpickle_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([object], object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(tmp_path / "a.npy")
