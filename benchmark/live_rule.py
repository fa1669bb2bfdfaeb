"""What the live rule gains and costs, on sequences made of CK+48's films (docs/reference.md).

    python -m facelines.benchmark.live_rule out/ck

CK+48 has the peaks of films and no face at rest. So rest is made: the training set's mean neutral
face, moved as far as the person's films are from their labels' means. It is kinder than a camera.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from facelines.model import inputs, sources
from facelines.model.recognizer import Recognizer
from facelines.model.running_reference import RunningReference
from facelines.model.sources import Arrays, films_of
from facelines.preprocessing import mesh

WAYS = ("nothing", "moved by the mixture", "as now")
RATE = 5  # frames a second
PEOPLE = 10
_MINUTE = 60 * RATE
_CHANGE = RATE  # frames from one face to the next
_TREMBLE = 0.003  # of the drawing's side, from frame to frame
Shape = dict[str, np.ndarray]


@dataclass(frozen=True)
class Person:
    """Somebody's faces: at rest, and of each film its label and peak frames."""

    rest: Shape
    films: tuple[tuple[str, list[Shape]], ...]


def people(rows: Arrays, recognizer: Recognizer, least: int = 3) -> list[Person]:
    """Return the first people with so many labels or more."""
    rows = sources.in_label_set(rows, recognizer.labels)
    names, films = rows["subject"], films_of(rows)
    labels = {name: len(set(rows["label"][names == name])) for name in np.unique(names)}
    chosen = [name for name, count in labels.items() if count >= least][:PEOPLE]
    return [_person(rows, films, films[names == name], recognizer) for name in chosen]


def _person(rows: Arrays, films: np.ndarray, own: np.ndarray, recognizer: Recognizer) -> Person:
    found = []
    for film in np.unique(own):
        places = np.flatnonzero(films == film)
        frames = [{name: rows[name][place] for name in inputs.SOURCES} for place in places]
        found.append((str(rows["label"][places[0]]), frames))
    typical = recognizer.references
    rest = {
        name: typical["neutral"].points[name]
        + np.mean(
            [frame[name] - typical[label].points[name] for label, some in found for frame in some],
            axis=0,
        )
        for name in inputs.SOURCES
    }
    return Person(rest, tuple(found))


def sequences(person: Person) -> Iterator[tuple[str, list[tuple[str, list[Shape], int]]]]:
    """Yield each sequence's name and its parts: (label, frames that take turns, how many)."""
    rest, films = ("neutral", [person.rest]), list(person.films)
    short, calm, long = 2 * RATE, 18 * RATE, 4 * RATE
    three = [(*films[index % len(films)], short) for index in range(3)]
    yield (
        "mostly neutral, three short expressions",
        [part for shown in three for part in ((*rest, calm), shown)],
    )
    turns = [films[index % len(films)] for index in range(_MINUTE // long)]
    between = [shown if index % 2 else rest for index, shown in enumerate(turns)]
    yield "balanced, rest between", [(*shown, long) for shown in between]
    yield "expressions alone", [(*shown, long) for shown in turns]
    yield "one expression, held", [(*films[0], _MINUTE)]
    if happy := [film for film in films if film[0] == "happy"]:
        yield "all happy", [(*happy[0], _MINUTE)]


def frames(parts, rng: np.random.Generator) -> Iterator[tuple[str, Shape]]:
    """Yield each frame's label and face: from one part to the next within a second, trembling."""
    last = parts[0][1][0]
    for label, faces, count in parts:
        for index in range(count):
            share = min(1.0, (index + 1) / _CHANGE)
            face = {
                name: ((1 - share) * last[name] + share * values).astype(np.float32)
                for name, values in faces[index % len(faces)].items()
            }
            shake = {name: rng.normal(0, _TREMBLE, one.shape) for name, one in face.items()}
            yield label, {name: (face[name] + shake[name]).astype(np.float32) for name in face}
        last = faces[(count - 1) % len(faces)]


def accuracies(parts, recognizer: Recognizer, seed: int = 0) -> np.ndarray:
    """Return the share of a sequence's frames that are read rightly in each of WAYS."""
    running = RunningReference(recognizer)
    shapes, labels, known = [], [], []
    for index, (label, shape) in enumerate(frames(parts, np.random.default_rng(seed))):
        shapes.append(shape)
        labels.append(label)
        known.append(running(_as_face(shape), index / RATE))
    batch = {name: np.stack([shape[name] for shape in shapes]) for name in inputs.SOURCES}
    whole = [one and replace(one, part=1.0) for one in known]
    right = []
    for references in ([None] * len(known), whole, known):
        said = recognizer.probabilities(recognizer.moved(batch, references)).argmax(axis=1)
        right.append(np.mean(np.array(recognizer.labels)[said] == labels))
    return np.array(right)


def _as_face(shape: Shape) -> SimpleNamespace:
    vertices = np.zeros((mesh.COUNT, 2), np.float32)
    vertices[mesh.READ] = shape["vertices"]
    blank = np.zeros((1, 1), np.uint8)
    return SimpleNamespace(
        normalised=shape["points"],
        normalised_mesh=vertices,
        image=blank,
        pixels=blank,
        quality=1.0,
    )


def measure(rows: Arrays, recognizer: Recognizer) -> dict[str, np.ndarray]:
    """Return the mean accuracy over people of each sequence, in the order of WAYS."""
    found: dict[str, list[np.ndarray]] = {}
    for number, person in enumerate(people(rows, recognizer)):
        for name, parts in sequences(person):
            found.setdefault(name, []).append(accuracies(parts, recognizer, number))
    return {name: np.mean(each, axis=0) for name, each in found.items()}


def main(prepared: str) -> None:
    """Print the table for a prepared CK+48."""
    rows, _ = sources.load_arrays(prepared)
    print("| sequence |", " | ".join(WAYS), "|\n| --- | --- | --- | --- |")
    for name, shares in measure(rows, Recognizer.load("landmark")).items():
        print(f"| {name} |", " | ".join(f"{share:.3f}" for share in shares), "|")


if __name__ == "__main__":
    main(sys.argv[1])
