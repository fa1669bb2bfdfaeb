"""The landmark set that comes with the repository: FER2013's geometry, without a picture.

The 51 points of both sources (dlib, MediaPipe's mesh), labels, FER+ votes and splits of FER2013's
Training and PublicTest faces of 6 classes, in one Parquet file. Points are kept to 1/32 pixel,
finer than dlib resolves, the mesh to 1/16, a quarter of its own noise.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facelines import shape_predictor
from facelines.preprocessing import render
from facelines.preprocessing.mesh import LANDMARKS
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import POINTS
from facelines.preprocessing.prepared import check_landmark_file
from facelines.preprocessing.samples import DatasetError

PATH = Path(__file__).with_suffix(".parquet")
NAME = "embedded"
_STEPS_A_PIXEL = {"p": 32, "m": 16}  # by the columns' prefix


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
    table = pa.table(
        {
            "label": pa.array(prepared["label"]).dictionary_encode(),
            "split": pa.array(prepared["split"]).dictionary_encode(),
            "source": pa.array(list(map(int, rows))),
            "excluded": pa.array(prepared["excluded"]),
            "found": pa.array(prepared["found"]).dictionary_encode(),
            "quality": pa.array(np.round(prepared["quality"] * 255).astype(np.uint8)),
            "votes": _lists(prepared["votes"].astype(np.uint8)),
            # One column a coordinate compresses a third better than one list a face.
            **_columns("p", prepared["raw_points"]),
            # The mesh as it differs from dlib's points: half the bytes.
            **_columns("m", prepared["raw_vertices"][:, LANDMARKS] - prepared["raw_points"]),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def load(path: Path = PATH, pipeline: Pipeline | None = None) -> dict[str, np.ndarray]:
    """Read the set as `prepared.load_prepared` does, the drawings drawn anew.

    There are no pixels in it, so the key "pixels" is missing.

    Args:
        pipeline: how to draw; the default recipe if None.

    Raises:
        FileNotFoundError: the file is not there, or no landmark file.
        DatasetError: the landmark file in use is not the one that made the set.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} was not found; it comes with the repository.")
    check_landmark_file(path, shape_predictor.SHA256)
    pipeline = pipeline or Pipeline()
    table = pq.read_table(path)
    raw_points = _coordinates(table, "p")
    raw_mesh = raw_points + _coordinates(table, "m")
    points = _normalised(raw_points, pipeline)
    return {
        "image": np.array([pipeline.draw(face) for face in points], np.uint8),
        "points": points,
        "raw_points": raw_points,
        "mesh": _normalised(raw_mesh, pipeline),
        "raw_mesh": raw_mesh,
        "quality": table["quality"].to_numpy().astype(np.float32) / 255,
        "votes": np.array(table["votes"].to_pylist(), np.uint8).reshape(len(points), -1),
        "excluded": np.array(table["excluded"].to_pylist(), bool),
        **{key: np.array(table[key].to_pylist()) for key in ("label", "split", "source", "found")},
    }


def _columns(prefix: str, points: np.ndarray) -> dict[str, pa.Array]:
    steps = np.round(points.reshape(-1, 2 * POINTS) * _STEPS_A_PIXEL[prefix]).astype(np.int16)
    return {f"{prefix}{index}": pa.array(column) for index, column in enumerate(steps.T)}


def _coordinates(table: pa.Table, prefix: str) -> np.ndarray:
    columns = [table[f"{prefix}{index}"].to_numpy() for index in range(2 * POINTS)]
    raw = (np.stack(columns, axis=1) / np.float32(_STEPS_A_PIXEL[prefix])).astype(np.float32)
    return raw.reshape(-1, POINTS, 2)


def _normalised(raw: np.ndarray, pipeline: Pipeline) -> np.ndarray:
    faces = [render.normalise(face, level_roll=pipeline.level_roll) for face in raw]
    return np.array(faces, np.float32)


def _lists(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
