"""Labelled faces for training and scoring: a prepared folder, the embedded set, or any data set."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from facelines.model import inputs, on_disk
from facelines.preprocessing import fer2013_landmarks, prepared
from facelines.preprocessing.aspect import AUTO, factor_of, median_ratio, stretched
from facelines.preprocessing.datasets import Dataset, open_dataset
from facelines.preprocessing.datasets.lists import person_of
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.labels import ferplus_majority
from facelines.preprocessing.mesh import READ_LANDMARKS
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import (
    is_prepared,
    load_in_parts,
    load_prepared,
    normalised_vertices,
    read_manifest,
    recipe_of,
)
from facelines.preprocessing.processes import pool_of
from facelines.preprocessing.samples import TRAINING_SPLITS, ReadError, Sample

_SEQUENCE = re.compile(r"S\d{3}_\d{3}(?=_\d{8})", re.IGNORECASE)  # a film of CK+
Arrays = dict[str, np.ndarray]

TRAINING = TRAINING_SPLITS
VALIDATION = ("PublicTest", "validation", "valid")
_CHUNK = 32


class SourceError(ValueError):
    """A source that cannot be scored or trained on; the message is one line for the user."""


def load_arrays(
    source: str | Path, *, framed: bool = False, on_disk_in: Path | None = None
) -> tuple[Arrays, Pipeline]:
    """Return a prepared folder or the embedded set ("embedded"), and the recipe that made it.

    Args:
        framed: with the reframed copies of training pictures, where there are any.
        on_disk_in: a folder to keep a prepared set's faces in, of which batches are then read.

    Raises:
        SourceError: neither.
        DatasetError, FileNotFoundError: as `prepared.load_prepared`.
    """
    if str(source) == fer2013_landmarks.NAME:
        return fer2013_landmarks.load(), Pipeline()
    if not is_prepared(source):
        raise SourceError(
            f"{source} is not a prepared folder (no manifest.json in it); expected the OUT of "
            f'"run.py preprocess SOURCE OUT", or the word "{fer2013_landmarks.NAME}".'
        )
    pipeline = recipe_of(read_manifest(source))
    if on_disk_in is not None:
        return on_disk.keep(load_in_parts(source, framed=framed), on_disk_in), pipeline
    return load_prepared(source, framed=framed), pipeline


def seen_by_mesh(arrays: Arrays, pipeline: Pipeline) -> tuple[Arrays, Pipeline]:
    """Return faces as a recipe whose landmarker is the mesh has them, and that recipe.

    The mesh has looked where dlib's landmarks were, not where its own are: nearly the same place.

    Raises:
        SourceError: they were prepared without the mesh.
    """
    if "vertices" not in arrays:
        raise SourceError("This set was prepared without the mesh; prepare it again.")
    # Placed by the points before: brought to where their own landmarks place them.
    placed = normalised_vertices(
        arrays["vertices"], arrays["vertices"][:, READ_LANDMARKS], pipeline
    )
    points = placed[:, READ_LANDMARKS]
    image = np.array([pipeline.draw(face) for face in points], np.uint8)
    seen = {**arrays, "points": points, "vertices": placed, "image": image}
    return seen, replace(pipeline, landmarker="mesh")


def reference_of(source: str | Path) -> dict:
    """Return {by, model} of what a prepared folder's faces are read against, {} for nothing."""
    if str(source) == fer2013_landmarks.NAME or not is_prepared(source):
        return {}
    return prepared.reference_of(read_manifest(source)) or {}


def name_of(source: str | Path) -> str:
    """Return the name of the data set that a prepared folder was made from."""
    if str(source) == fer2013_landmarks.NAME:
        return "FER2013 (embedded landmarks)"
    return read_manifest(source)["plan"]["source"]


def select(arrays: Arrays, chosen: np.ndarray | slice) -> Arrays:
    """Return the rows of a boolean mask, an index array or a slice."""
    return {name: values[chosen] for name, values in arrays.items()}


def in_label_set(arrays: Arrays, labels: tuple[str, ...]) -> Arrays:
    """Return the rows whose label is in the set."""
    return select(arrays, np.isin(arrays["label"], labels))


def training_rows(arrays: Arrays) -> Arrays:
    """Return the training split without pictures that also stand in an evaluation split."""
    return select(arrays, np.isin(arrays["split"], TRAINING) & ~arrays["excluded"])


def validation_rows(arrays: Arrays) -> Arrays:
    """Return the split that models are selected on: PublicTest, or `validation`."""
    return select(arrays, np.isin(arrays["split"], VALIDATION))


def relabelled(arrays: Arrays, labels: tuple[str, ...]) -> Arrays:
    """Return the rows with a FER+ majority among `labels`, with it as their label.

    Raises:
        SourceError: there is no vote in the set.
    """
    if not arrays["votes"].any():
        raise SourceError("No FER+ votes in this source; give the CSV with --ferplus.")
    majority = [ferplus_majority(votes.tolist(), labels) for votes in arrays["votes"]]
    kept = np.array([label is not None for label in majority], bool)
    chosen = select(arrays, kept)
    chosen["label"] = np.array([label for label in majority if label is not None])
    return chosen


def films_of(rows: Arrays) -> np.ndarray:
    """Return the film that each face is from, str (n,): CK+'s sequence, else the picture itself."""
    stems = [_SEQUENCE.search(source) for source in rows["source"]]
    return np.array(
        [found[0] if found else source for found, source in zip(stems, rows["source"], strict=True)]
    )


def subjects(arrays: Arrays, pattern: str | None = None) -> np.ndarray:
    """Return the person on each picture, str (n,).

    Args:
        pattern: a regular expression to find in the picture's path: its group `subject`, else its
            first, else all of it, is the person; by default what the set itself says.

    Raises:
        SourceError: the set names nobody, the pattern is wrong or does not fit a path.
    """
    if pattern is None:
        if "subject" not in arrays or not (arrays["subject"] != "").all():
            raise SourceError(
                "This source does not name the people on its pictures; expected CK+48, or "
                "--subject-from with a regular expression that finds them in the paths."
            )
        return arrays["subject"]
    try:
        found = [re.search(pattern, source) for source in map(str, arrays["source"])]
    except re.error as error:
        raise SourceError(
            f"--subject-from {pattern!r} is no regular expression: {error}."
        ) from error
    if None in found:
        missed = arrays["source"][found.index(None)]
        raise SourceError(f"--subject-from {pattern!r} finds nobody in {str(missed)!r}.")
    return np.array([person_of(match) for match in found])


def coverage_of(arrays: Arrays, failed: int = 0) -> dict[str, int]:
    """Return how many faces were found, fell back to the whole image, or failed to decode."""
    found = int(np.sum(arrays["found"] == "detected"))
    return {"found": found, "fallback": len(arrays["found"]) - found, "failed": failed}


def read_faces(
    source: str | Path,
    pipeline: Pipeline,
    *,
    split: str | None = None,
    format: str | None = None,
    ferplus: str | Path | None = None,
    labels_from: str | Path | None = None,
    workers: int | None = None,
    limit: int | None = None,
    aspect: str | float = AUTO,
) -> tuple[Arrays, int, dict]:
    """Run a pipeline over a data set.

    One face a picture; where none is found it is the whole image. Pictures that cannot be
    decoded are counted, not dropped in silence.

    Args:
        format, ferplus, labels_from: see `datasets.open_dataset`.
        aspect: how much taller each picture is made; `aspect.AUTO` looks at a sample first and
            mends a set of faces that are plainly squashed or stretched.

    Returns:
        every labelled face, the count of failures, and {median_ratio, factor}: the sample's
        `aspect.ratios` and how much taller the pictures were made.

    Raises:
        SourceError: no labelled picture, or no such split; the message names those there are.
        DatasetError: as `datasets.open_dataset`.
    """
    dataset = open_dataset(source, format, ferplus, labels_from=labels_from)
    labelled = list(_labelled(dataset, split))[:limit]
    samples = [item for item in labelled if isinstance(item, Sample)]
    failed = len(labelled) - len(samples)
    workers = workers or os.cpu_count() or 1
    median = median_ratio(samples, pipeline)
    factor = factor_of(aspect if dataset.already_cropped else 1, median)
    read = partial(_face_row, pipeline=pipeline, factor=factor)
    faces = list(parallel(read, samples, workers))
    rows = [row for row in faces if row is not None]
    if not rows:
        raise SourceError(f"{source}: none of its {len(samples)} pictures could be decoded.")
    shape = {"median_ratio": round(median, 3), "factor": factor}
    return _stack(rows), failed + len(faces) - len(rows), shape


def _labelled(dataset: Dataset, split: str | None) -> Iterator[Sample | ReadError]:
    seen, taken = Counter(), 0
    for item in dataset.samples():
        if isinstance(item, ReadError):
            if split is None:
                yield item
            continue
        if item.label is None:
            continue
        seen[item.split] += 1
        if split is None or item.split.lower() == split.lower():
            taken += 1
            yield item
    if not taken:
        there = ", ".join(f"{name} ({count})" for name, count in seen.items()) or "no label at all"
        raise SourceError(f"{dataset.path}: nothing to score in split {split!r}; it holds {there}.")


def votes_beside(source: str | Path) -> Path | None:
    """Return fer2013new.csv from the folder of a FER2013 CSV, where it usually lies."""
    path = Path(source)
    beside = path.parent / "fer2013new.csv"
    return (
        beside if path.suffix == ".csv" and path.name != beside.name and beside.is_file() else None
    )


def parallel(function, items: list, workers: int) -> Iterable:
    """Map a function that can be pickled over items, in order; few of them in this process."""
    if workers == 1 or len(items) < 2 * _CHUNK:
        return map(function, items)
    with pool_of(workers) as pool:
        return list(pool.map(function, items, chunksize=_CHUNK))


def _face_row(sample: Sample, pipeline: Pipeline, factor: float) -> dict | None:
    try:
        face = pipeline.one(stretched(sample.gray(), factor))
    except ImageError:
        return None
    return {
        **{name: values[0] for name, values in inputs.of_faces([face]).items()},
        "label": sample.label,
        "split": sample.split,
        "votes": np.array(sample.votes or (0,) * 10, np.uint8),
        "source": sample.source,
        "subject": sample.subject or "",
        "found": face.box.source,
        "quality": np.float32(face.quality),
    }


def _stack(rows: list[dict]) -> Arrays:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def check_same_recipe(made_with: Pipeline, wanted: Pipeline, source: str | Path) -> None:
    """Refuse a prepared set that another recipe made.

    Whether it holds the mesh does not count: a network that needs it will miss it.

    Raises:
        SourceError: naming the settings that differ.
    """
    ours, theirs = asdict(wanted), asdict(made_with)
    different = [
        f"{key}: {theirs[key]!r}, not {ours[key]!r}"
        for key in ours
        if ours[key] != theirs[key] and key != "mesh"
    ]
    if different:
        raise SourceError(
            f"{source} was prepared with another recipe than the model's ({'; '.join(different)}); "
            "prepare it again, or evaluate the data set itself."
        )


def network_features(arrays: Arrays, model) -> Arrays:
    """Return the float inputs that a Keras model takes from arrays."""
    return {tensor.name: inputs.as_float(arrays[tensor.name]) for tensor in model.inputs}
