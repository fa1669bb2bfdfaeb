"""Saved networks hold numbers, never code."""

import keras
import numpy as np
import pytest

from facelines.model.training.initialization import take_weights


def test_a_network_with_code_in_it_is_refused(tmp_path):
    inputs = keras.Input((2,))
    network = keras.Model(inputs, keras.layers.Lambda(lambda x: 2 * x)(inputs))
    network.save(tmp_path / "model.keras")
    with pytest.raises((ValueError, TypeError), match="(?i)lambda"):
        take_weights(network, str(tmp_path / "model.keras"))


def test_arrays_that_unpickle_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([object], object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(tmp_path / "a.npy")
