import sys

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from facelines.preprocessing import columns, export
from facelines.preprocessing.images import encode_png, read_gray
from facelines.preprocessing.samples import DatasetError


def row(number: int, label="happy", split="Training", excluded=False) -> dict:
    return {
        "image": {"bytes": encode_png(np.full((48, 48), number, np.uint8)), "path": "a.png"},
        "label": label,
        "split": split,
        "source": f"some/folder/a b.csv:{number}",
        "excluded": excluded,
    }


def table_of(rows: list[dict]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(rows, columns.schema()))


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
def test_the_tree_holds_every_row_but_the_excluded_by_split_and_label(tmp_path, rows, expected):
    export.write(tmp_path, table_of(rows), "tree")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png"))
    assert written == expected


def test_an_exported_drawing_is_the_rows_own(tmp_path):
    export.write(tmp_path, table_of([row(7)]), "tree")
    (path,) = tmp_path.rglob("*.png")
    assert np.array_equal(read_gray(path), np.full((48, 48), 7, np.uint8))


def test_equal_source_names_do_not_overwrite_each_other(tmp_path):
    export.write(tmp_path, table_of([row(7), row(7)]), "tree")
    assert len(list(tmp_path.rglob("*.png"))) == 2


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="expected one of tree, tfrecord"):
        export.write(tmp_path, table_of([]), "zip")


def test_without_tensorflow_tfrecords_are_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(DatasetError, match="pip install tensorflow"):
        export.write(tmp_path, table_of([row(1)]), "tfrecord")


def test_tfrecords_hold_every_row_but_the_excluded(tmp_path):
    tf = pytest.importorskip("tensorflow")
    rows = [row(1), row(2, "sad"), row(3, excluded=True), row(4, split="PublicTest")]
    export.write(tmp_path, table_of(rows), "tfrecord")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "PublicTest.tfrecord",
        "Training.tfrecord",
    ]
    records = list(tf.data.TFRecordDataset(str(tmp_path / "Training.tfrecord")))
    examples = [tf.train.Example.FromString(record.numpy()) for record in records]
    labels = [example.features.feature["label"].bytes_list.value[0] for example in examples]
    assert labels == [b"happy", b"sad"]
    assert examples[0].features.feature["image"].bytes_list.value[0] == rows[0]["image"]["bytes"]
