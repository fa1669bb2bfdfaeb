import numpy as np
import pytest

from facelines.model import on_disk, sources
from facelines.model.training.config import Config
from facelines.model.training.fit import fit
from facelines.model.training.split import Split
from facelines.preprocessing.labels import LABEL_SETS
from facelines.preprocessing.pipeline import Pipeline


@pytest.fixture
def faces(embedded_rows) -> dict:
    count = len(embedded_rows["label"])
    names = {name: np.array([f"{name} {row}" for row in range(count)]) for name in on_disk.TEXTS}
    numbers = {"weight": np.ones(count, np.float32), "framing": np.zeros(count, np.int32)}
    return {**numbers, **embedded_rows, **names}


def parts(arrays, count: int):
    for places in np.array_split(np.arange(len(arrays["label"])), count):
        yield sources.select(arrays, places)


@pytest.mark.parametrize("count", [1, 7])
def test_faces_on_the_disk_are_those_in_memory(faces, tmp_path, count):
    kept = on_disk.keep(parts(faces, count), tmp_path)
    for name, values in kept.items():
        np.testing.assert_array_equal(np.asarray(values), faces[name])
    training, expected = sources.training_rows(kept), sources.training_rows(faces)
    for name in ("image", "points"):
        assert isinstance(training[name], on_disk.Rows)
        np.testing.assert_array_equal(training[name][5:9], expected[name][5:9])
        np.testing.assert_array_equal(training[name][..., None], expected[name][..., None])
        assert len(training[name]) == len(expected[name])


def test_a_set_without_faces_has_empty_arrays(faces, tmp_path):
    none = sources.select(faces, np.zeros(0, np.intp))
    assert len(on_disk.keep([none], tmp_path)["image"]) == 0


def test_a_file_that_has_become_shorter_is_not_read(faces, tmp_path):
    kept = on_disk.keep([faces], tmp_path)
    (tmp_path / "points.bin").write_bytes(b"")
    with pytest.raises(OSError, match=r"points\.bin: has no row 7 .* Train again"):
        kept["points"][np.array([7])]


def test_training_from_the_disk_ends_with_the_weights_of_training_in_memory(faces, tmp_path):
    config = Config("points_mlp", epochs=2, batch_size=64)
    models = []
    for name, arrays in (("memory", faces), ("disk", on_disk.keep(parts(faces, 5), tmp_path))):
        rows = sources.training_rows(arrays), sources.validation_rows(arrays)
        split = Split(*rows, LABEL_SETS[6], Pipeline())
        models.append(fit(split, config, tmp_path / name)[0])
    for one, other in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
