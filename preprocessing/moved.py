"""The second pass of `preprocess --reference`: points and drawings, read against references.

A shard knows its own samples alone, and a reference is made of many faces. So where one is asked
for, the finished shards are gone over once more. What is moved follows from the columns `points`
and `mesh`, which stay as they were: going over a set again changes nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from facelines.preprocessing import columns, layout, shards
from facelines.preprocessing.executors import Done
from facelines.preprocessing.images import encode_png
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import geometry_of
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.tally import Tally

Arrays = dict[str, np.ndarray]
_NEEDED = ["points", "mesh", "quality", "source", "subject", "framing"]


@dataclass(frozen=True)
class References:
    """What the faces of a set are read against.

    by: "set" or "subject".
    model: the network that says what the faces show and what they are compared with.
    moves: from the arrays of n faces (points, vertices, quality, source and subject, as from
        `prepared.load_prepared`) to how far each of them moves: by source of points float32
        (51 or 151, 2).
    """

    by: str
    model: str
    moves: Callable[[Arrays], list[Arrays]]

    def facts(self) -> dict[str, str]:
        """Return what a plan says of it."""
        return {"by": self.by, "model": self.model}


def move(folder: Folder, tally: Tally, references: References, pipeline: Pipeline) -> Tally:
    """Move the faces of a set's shards, and return the tally of the shards as they are now.

    Copies of a picture that are framed otherwise move as their picture does. In memory at once is
    the geometry of every picture, 2 kB each.

    Raises:
        OSError: OUT cannot be written.
    """
    faces = _faces(folder, tally, pipeline)
    moves = dict(zip(faces["source"], references.moves(faces), strict=True))
    moved = Tally()
    for shard in tally.shards:
        receipt = _move_shard(folder, shard.name, moves, pipeline)
        moved.add(Done(shard.place, shard.name, receipt, was_there=False))
    moved.reused = tally.reused
    return moved


def _faces(folder: Folder, tally: Tally, pipeline: Pipeline) -> Arrays:
    """Return the arrays of all faces of pictures as they are, not moved."""
    rows = Rows(folder, [shard.file for shard in tally.shards])
    parts = []
    for framed in rows.tables(_NEEDED):
        table = framed.filter(pc.equal(framed["framing"], 0))
        named = {name: table[name].fill_null("").to_pylist() for name in ("source", "subject")}
        parts.append(
            geometry_of(table, pipeline)
            | {name: np.array(values, str) for name, values in named.items()}
            | {"quality": table["quality"].to_numpy()}
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _move_shard(folder: Folder, name: str, moves: dict[str, Arrays], pipeline: Pipeline) -> dict:
    """Rewrite a shard and its receipt; return the receipt."""
    receipt = json.loads(folder.read(layout.receipt_file(name)))
    (table,) = Rows(folder, [layout.shard_file(name)]).tables()
    if not len(table):
        return receipt
    each = [moves[source] for source in table["source"].to_pylist()]
    return shards.write_shard(folder, name, _moved(table, each, pipeline), receipt)


def _moved(table: pa.Table, moves: list[Arrays], pipeline: Pipeline) -> pa.Table:
    far = {name: np.stack([one[name] for one in moves]) for name in moves[0]}
    points = geometry_of(table, pipeline)["points"] + far["points"]
    paths = table["image"].combine_chunks().field("path").to_pylist()
    drawings = [
        {"bytes": encode_png(pipeline.draw(face)), "path": path}
        for face, path in zip(points, paths, strict=True)
    ]
    schema = columns.schema(moved=True)
    changed = {
        "image": pa.array(drawings, schema.field("image").type),
        "normalised": _lists(points, schema.field("normalised").type),
        "moved": _lists(
            np.concatenate([far["points"], far["vertices"]], axis=1), schema.field("moved").type
        ),
    }
    arrays = [changed[name] if name in changed else table[name] for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)


def _lists(points: np.ndarray, kind: pa.DataType) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(points.astype(np.float32).ravel()), type=kind)
