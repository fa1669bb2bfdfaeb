"""A prepared set, as `preprocess` left it in OUT -> NumPy arrays."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from facelines import shape_predictor
from facelines.preprocessing import labels, layout, render
from facelines.preprocessing.images import decode_png
from facelines.preprocessing.layout import Folder, open_folder
from facelines.preprocessing.mesh import READ
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import POINTS
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.samples import DatasetError

_COLUMNS = {
    "image": "image",
    "pixels": "pixels",
    "points": "normalised",
    "raw_points": "points",
    "raw_vertices": "mesh",
    "label": "label",
    "split": "split",
    "votes": "votes",
    "quality": "quality",
    "presence": "presence",
    "found": "found",
    "sha256": "sha256",
    "excluded": "excluded",
    "framing": "framing",
    "source": "source",
    "subject": "subject",
    "weight": "weight",
}
_MESH = ("mesh", "presence")


def is_prepared(path: str | Path) -> bool:
    """Tell whether a path or URL is a complete OUT of `preprocess`."""
    folder = open_folder(path)
    return folder.exists(layout.MANIFEST) or folder.exists(layout.OLD_MANIFEST)


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
        (n, 151, 2) normalised, those of the mesh that networks read (`mesh.READ`),
        raw_vertices (n, 478, 2) all of it, presence (n,) its logit, all missing where the recipe
        leaves it out; label, split, found, sha256, source,
        subject str (n,), "" where there is none; votes uint8 (n, 10), zeros where there are none;
        quality, weight float32 (n,), weight 1 where none is given; excluded bool (n,), not to be
        trained on; framing int (n,), 0 where the picture is as it was. Where the set was prepared
        with references, image, points and vertices are moved by them, and moved float32
        (n, 51 + 151, 2) says how far.

    Raises:
        DatasetError: not a complete prepared set, no row is of these splits, or its landmarks
            come from another landmark file than the one in use.
        FileNotFoundError: there is no landmark file.
    """
    folder, manifest = _opened(out)
    with _one_line_of_damage(out):
        table = _completed(pa.concat_tables(read_rows(folder, manifest).tables()))
    if splits is not None:
        with _one_line_of_damage(out):
            kept = np.isin(np.array(table["split"].to_pylist(), str), splits)
        table = table.filter(pa.array(kept))
        if not kept.any():
            there = ", ".join(manifest["summary"]["splits"])
            raise DatasetError(f"{out}: no row of {', '.join(splits)}; its splits are {there}.")
    with _one_line_of_damage(out):
        if not framed:
            table = table.filter(pc.equal(table["framing"], 0))
        return _arrays(table, recipe_of(manifest))


def load_in_parts(out: str | Path, *, framed: bool = False) -> Iterator[dict]:
    """Yield what `load_prepared` returns a shard at a time, in the same order.

    Raises:
        DatasetError, FileNotFoundError: as `load_prepared`.
    """
    folder, manifest = _opened(out)
    recipe = recipe_of(manifest)
    with _one_line_of_damage(out):
        for table in map(_completed, read_rows(folder, manifest).tables()):
            kept = table if framed else table.filter(pc.equal(table["framing"], 0))
            yield _arrays(kept, recipe)


def _opened(out: str | Path) -> tuple[Folder, dict]:
    folder = open_folder(out)
    if not is_prepared(folder):
        raise DatasetError(
            f"{out}: no complete prepared set (no manifest.json); run preprocess, or run it again."
        )
    manifest = read_manifest(folder)
    with _one_line_of_damage(out):
        landmark_file = manifest["plan"]["landmark_file"]
    check_landmark_file(out, landmark_file)
    return folder, manifest


@contextlib.contextmanager
def _one_line_of_damage(out: str | Path) -> Iterator[None]:
    """Turn what a missing or damaged file raises, of whichever library, into a DatasetError."""
    try:
        yield
    except DatasetError:
        raise
    except (OSError, pa.ArrowException, cv2.error, LookupError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{out}: a shard is missing or damaged; run preprocess again."
        ) from error


def _arrays(table: pa.Table, recipe: Pipeline) -> dict:
    arrays = {
        name: _array(table, column, recipe.size)
        for name, column in _COLUMNS.items()
        if column not in _MESH or recipe.mesh
    }
    if recipe.mesh and "normalised_mesh" in table.column_names:  # of 51 points, until version 3
        arrays["raw_mesh"] = arrays.pop("raw_vertices")
    elif recipe.mesh:
        arrays["vertices"] = normalised_vertices(
            arrays["raw_vertices"][:, READ], arrays["raw_points"], recipe
        )
    if "moved" in table.column_names:  # by a reference: points and drawings are moved as they are
        arrays["moved"] = _array(table, "moved", recipe.size)
        arrays["vertices"] += arrays["moved"][:, POINTS:]
    return arrays


def geometry_of(table: pa.Table, recipe: Pipeline) -> dict:
    """Return points and vertices of rows as `load_prepared` does, moved by no reference."""
    raw, mesh = (_array(table, name, recipe.size) for name in ("points", "mesh"))
    points = [render.normalise(face, level_roll=recipe.level_roll) for face in raw]
    return {
        "points": np.array(points, np.float32).reshape(raw.shape),
        "vertices": normalised_vertices(mesh[:, READ], raw, recipe),
    }


def _completed(table: pa.Table) -> pa.Table:
    """Return rows of an older version with the columns that came later, as they would have been."""
    for name, value in (("framing", pa.scalar(0, pa.int32())), ("presence", None)):
        if name not in table.column_names:
            values = (
                pa.nulls(len(table), pa.float32())
                if value is None
                else pa.repeat(value, len(table))
            )
            table = table.append_column(name, values)
    return table


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


def read_rows(folder: Folder, manifest: dict) -> Rows:
    """Return the rows of a manifest's shards, in the source's order, read when asked for."""
    return Rows(folder, [shard["file"] for shard in manifest["shards"]])


def read_manifest(out: str | Path | Folder) -> dict:
    """Return the manifest of a prepared set (DatasetError if it is damaged or none of ours)."""
    folder = open_folder(out)
    name = layout.MANIFEST if folder.exists(layout.MANIFEST) else layout.OLD_MANIFEST
    if not folder.exists(name):
        raise DatasetError(
            f"{folder} is not a prepared folder (no manifest.json in it); expected the OUT of "
            '"facelines preprocess SOURCE OUT", or the word "embedded".'
        )
    manifest = read_json(folder, name)
    if not isinstance(manifest, dict) or not {"plan", "shards", "summary"} <= manifest.keys():
        raise DatasetError(
            f"{folder}/{name}: not written by preprocess; expected the OUT of "
            '"run.py preprocess SOURCE OUT", or a data set without a file of this name.'
        )
    return manifest


def reference_of(manifest: dict) -> dict | None:
    """Return {by, model} of the references that a set's faces are read against, or None."""
    return manifest["plan"].get("reference")


def recipe_of(manifest: dict) -> Pipeline:
    """Return the recipe that made a prepared set.

    Raises:
        DatasetError: it has settings that this version does not know.
    """
    try:
        return Pipeline.from_json(json.dumps(manifest["plan"]["pipeline"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"The manifest's recipe cannot be used ({error}); prepare the set again."
        ) from error


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


def read_json(folder: Folder, name: str) -> dict:
    """Read a manifest or plan (DatasetError if it is damaged)."""
    try:
        return json.loads(folder.read(name))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder}/{name}: damaged; prepare this folder again.") from error
