import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facelines.preprocessing import columns, export
from facelines.preprocessing.images import encode_png, read_gray
from facelines.preprocessing.layout import open_folder
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.samples import DatasetError


def row(number: int, label="happy", split="Training", excluded=False) -> dict:
    return {
        "image": {"bytes": encode_png(np.full((48, 48), number, np.uint8)), "path": "a.png"},
        "label": label,
        "split": split,
        "source": f"some/folder/a b.csv:{number}",
        "excluded": excluded,
    }


@pytest.fixture
def stored(tmp_path_factory):
    """A function: rows, as dictionaries -> the same in a file."""

    def store(rows: list[dict]) -> Rows:
        folder = tmp_path_factory.mktemp("rows")
        pq.write_table(pa.Table.from_pylist(rows, columns.schema()), folder / "a.parquet")
        return Rows(open_folder(folder), ["a.parquet"])

    return store


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([row(7)], ["Training/happy/0000000_a_b.csv_7.png"]),
        ([row(7, None, "all")], ["all/unlabelled/0000000_a_b.csv_7.png"]),
        (
            [row(1, "sad", excluded=True), row(2, "sad", "PublicTest")],
            ["PublicTest/sad/0000001_a_b.csv_2.png"],
        ),
    ],
)
def test_the_tree_holds_every_row_but_the_excluded_by_split_and_label(
    stored, tmp_path, rows, expected
):
    export.write(tmp_path, stored(rows), "tree")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert written == expected


def test_an_exported_drawing_is_the_rows_own(stored, tmp_path):
    export.write(tmp_path, stored([row(7)]), "tree")
    (path,) = tmp_path.rglob("*.png")
    assert np.array_equal(read_gray(path), np.full((48, 48), 7, np.uint8))


def test_equal_source_names_do_not_overwrite_each_other(stored, tmp_path):
    export.write(tmp_path, stored([row(7), row(7)]), "tree")
    assert len(list(tmp_path.rglob("*.png"))) == 2


def test_an_unknown_kind_is_refused(stored, tmp_path):
    with pytest.raises(DatasetError, match="expected one of tree, tfrecord"):
        export.write(tmp_path, stored([]), "zip")


def test_without_tensorflow_tfrecords_are_a_clear_error(stored, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(DatasetError, match="pip install tensorflow"):
        export.write(tmp_path, stored([row(1)]), "tfrecord")


def test_tfrecords_hold_every_row_but_the_excluded(stored, tmp_path):
    tf = pytest.importorskip("tensorflow")
    rows = [row(1), row(2, "sad"), row(3, excluded=True), row(4, split="PublicTest")]
    export.write(tmp_path, stored(rows), "tfrecord")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "PublicTest.tfrecord",
        "Training.tfrecord",
    ]
    records = list(tf.data.TFRecordDataset(str(tmp_path / "Training.tfrecord")))
    examples = [tf.train.Example.FromString(record.numpy()) for record in records]
    labels = [example.features.feature["label"].bytes_list.value[0] for example in examples]
    assert labels == [b"happy", b"sad"]
    assert examples[0].features.feature["image"].bytes_list.value[0] == rows[0]["image"]["bytes"]
