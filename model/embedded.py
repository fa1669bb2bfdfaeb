"""The landmark set that comes with the repository: FER2013's geometry, without a picture.

51 points, labels, FER+ votes and splits of FER2013's Training and PublicTest faces of 6 classes,
in one Parquet file. Points are kept to 1/32 pixel, finer than dlib resolves.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing import render
from preprocessing.landmarks import POINTS
from preprocessing.pipeline import Pipeline

PATH = Path(__file__).parent.parent / "data" / "fer2013_landmarks.parquet"
NAME = "embedded"
_STEPS_A_PIXEL = 32


def save(prepared: dict[str, np.ndarray], path: Path = PATH) -> None:
    """Write the geometry of a prepared set (as from `preprocess.load_prepared`)."""
    steps = np.round(prepared["raw_points"].reshape(-1, 2 * POINTS) * _STEPS_A_PIXEL)
    table = pa.table(
        {
            "label": pa.array(prepared["label"]).dictionary_encode(),
            "split": pa.array(prepared["split"]).dictionary_encode(),
            "source": pa.array([int(name.rsplit(":", 1)[1]) for name in prepared["source"]]),
            "excluded": pa.array(prepared["excluded"]),
            "found": pa.array(prepared["found"]).dictionary_encode(),
            "quality": pa.array(np.round(prepared["quality"] * 255).astype(np.uint8)),
            "votes": _lists(prepared["votes"].astype(np.uint8)),
            # One column a coordinate compresses a third better than one list a face.
            **{f"p{i}": pa.array(column) for i, column in enumerate(steps.astype(np.int16).T)},
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def load(path: Path = PATH, pipeline: Pipeline | None = None) -> dict[str, np.ndarray]:
    """Read the set as `preprocess.load_prepared` does, the drawings drawn anew.

    There are no pixels in it, so the key "pixels" is missing.

    Args:
        pipeline: how to draw; the default recipe if None.

    Raises:
        FileNotFoundError: the file is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} was not found; it comes with the repository.")
    pipeline = pipeline or Pipeline()
    table = pq.read_table(path)
    columns = [table[f"p{i}"].to_numpy() for i in range(2 * POINTS)]
    raw = (np.stack(columns, axis=1) / np.float32(_STEPS_A_PIXEL)).astype(np.float32)
    raw = raw.reshape(-1, POINTS, 2)
    points = np.array(
        [render.normalise(face, level_roll=pipeline.level_roll) for face in raw], np.float32
    )
    return {
        "image": np.array([pipeline.draw(face) for face in points], np.uint8),
        "points": points,
        "raw_points": raw,
        "quality": table["quality"].to_numpy().astype(np.float32) / 255,
        "votes": np.array(table["votes"].to_pylist(), np.uint8).reshape(len(raw), -1),
        "excluded": np.array(table["excluded"].to_pylist(), bool),
        **{key: np.array(table[key].to_pylist()) for key in ("label", "split", "source", "found")},
    }


def _lists(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
