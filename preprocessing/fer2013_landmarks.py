"""The landmark set that comes with the repository: FER2013's geometry, without a picture.

The 51 points and the 151 vertices of MediaPipe's mesh that networks read, labels, FER+ votes and
splits of FER2013's Training and PublicTest faces of 6 classes, in one Parquet file; in another,
what the released networks say of PublicTest. Points are kept to 1/32 pixel, finer than dlib
resolves, the mesh to 1/16, a quarter of its own noise.
"""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facelines import shape_predictor
from facelines.preprocessing import render
from facelines.preprocessing.mesh import READ, READ_LANDMARKS
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import POINTS
from facelines.preprocessing.prepared import check_landmark_file, normalised_vertices
from facelines.preprocessing.samples import DatasetError

PATH = Path(__file__).with_suffix(".parquet")
ANSWERS = PATH.with_stem("fer2013_answers")  # what the released networks say of PublicTest
NAME = "embedded"
_STEPS_A_PIXEL = {"p": 32, "m": 16, "v": 16}  # by the columns' prefix
_COUNTS = {"p": POINTS, "m": POINTS, "v": len(READ)}


def save(prepared: dict[str, np.ndarray], path: Path = PATH) -> None:
    """Write the geometry of a prepared FER2013.

    Args:
        prepared: as from `prepared.load_prepared`.

    Raises:
        DatasetError: it is not of FER2013's CSV, or was prepared without the mesh.
    """
    rows = [name.rpartition(":")[2] for name in prepared["source"]]
    if not all(map(str.isdecimal, rows)) or "raw_vertices" not in prepared:
        raise DatasetError(
            "This prepared set cannot be embedded; expected one of fer2013.csv, with the mesh."
        )
    vertices = prepared["raw_vertices"][:, READ]
    nearest = _nearest_landmarks(vertices)
    table = pa.table(
        {
            "label": pa.array(prepared["label"]).dictionary_encode(),
            "split": pa.array(prepared["split"]).dictionary_encode(),
            "source": pa.array(list(map(int, rows))),
            "excluded": pa.array(prepared["excluded"]),
            "found": pa.array(prepared["found"]).dictionary_encode(),
            "quality": pa.array(np.round(prepared["quality"] * 255).astype(np.uint8)),
            "votes": _lists(prepared["votes"].astype(np.uint8)),
            # One column a coordinate compresses a third better than one list a face, and
            # differences better than coordinates: vertices from the mesh's landmarks, those from
            # the points.
            **_columns("p", prepared["raw_points"]),
            **_columns("m", vertices[:, READ_LANDMARKS] - prepared["raw_points"]),
            **_columns("v", vertices - vertices[:, READ_LANDMARKS][:, nearest]),
        }
    )
    table = table.replace_schema_metadata({"nearest": json.dumps(nearest.tolist())})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def load(path: Path = PATH, pipeline: Pipeline | None = None) -> dict[str, np.ndarray]:
    """Read the set as `prepared.load_prepared` does, the drawings drawn anew.

    There are no pixels in it, so the key "pixels" is missing, and "raw_vertices" holds the 151
    vertices that networks read.

    Args:
        pipeline: how to draw; the default recipe if None.

    Raises:
        FileNotFoundError: the file is not there, or no landmark file.
        DatasetError: the landmark file in use is not the one that made the set.
    """
    table = _read(path)
    check_landmark_file(path, shape_predictor.SHA256)
    pipeline = pipeline or Pipeline()
    raw_points = _coordinates(table, "p")
    raw_vertices = raw_points + _coordinates(table, "m")
    raw_vertices = raw_vertices[:, json.loads(table.schema.metadata[b"nearest"])]
    raw_vertices += _coordinates(table, "v")
    points = _normalised(raw_points, pipeline)
    return {
        "image": np.array([pipeline.draw(face) for face in points], np.uint8),
        "points": points,
        "raw_points": raw_points,
        "vertices": normalised_vertices(raw_vertices, raw_points, pipeline),
        "raw_vertices": raw_vertices,
        "quality": table["quality"].to_numpy().astype(np.float32) / 255,
        "votes": np.array(table["votes"].to_pylist(), np.uint8).reshape(len(points), -1),
        "excluded": np.array(table["excluded"].to_pylist(), bool),
        **{key: np.array(table[key].to_pylist()) for key in ("label", "split", "source", "found")},
    }


def save_answers(answers: dict[str, np.ndarray], path: Path = ANSWERS) -> None:
    """Write what networks say of the set's PublicTest faces, in half precision.

    Args:
        answers: by a released network's name its probabilities (3533, 6), in the set's order.
    """
    halves = {name: _lists(found.astype(np.float16)) for name, found in answers.items()}
    pq.write_table(pa.table(halves), path, compression="zstd", compression_level=19)


def load_answers(path: Path = ANSWERS) -> dict[str, np.ndarray]:
    """Return what the released networks say of PublicTest's faces, by name.

    Returns:
        probabilities float32 (3533, 6) of the labels `labels.label_set(6)`, in the order of the
        set's PublicTest rows.

    Raises:
        FileNotFoundError: the file is not there.
    """
    table = _read(path)
    return {name: np.array(table[name].to_pylist(), np.float32) for name in table.column_names}


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise FileNotFoundError(f"{path} was not found; it comes with the repository.")
    return pq.read_table(path)


def _nearest_landmarks(vertices: np.ndarray) -> np.ndarray:
    """Return for each vertex of (n, 151, 2) the landmark of the mesh that is nearest on average."""
    mean = vertices.mean(axis=0)
    apart = np.linalg.norm(mean[:, None] - mean[READ_LANDMARKS], axis=-1)
    return apart.argmin(axis=1)


def _columns(prefix: str, points: np.ndarray) -> dict[str, pa.Array]:
    steps = np.round(points.reshape(len(points), -1) * _STEPS_A_PIXEL[prefix]).astype(np.int16)
    return {f"{prefix}{index}": pa.array(column) for index, column in enumerate(steps.T)}


def _coordinates(table: pa.Table, prefix: str) -> np.ndarray:
    count = _COUNTS[prefix]
    columns = [table[f"{prefix}{index}"].to_numpy() for index in range(2 * count)]
    raw = (np.stack(columns, axis=1) / np.float32(_STEPS_A_PIXEL[prefix])).astype(np.float32)
    return raw.reshape(-1, count, 2)


def _normalised(raw: np.ndarray, pipeline: Pipeline) -> np.ndarray:
    faces = [render.normalise(face, level_roll=pipeline.level_roll) for face in raw]
    return np.array(faces, np.float32)


def _lists(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
