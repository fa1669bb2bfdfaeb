"""Score an artifact on any source: what `run.py evaluate` prints."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from facelines.model import inputs, sources
from facelines.model.metrics import evaluate
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference, ReferenceError
from facelines.model.sources import Arrays, SourceError
from facelines.preprocessing import aspect, fer2013_landmarks
from facelines.preprocessing.prepared import is_prepared

REFERENCES = ("none", "set", "subject")
_CAUTION = "made of the very faces that are scored, without their labels; compare with care"


def score(
    model: str | Path,
    source: str | Path,
    *,
    split: str | None = None,
    labels_of: str = "fer2013",
    limit: int | None = None,
    reference: str = "none",
    subject_from: str | None = None,
    **reading,
) -> dict:
    """Evaluate an artifact on every image of a source whose label is in the artifact's set.

    Args:
        model: a released name or an artifact's folder.
        source: any data set, a prepared folder, or "embedded".
        split: e.g. "PublicTest"; everything if None.
        labels_of: "fer2013" scores against the data set's own labels, "ferplus" against the
            majority of the FER+ votes.
        limit: only the first so many rows of the split.
        reference: one of REFERENCES: what each face's points are read against. "set" is the mean
            of all the faces that are scored, "subject" that of the same person's, without the film
            that is read; both look at the test faces, though not at their labels, and the figures
            say so.
        subject_from: a regular expression that finds the person in a picture's path (see
            `sources.subjects`); by default the set itself names its people.
        reading: passed to `sources.read_faces`; of an already prepared source there is nothing
            to read, so what only raw data take is refused and `workers` changes nothing.

    Returns:
        what `evaluate.evaluate` returns and model, labels, split, limit, reference, coverage,
        seconds, and
        aspect {median_ratio, factor} (see `sources.read_faces`).

    Raises:
        ArtifactError, DatasetError, ReferenceError, SourceError: one-line messages.
    """
    started = time.perf_counter()
    if reference not in REFERENCES:
        raise ReferenceError(
            f"Unknown reference {reference!r}; expected one of {', '.join(REFERENCES)}."
        )
    recognizer = Recognizer.load(model)
    if labels_of == "ferplus" and not reading.get("ferplus"):
        reading["ferplus"] = sources.votes_beside(source)
    arrays, failed, shape = _faces(recognizer, source, split, limit, reading)
    arrays = wanted_labels(arrays, recognizer.labels, labels_of)
    if not len(arrays["label"]):
        raise SourceError(f"{source}: no image is labelled one of {', '.join(recognizer.labels)}.")
    arrays, against = referenced(recognizer, arrays, reference, subject_from)
    if "moved" in arrays:
        against = {**sources.reference_of(source), "prepared": True, "caution": _CAUTION}
    figures = evaluate(arrays["label"], probabilities_of(recognizer, arrays), recognizer.labels)
    return {
        "model": recognizer.name,
        "labels": list(recognizer.labels),
        "split": split,
        "labels_of": labels_of,
        "reference": against,
        **figures,
        "limit": limit,
        "coverage": sources.coverage_of(arrays, failed),
        "aspect": shape,
        "seconds": round(time.perf_counter() - started, 2),
    }


def referenced(
    recognizer: Recognizer, arrays: Arrays, way: str, subject_from: str | None = None
) -> tuple[Arrays, dict]:
    """Return arrays whose points are read against a reference, and what the report says of it.

    Args:
        way, subject_from: `reference` and `subject_from` of `score`.

    Raises:
        ReferenceError, SourceError: the model takes no reference, or nothing names the people.
    """
    if way == "none":
        return arrays, {"by": way}
    known = references_of(recognizer, arrays, way, subject_from)
    report = {"by": way, "references": len(set(map(id, known))), "faces": len(known)}
    return recognizer.moved(arrays, known), report | {"caution": _CAUTION}


def references_of(
    recognizer: Recognizer, arrays: Arrays, way: str, subject_from: str | None = None
) -> list[Reference]:
    """Return what each face is read against; faces of one reference share the object.

    Args:
        way: "set" or "subject"; it and `subject_from` as for `score`.

    Raises:
        ReferenceError, SourceError: as `referenced`.
    """
    recognizer.require_references()
    seen = probabilities_of(recognizer, arrays)

    def mean(chosen) -> Reference:
        rows = sources.select(arrays, chosen)
        return recognizer.reference_of(rows, rows.get("quality"), seen[chosen])

    everyone = mean(slice(None))
    if way == "set":
        return [everyone] * len(seen)
    return _of_each(sources.subjects(arrays, subject_from), _films(arrays), mean, everyone)


def _films(arrays: Arrays) -> np.ndarray:
    """Return the film of each face, str (n,), "" where it is the only picture of it."""
    films = sources.films_of(arrays)
    _, places, counts = np.unique(films, return_inverse=True, return_counts=True)
    return np.where(counts[places] > 1, films, "")


def _of_each(people: np.ndarray, films: np.ndarray, mean, everyone: Reference) -> list[Reference]:
    """Return each face's reference: its person's other faces, without the film that is read.

    A film's frames are nearly one picture: with them the reference would hold the expression that
    is to be read. A face that is no frame of a film is one of those that its reference is made of.
    """
    made = {}
    for person, film in {*zip(people, films, strict=True)}:
        chosen = (people == person) & ((films != film) | (film == ""))
        own = replace(mean(chosen), wider=everyone) if chosen.any() else everyone
        made[person, film] = own
    return [made[one] for one in zip(people, films, strict=True)]


def wanted_labels(arrays: Arrays, labels: tuple[str, ...], labels_of: str) -> Arrays:
    """Return the rows that count: by their own labels, or by the FER+ majority."""
    if labels_of == "ferplus":
        return sources.relabelled(arrays, labels)
    return sources.in_label_set(arrays, labels)


def probabilities_of(recognizer: Recognizer, arrays: Arrays, batch_size: int = 64) -> np.ndarray:
    """Return float32 (n, labels) for arrays with the inputs that the recognizer's network takes.

    Raises:
        SourceError: an input is missing, as pixels are in the embedded set.
    """
    if missing := [name for name in recognizer.inputs if name not in arrays]:
        raise SourceError(
            f"{recognizer.name} needs {', '.join(missing)}, which this source does not hold; "
            "the embedded set is geometry only."
        )
    batch = {name: arrays[name] for name in inputs.NAMES if name in arrays}
    count = len(arrays[recognizer.inputs[0]])
    return np.concatenate(
        [
            recognizer.probabilities(
                {name: values[start : start + batch_size] for name, values in batch.items()}
            )
            for start in range(0, count, batch_size)
        ]
    )


def _faces(recognizer: Recognizer, source, split, limit, reading: dict) -> tuple[Arrays, int, dict]:
    if str(source) != fer2013_landmarks.NAME and not is_prepared(source):
        return sources.read_faces(source, recognizer.pipeline, split=split, limit=limit, **reading)
    of_raw_data = ("format", "ferplus", "labels_from", "aspect")
    if given := [f"--{name.replace('_', '-')}" for name in of_raw_data if reading.get(name)]:
        raise SourceError(
            f"{source} is prepared already, so {' and '.join(given)} cannot apply; "
            "leave it out, or evaluate the data set itself."
        )
    if str(source) == fer2013_landmarks.NAME:
        arrays = fer2013_landmarks.load(pipeline=recognizer.pipeline)
    else:
        arrays, made_with = sources.load_arrays(source)
        if recognizer.pipeline.landmarker == "mesh" and made_with.landmarker != "mesh":
            arrays, made_with = sources.seen_by_mesh(arrays, made_with)
        sources.check_same_recipe(made_with, recognizer.pipeline, source)
    if split is not None:
        there = sorted(set(arrays["split"]))
        arrays = sources.select(arrays, np.char.lower(arrays["split"]) == split.lower())
        if not len(arrays["label"]):
            raise SourceError(f"{source}: no split {split!r}; it holds {', '.join(there)}.")
    arrays = sources.select(arrays, slice(limit))
    median = np.median(aspect.ratios(arrays["points"]))
    return arrays, 0, {"median_ratio": round(float(median), 3), "factor": 1.0}
