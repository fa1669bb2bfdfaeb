"""Shape with a reference: each face read against its own person's, on a set never trained on.

A reference is made of the person's *other* films (CK+'s sequences), so the film that is read never
counts. Those films lack the very expression that is read, which favours it wherever a reference is
taken for a balanced mixture. So the same is asked with the other films' labels known, which allows
for the missing one, and with another person's films, which lack the label too.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from facelines.benchmark import schema
from facelines.benchmark.evaluation import Evaluation
from facelines.model import sources
from facelines.model.evaluate import probabilities_of, referenced
from facelines.model.metrics import evaluate, mcnemar
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference
from facelines.model.sources import Arrays, films_of
from facelines.model.training.split import Split
from facelines.preprocessing.labels import label_indices

COUNTS = (1, 2, 4, 8)  # faces that a reference is made of
_FIGURES = ("n", "accuracy", "accuracy_interval", "macro_f1")
_NO_PEOPLE = {
    "needs": "a set, prepared without --reference, that names its people (--also, such as CK+48)"
}
_NO_SHAPE = {"needs": "a network that reads points and knows its training set's mean faces"}


def references(evaluations: dict[str, Evaluation], others: dict[str, Arrays], split: Split) -> dict:
    """Figures with and without a reference, by set of people and by network that sees the shape."""
    people = {
        name: sources.in_label_set(rows, split.labels)
        for name, rows in others.items()
        if "subject" in rows and (rows["subject"] != "").all() and "moved" not in rows
    }
    readers = {
        name: evaluation.recognizer
        for name, evaluation in evaluations.items()
        if evaluation.contender.sees != schema.PIXELS and evaluation.recognizer.references
    }
    if not people or not readers:
        return _NO_SHAPE if people else _NO_PEOPLE
    pixel = evaluations.get("pixel")
    return {name: _of_set(readers, pixel, rows) for name, rows in people.items()}


def _of_set(readers: dict[str, Recognizer], pixel: Evaluation | None, rows: Arrays) -> dict:
    rival = None if pixel is None else _right(pixel.recognizer, pixel.answer(rows), rows)
    return {
        "faces": len(rows["label"]),
        "people": len(set(rows["subject"])),
        "pixel": None if rival is None else float(rival.mean()),
        "models": {name: _of_network(one, rows, rival) for name, one in readers.items()},
    }


def _of_network(recognizer: Recognizer, rows: Arrays, rival: np.ndarray | None) -> dict:
    """Return the figures of each way; `rival` is where the network of pixels is right."""
    seen = probabilities_of(recognizer, rows)
    found = {}
    for way, known, asked in _ways(recognizer, rows, seen):
        moved = recognizer.moved(rows, known) if known else referenced(recognizer, rows, way)[0]
        tested = sources.select(moved, asked)
        said = probabilities_of(recognizer, tested)
        figures = evaluate(tested["label"], said, recognizer.labels)
        found[way] = {key: figures[key] for key in _FIGURES}
        if rival is not None:
            right = _right(recognizer, said, tested)
            found[way]["against_pixel"] = mcnemar(right, rival[asked])
    return found


def _ways(
    recognizer: Recognizer, rows: Arrays, seen: np.ndarray
) -> Iterator[tuple[str, list[Reference | None], np.ndarray]]:
    """Yield (way, each face's reference or nothing where `evaluate` knows the way, whom to ask)."""
    everyone = np.ones(len(seen), bool)
    yield "none", [], everyone
    yield "set", [], everyone
    yield "person", _each(recognizer, rows, seen, faces_of_person), everyone
    truth = np.eye(len(recognizer.labels))[label_indices(rows["label"], recognizer.labels)]
    yield "person, labels known", _each(recognizer, rows, seen, faces_of_person, truth), everyone
    yield "another person", _each(recognizer, rows, seen, faces_of_another), everyone
    films = films_of(rows)
    counts = [len(faces_of_person(rows, films, film)) for film in films]
    enough = np.array(counts) >= COUNTS[-1]
    for count in (0, *COUNTS) if enough.any() else ():
        yield f"{count} faces", _each(recognizer, rows, seen, partial(_some, count)), enough


def _each(recognizer, rows, seen, choose, truth=None) -> list[Reference | None]:
    """Return each face's reference, made of the rows that `choose` names for its film."""
    films, found = films_of(rows), {}
    for film in np.unique(films):
        chosen = choose(rows, films, film)
        if not len(chosen):
            continue
        made = recognizer.reference_of(sources.select(rows, chosen), seen=seen[chosen])
        if truth is not None:
            shares = dict(zip(recognizer.labels, truth[chosen].mean(axis=0), strict=True))
            made = replace(made, mixture={label: one for label, one in shares.items() if one})
        found[film] = made
    return [found.get(film) for film in films]


def faces_of_person(rows: Arrays, films: np.ndarray, film: str) -> np.ndarray:
    """Return the person's rows in other films, in an order that takes a film after the other."""
    person = rows["subject"][films == film][0]
    return _mingled(np.flatnonzero((rows["subject"] == person) & (films != film)), films)


def _some(count: int, rows: Arrays, films: np.ndarray, film: str) -> np.ndarray:
    return faces_of_person(rows, films, film)[:count]


def faces_of_another(rows: Arrays, films: np.ndarray, film: str) -> np.ndarray:
    """Return another person's rows of other labels than this film's."""
    here = films == film
    person, label = rows["subject"][here][0], rows["label"][here][0]
    fits = (rows["subject"] != person) & (rows["label"] != label)
    names = np.unique(rows["subject"][fits])
    if not len(names):
        return np.array([], int)
    # The next in the list, so that a run draws the same as the last one.
    other = names[np.searchsorted(names, person) % len(names)]
    return np.flatnonzero(fits & (rows["subject"] == other))


def _mingled(places: np.ndarray, films: np.ndarray) -> np.ndarray:
    """Return places so that each film's first come first, then each film's second, and so on."""
    within = [int(np.sum(films[places[:at]] == films[place])) for at, place in enumerate(places)]
    return places[np.argsort(within, kind="stable")]


def _right(recognizer: Recognizer, said: np.ndarray, rows: Arrays) -> np.ndarray:
    return said.argmax(axis=1) == label_indices(rows["label"], recognizer.labels)
