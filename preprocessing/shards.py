"""Shards: samples -> Parquet files, each written once, whole, and never twice.

A shard is a pure function of its samples and the recipe. It is written beside its place, synced
and renamed, and its receipt (counts, errors, the file's hash) follows the same way: a run killed
at any moment leaves only whole shards, and running it again does what is missing.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from zlib import crc32

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facelines.preprocessing import columns
from facelines.preprocessing.aspect import stretched
from facelines.preprocessing.framings import reframed
from facelines.preprocessing.images import ImageError, encode_png
from facelines.preprocessing.layout import Folder, receipt_file, shard_file
from facelines.preprocessing.pipeline import Face, Pipeline, is_face_crop, no_face
from facelines.preprocessing.samples import (
    EVALUATION_SPLITS,
    TRAINING_SPLITS,
    WITHOUT_SPLIT,
    ReadError,
    Region,
    Sample,
)

UNLABELLED = "unlabelled"  # the class under which pictures without a label are counted
VERSION = 5  # of the rows: raise it when a shard written before is no longer what is meant

_RECEIPT = {
    "pictures",
    "with_rows",
    "errors",
    "left_out",
    "coverage",
    "evaluated",
    "rows",
    "splits",
    "sha256",
    "bytes",
    "rows_sum",
}


@dataclass(frozen=True)
class Recipe:
    """Everything but the samples that decides a shard's rows.

    pipeline: from gray to faces.
    labels: the label set; other labels are counted and left out.
    cropped: each picture is one face, and has one row whether a detector finds it or not.
    largest: of several faces in a photo take the largest.
    aspect: how many times taller each picture is made (see `aspect.stretched`).
    framings: how many randomly reframed copies of each training picture follow it.
    evaluation: sha256 of every picture of the evaluation splits; it is no part of `key`, since a
        shard stays as it is unless one of its own pictures is among them (see `finished`).
    """

    pipeline: Pipeline
    labels: tuple[str, ...]
    cropped: bool
    largest: bool = False
    aspect: float = 1.0
    framings: int = 0
    evaluation: frozenset[str] = frozenset()

    def key(self) -> str:
        """Return a hash that changes with any part of the recipe but `evaluation`."""
        parts = [str(VERSION), self.pipeline.to_json(), self.pipeline.fingerprint()]
        parts += [*self.labels, str(self.cropped), str(self.largest)]
        parts += [str(self.aspect)] if self.aspect != 1 else []
        parts += [str(self.framings)]
        parts += [] if self.pipeline.has_mesh else ["mesh of any size"]  # see `columns.schema`
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def picture_hash(gray: np.ndarray) -> str:
    """Return the sha256 of a gray picture's shape and bytes, uint8 (H, W)."""
    height, width = gray.shape
    return hashlib.sha256(f"{height}x{width}:".encode() + gray.tobytes()).hexdigest()


def process_shard(items: list[Sample | ReadError], recipe: Recipe) -> tuple[pa.Table, dict]:
    """Turn samples into rows (see `columns`). Pure: the same items and recipe give the same rows.

    Returns:
        the rows, and what happened: {pictures, with_rows, errors [{source, message}],
        left_out {label: n}, coverage {label: {found, fallback, failed}}, evaluated [sha256 of the
        pictures of evaluation splits]}. Every picture is in the rows, the errors or left out.
    """
    rows, errors, left_out, coverage = [], [], Counter(), {}
    evaluated, with_rows = [], 0
    for item in items:
        if isinstance(item, ReadError):
            errors.append({"source": item.source, "message": item.message})
            continue
        if item.label is not None and item.label not in recipe.labels:
            left_out[item.label] += 1
            evaluated += _evaluated(item)
            continue
        seen = coverage.setdefault(item.label or UNLABELLED, Counter())
        try:
            found = _rows(item, recipe)
        except (ValueError, ArithmeticError, RuntimeError, cv2.error) as error:
            seen["failed"] += 1
            evaluated += _evaluated(item)
            errors.append({"source": item.source, "message": _one_line(error)})
            continue
        seen["found" if found[0]["found"] == "detected" else "fallback"] += 1
        rows += found
        with_rows += 1
        evaluated += [found[0]["sha256"]] if item.split in EVALUATION_SPLITS else []
    outcome = {
        "pictures": len(items),
        "with_rows": with_rows,
        "errors": errors,
        "left_out": dict(left_out),
        "coverage": {
            label: {name: seen[name] for name in ("found", "fallback", "failed")}
            for label, seen in coverage.items()
        },
        "evaluated": evaluated,
    }
    return pa.Table.from_pylist(rows, columns.schema(mesh=recipe.pipeline.has_mesh)), outcome


def _evaluated(sample: Sample) -> list[str]:
    """Return the hash of a picture of an evaluation split that has no row."""
    if sample.split not in EVALUATION_SPLITS:
        return []
    try:
        return [picture_hash(sample.gray())]
    except (ValueError, ArithmeticError, RuntimeError, cv2.error):
        return []  # not to be decoded at all


def _rows(sample: Sample, recipe: Recipe) -> list[dict]:
    picture = sample.gray()
    gray = stretched(picture, recipe.aspect)
    pipeline = recipe.pipeline
    known = recipe.cropped or (sample.label is not None and is_face_crop(gray))
    faces = [pipeline.one(gray)] if known else pipeline(gray)
    if not faces:
        raise ImageError(no_face(pipeline) + ".")
    if recipe.largest:
        faces = [max(faces, key=lambda face: face.box.width * face.box.height)]
    sha256 = picture_hash(picture)
    excluded = sample.split not in EVALUATION_SPLITS and sha256 in recipe.evaluation
    rows = [_row(sample, face, index, sha256, excluded) for index, face in enumerate(faces)]
    if sample.split in TRAINING_SPLITS and not excluded:
        for framing in range(1, recipe.framings + 1):
            # Seeded by the picture: a shard's rows do not depend on other shards.
            rng = np.random.default_rng((int(sha256[:16], 16), framing))
            face = pipeline.one(reframed(gray, rng))
            rows.append(_row(sample, face, 0, sha256, excluded, framing))
    return rows


def _row(
    sample: Sample, face: Face, index: int, sha256: str, excluded: bool, framing: int = 0
) -> dict:
    box = face.box
    name = sample.source.replace("/", "_").replace(":", "_")
    if framing:
        name += f"_framing{framing}"
    return {
        "image": {"bytes": encode_png(face.image), "path": f"{name}_{index}.png"},
        "pixels": {"bytes": encode_png(face.pixels), "path": f"{name}_{index}_pixels.png"},
        **{name: _coordinates(getattr(face, name)) for name in columns.COORDINATES},
        "label": sample.label,
        "split": sample.split,
        "votes": None if sample.votes is None else list(sample.votes),
        "source": sample.source,
        "subject": sample.subject,
        "weight": sample.weight,
        "sha256": sha256,
        "box": list(box.corners),
        "box_score": box.score,
        "found": box.source,
        "quality": face.quality,
        "presence": face.presence,
        "face_index": index,
        "framing": framing,
        "excluded": excluded,
    }


def _coordinates(points: np.ndarray | None) -> np.ndarray | None:
    return None if points is None else points.astype(np.float32).ravel()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def rows_sum(table: pa.Table) -> int:
    """Return the sum of the rows' hashes modulo 2**256: equal for equal rows in any order.

    What only tells where a row came from (source, path, votes, subject, weight) does not count, so
    a CSV and a folder tree of the same pictures have the same sum.
    """
    apart = ("source", "votes", "subject", "weight", "image", "pixels", *columns.COORDINATES)
    names = [name for name in columns.TYPES if name not in apart]
    numbers = [
        table[name].combine_chunks().flatten().to_numpy().reshape(-1, columns.TYPES[name].list_size)
        for name in columns.COORDINATES
        if not table[name].null_count
    ]
    total = 0
    for index, row in enumerate(table.select([*names, "image", "pixels"]).to_pylist()):
        parts = [row.pop("image")["bytes"], row.pop("pixels")["bytes"]]
        parts += [json.dumps(row).encode(), *(column[index].tobytes() for column in numbers)]
        total += int.from_bytes(hashlib.sha256(b"\0".join(parts)).digest(), "big")
    return total % (1 << 256)


@dataclass(frozen=True)
class Batch:
    """A shard's samples: of one split, in the source's order.

    place: of the first of them in the source.
    """

    place: int
    split: str
    items: list[Sample | ReadError]


def batches(items: Iterable[Sample | ReadError], size: int) -> Iterator[Batch]:
    """Cut a stream into shards of about `size` samples of one split each.

    Where a shard ends depends on its samples' names alone, not on how many came before them
    (content-defined chunking, Muthitacharoen et al. 2001): a sample more or less changes the one
    shard that it belongs to. A shard has size / 2 to 2 * size samples; the last may have fewer.
    """
    least = max(1, size // 2)
    waiting: dict[str, Batch] = {}
    split = WITHOUT_SPLIT
    for place, item in enumerate(items):
        split = item.split if isinstance(item, Sample) else split  # an error follows its neighbour
        batch = waiting.setdefault(split, Batch(place, split, []))
        batch.items.append(item)
        count, drawn = len(batch.items), crc32(item.source.encode(errors="replace"))
        if (count >= least and drawn % (size - least + 1) == 0) or count >= 2 * size:
            yield waiting.pop(split)
    yield from waiting.values()


def shard_name(batch: Batch, recipe_key: str) -> str:
    """Return a shard's name, its split and a hash of its samples, their files and the recipe."""
    return f"{split_name(batch.split)}-{items_key(batch.items, recipe_key)[:20]}"


def split_name(split: str) -> str:
    """Return a split's name as files and Hugging Face have it: letters, digits, _ and no "all"."""
    if split == WITHOUT_SPLIT:
        return "train"  # what loaders call a set without splits
    return re.sub(r"\W+", "_", split) or "_"


def items_key(items: list[Sample | ReadError], recipe_key: str) -> str:
    """Return a hash that changes when a shard's samples, their files or the recipe change."""
    digest = hashlib.sha256(recipe_key.encode())
    for item in items:
        digest.update(identity(item))
    return digest.hexdigest()


def identity(item: Sample | ReadError) -> bytes:
    """Return what changes when a sample or its file does; a file is known by its size and time."""
    return repr(_identity(item)).encode(errors="replace")


def _identity(item: Sample | ReadError) -> tuple:
    if isinstance(item, ReadError):
        return item.source, item.message
    content = item.content
    if item.path is not None:
        try:
            status = item.path.stat()
            content = (status.st_size, status.st_mtime_ns)
        except OSError:
            content = ("missing",)
        if isinstance(item.content, Region):
            content += astuple(item.content)[1:]
    known = item.votes, item.subject, item.weight
    return item.source, item.split, item.label, *known, content


def finished(folder: Folder, name: str, recipe: Recipe) -> dict | None:
    """Return a shard's receipt if the shard is there, whole and still right, else None."""
    try:
        receipt = json.loads(folder.read(receipt_file(name)))
        data = folder.read(shard_file(name))
    except (OSError, ValueError):
        return None
    if not isinstance(receipt, dict) or not _RECEIPT <= receipt.keys():
        return None
    if receipt["sha256"] != hashlib.sha256(data).hexdigest():
        return None
    return receipt if _excludes_the_same(data, recipe.evaluation) else None


def _excludes_the_same(data: bytes, evaluation: frozenset[str]) -> bool:
    """Tell whether a shard's rows are excluded as the evaluation splits of now have it."""
    table = pq.read_table(pa.BufferReader(data), columns=["sha256", "split", "excluded"])
    return all(
        excluded == (split not in EVALUATION_SPLITS and sha256 in evaluation)
        for sha256, split, excluded in zip(
            *(table[name].to_pylist() for name in ("sha256", "split", "excluded")), strict=True
        )
    )


def complete_shard(
    folder: Folder, name: str, items: list[Sample | ReadError], recipe: Recipe
) -> dict:
    """Process one shard, write its rows, then its receipt; return the receipt."""
    return write_shard(folder, name, *process_shard(items, recipe))


def write_shard(folder: Folder, name: str, table: pa.Table, outcome: dict) -> dict:
    """Write a shard's rows, then its receipt; return the receipt.

    Args:
        outcome: what else the receipt says, as from `process_shard`.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    receipt = outcome | {
        "rows": table.num_rows,
        "splits": dict(Counter(table["split"].to_pylist())),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "rows_sum": f"{rows_sum(table):064x}",
    }
    folder.write(shard_file(name), data)
    folder.write(receipt_file(name), json.dumps(receipt, indent=1).encode())
    return receipt
