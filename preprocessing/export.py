"""Prepared rows -> a class-folder tree of PNGs, or TFRecords (only they import TensorFlow)."""

import contextlib
import re
from pathlib import Path

from facelines.preprocessing.rows import Rows
from facelines.preprocessing.samples import DatasetError

KINDS = ("tree", "tfrecord")


def write(folder: Path, rows: Rows, kind: str) -> None:
    """Write the drawings of all rows but the excluded ones.

    Args:
        folder: made if it is not there.
        rows: as `columns.schema` has them.
        kind: "tree" for `<split>/<label>/<row>_<source>.png`, "tfrecord" for `<split>.tfrecord`.

    Raises:
        DatasetError: an unknown kind, or TensorFlow is not installed.
    """
    if kind == "tree":
        _write_tree(folder, rows)
    elif kind == "tfrecord":
        _write_tfrecords(folder, rows)
    else:
        raise DatasetError(f"Unknown export {kind!r}; expected one of {', '.join(KINDS)}.")


def remove(out: Path) -> None:
    """Remove earlier exports from OUT: files as `write` names them, and folders left empty."""
    for path in (out / "tree").glob("*/*/*.png"):
        if re.fullmatch(r"\d{7}_.*", path.name):
            path.unlink()
    for path in (out / "tfrecord").glob("*.tfrecord"):
        path.unlink()
    for folder in sorted((*(out / "tree").glob("**/"), out / "tfrecord"), reverse=True):
        with contextlib.suppress(OSError):  # not there, or the user's files are in it
            folder.rmdir()


def _rows(rows: Rows):
    """Yield (row's number, row) of the rows that may be used as their split says."""
    columns = ["image", "split", "label", "source", "excluded", "framing"]
    number = 0
    for table in rows.tables(columns):
        for row in table.to_pylist():
            if not row["excluded"] and not row["framing"]:
                yield number, row
            number += not row["framing"]


def _write_tree(folder: Path, rows: Rows) -> None:
    for number, row in _rows(rows):
        place = folder / row["split"] / (row["label"] or "unlabelled")
        place.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", Path(row["source"]).name)[-80:]
        (place / f"{number:07d}_{name}.png").write_bytes(row["image"]["bytes"])


def _write_tfrecords(folder: Path, rows: Rows) -> None:
    """Write examples of the features image (PNG bytes), label and source, one file a split."""
    try:
        import tensorflow as tf
    except ImportError as error:
        raise DatasetError("--export tfrecord needs TensorFlow: pip install tensorflow.") from error
    folder.mkdir(parents=True, exist_ok=True)
    writers = {}
    try:
        for _, row in _rows(rows):
            split = row["split"]
            if split not in writers:
                writers[split] = tf.io.TFRecordWriter(str(folder / f"{split}.tfrecord"))
            values = (row["image"]["bytes"], (row["label"] or "").encode(), row["source"].encode())
            features = {
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in zip(("image", "label", "source"), values, strict=True)
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writers[split].write(example.SerializeToString())
    finally:
        for writer in writers.values():
            writer.close()
