import numpy as np
import pytest

from facelines.demo import PHOTO
from facelines.model.recognizer import Recognizer
from facelines.ray import Recognize


def test_every_picture_has_a_row_and_keeps_its_other_columns(astronaut):
    recognize = Recognize("landmark")
    batch = {
        "bytes": np.array([PHOTO.read_bytes(), b"no picture", b""], object),
        "path": np.array(["a.jpg", "b.jpg", "c.jpg"]),
    }
    rows = recognize(batch)
    (expected,) = Recognizer.load("landmark")(astronaut)
    assert rows["path"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert rows["face"].tolist() == [0, -1, -1]
    assert rows["emotion"][0] == expected.emotion
    np.testing.assert_allclose(rows["probabilities"][0], expected.probabilities, atol=1e-6)
    assert not rows["error"][0] and "not a picture" in rows["error"][1] and rows["error"][2]
    assert rows["box"].shape == (3, 4) and rows["probabilities"].shape == (3, 6)


def test_an_empty_batch_has_the_same_columns():
    rows = Recognize("landmark")({"bytes": np.array([], object)})
    assert len(rows["emotion"]) == 0 and "probabilities" in rows


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column 'bytes', only image"):
        Recognize("landmark")({"image": np.array([b""], object)})
