"""A prepared set, as `preprocess` left it in OUT -> NumPy arrays."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from facelines import shape_predictor
from facelines.preprocessing import labels, layout, render
from facelines.preprocessing.images import decode_png
from facelines.preprocessing.mesh import READ, READ_LANDMARKS
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.samples import DatasetError

_COLUMNS = {
    "image": "image", "pixels": "pixels", "points": "normalised", "raw_points": "points",
    "raw_vertices": "mesh", "label": "label", "split": "split", "votes": "votes",
    "quality": "quality", "presence": "presence", "found": "found", "sha256": "sha256",
    "excluded": "excluded", "framing": "framing", "source": "source", "subject": "subject",
    "weight": "weight",
}  # fmt: skip
_MESH = ("mesh", "presence")


def is_prepared(path: str | Path) -> bool:
    """Tell whether a path is a complete OUT of `preprocess`."""
    return (Path(path) / "manifest.json").is_file()


def load_prepared(
    out: str | Path, splits: tuple[str, ...] | None = None, *, framed: bool = False
) -> dict:
    """Read a prepared set into NumPy arrays of n rows, in the source's order.

    Args:
        out: a folder that `preprocess` completed.
        splits: only rows of these; None for all.
        framed: with the rows of pictures that were framed otherwise, for training.

    Returns:
        image, pixels uint8 (n, size, size); points float32 (n, 51, 2) normalised to the drawing's
        unit square; raw_points float32 (n, 51, 2) in pixels of the picture; vertices float32
        (n, 151, 2) normalised, those of the mesh that networks read (`mesh.READ`), mesh
        (n, 51, 2) its landmarks, raw_vertices (n, 478, 2) all of it, presence (n,) its
        logit, all missing where the recipe leaves it out; label, split, found, sha256, source,
        subject str (n,), "" where there is none; votes uint8 (n, 10), zeros where there are none;
        quality, weight float32 (n,), weight 1 where none is given; excluded bool (n,), not to be
        trained on; framing int (n,), 0 where the picture is as it was.

    Raises:
        DatasetError: not a complete prepared set, no row is of these splits, or its landmarks
            come from another landmark file than the one in use.
        FileNotFoundError: there is no landmark file.
    """
    out = Path(out)
    if not is_prepared(out):
        raise DatasetError(
            f"{out}: no complete prepared set (no manifest.json); run preprocess, or run it again."
        )
    manifest = read_manifest(out)
    check_landmark_file(out, manifest["plan"]["landmark_file"])
    try:
        table = read_rows(out, len(manifest["shards"]))
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(
            f"{out}: a shard is missing or damaged; run preprocess again."
        ) from error
    if splits is not None:
        kept = np.isin(np.array(table["split"].to_pylist(), str), splits)
        table = table.filter(pa.array(kept))
        if not kept.any():
            there = ", ".join(manifest["summary"]["splits"])
            raise DatasetError(f"{out}: no row of {', '.join(splits)}; its splits are {there}.")
    if not framed:
        table = table.filter(pc.equal(table["framing"], 0))
    recipe = Pipeline(**manifest["plan"]["pipeline"])
    arrays = {
        name: _array(table, column, recipe.size)
        for name, column in _COLUMNS.items()
        if column not in _MESH or recipe.mesh
    }
    if recipe.mesh:
        arrays["vertices"] = normalised_vertices(
            arrays["raw_vertices"][:, READ], arrays["raw_points"], recipe
        )
        arrays["mesh"] = arrays["vertices"][:, READ_LANDMARKS]
    return arrays


def normalised_vertices(vertices: np.ndarray, points: np.ndarray, recipe: Pipeline) -> np.ndarray:
    """Return the vertices (n, 151, 2) that networks read, normalised as in a `Face`.

    Args:
        vertices: the same in pixels of the picture, and points (n, 51, 2) of the same faces.
    """
    faces = [
        render.normalise(face, level_roll=recipe.level_roll, landmarks=landmarks)
        for face, landmarks in zip(vertices, points, strict=True)
    ]
    return np.array(faces, np.float32).reshape(vertices.shape)


def _array(table: pa.Table, column: str, size: int) -> np.ndarray:
    if column == "weight" and column not in table.column_names:  # of a set prepared before it was
        return np.ones(table.num_rows, np.float32)
    values = table[column].combine_chunks()
    count = len(values)
    if column in ("image", "pixels"):
        pictures = np.empty((count, size, size), np.uint8)
        for index, value in enumerate(values.field("bytes")):
            pictures[index] = decode_png(value.as_buffer())
        return pictures
    if pa.types.is_fixed_size_list(values.type):
        return values.flatten().to_numpy().reshape(count, values.type.list_size // 2, 2).copy()
    if column == "votes":
        zeros = [0] * len(labels.FERPLUS_COLUMNS)
        votes = [row or zeros for row in values.to_pylist()]
        return np.array(votes, np.uint8).reshape(count, len(zeros))
    if column == "weight":
        return values.fill_null(1).to_numpy(zero_copy_only=False).copy()
    if pa.types.is_string(values.type):
        return np.array([value or "" for value in values.to_pylist()], str)
    return values.to_numpy(zero_copy_only=False).copy()


def read_rows(out: Path, count: int) -> pa.Table:
    """Return the rows of the first `count` shards, in the source's order."""
    tables = [pq.read_table(layout.shard_file(out, index)) for index in range(count)]
    return pa.concat_tables(tables)


def read_manifest(out: str | Path) -> dict:
    """Return the manifest of a prepared set (DatasetError if it is damaged or none of ours)."""
    path = Path(out) / "manifest.json"
    manifest = read_json(path)
    if not isinstance(manifest, dict) or not {"plan", "shards", "summary"} <= manifest.keys():
        raise DatasetError(
            f"{path}: not written by preprocess; expected the OUT of "
            '"run.py preprocess SOURCE OUT", or a data set without a file of this name.'
        )
    return manifest


def check_landmark_file(source: str | Path, expected: str) -> None:
    """Refuse landmarks of another file than the one in use: a network would meet other inputs.

    Args:
        expected: the SHA-256 of the file that made the landmarks of `source`.

    Raises:
        DatasetError: the file in use is another.
        FileNotFoundError: there is none.
    """
    path = shape_predictor.find()
    if (found := shape_predictor.sha256(path)) != expected:
        raise DatasetError(
            f"{source}: made with the landmark file of SHA-256 {expected}, but {path} has "
            f"{found}; use that file (see shape_predictor/README.md), or prepare the set again."
        )


def read_json(path: Path) -> dict:
    """Read a manifest or plan (DatasetError if it is damaged)."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: damaged; prepare this folder again.") from error
