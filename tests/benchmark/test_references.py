from types import SimpleNamespace

import numpy as np
import pytest

from facelines.benchmark import schema
from facelines.benchmark.analyses import references as analysis
from facelines.benchmark.report.sections import further
from facelines.model import sources
from facelines.model.evaluate import probabilities_of
from facelines.model.recognizer import Recognizer
from facelines.model.training.split import Split


@pytest.fixture(scope="module")
def films(embedded_rows):
    """Thirty people with four films of three frames each, as CK+ names them."""
    rows = sources.select(embedded_rows, slice(0, 360))
    people, takes, frames = np.unravel_index(np.arange(360), (30, 4, 3))
    rows["subject"] = np.array([f"S{one:03d}" for one in people])
    rows["source"] = np.array(
        [
            f"happy/S{one:03d}_{take:03d}_{frame:08d}.png"
            for one, take, frame in zip(people, takes, frames, strict=True)
        ]
    )
    rows["label"] = rows["label"][::3].repeat(3)[:360]  # a film shows one label
    return rows


@pytest.fixture(scope="module")
def evaluations():
    landmark = Recognizer.load("landmark")

    def answer(rows):
        return probabilities_of(landmark, rows)

    shape = SimpleNamespace(sees=schema.SHAPE)
    pixels = SimpleNamespace(sees=schema.PIXELS)
    return {
        "landmark": SimpleNamespace(contender=shape, recognizer=landmark, answer=answer),
        "pixel": SimpleNamespace(contender=pixels, recognizer=landmark, answer=answer),
    }


def test_the_film_that_is_read_never_counts(films):
    names = sources.films_of(films)
    for film in np.unique(names)[:8]:
        person = films["subject"][names == film][0]
        chosen = analysis.faces_of_person(films, names, film)
        assert len(chosen) == 9 and film not in names[chosen]
        assert set(films["subject"][chosen]) == {person}
        assert len(set(names[chosen[:3]])) == 3  # one of each film before a second of any


def test_another_persons_films_lack_the_label_too(films):
    names = sources.films_of(films)
    for film in np.unique(names)[:8]:
        here = names == film
        chosen = analysis.faces_of_another(films, names, film)
        assert len(set(films["subject"][chosen])) == 1
        assert films["subject"][here][0] not in films["subject"][chosen]
        assert films["label"][here][0] not in films["label"][chosen]


def test_every_way_is_measured_and_reported(films, evaluations):
    split = Split(films, films, evaluations["landmark"].recognizer.labels, None)
    found = analysis.references(
        evaluations, {"CK": films, "nameless": films | {"subject": np.full(360, "")}}, split
    )
    assert list(found) == ["CK"] and list(found["CK"]["models"]) == ["landmark"]
    ways = found["CK"]["models"]["landmark"]
    assert list(ways)[:2] == ["none", "set"] and ways["none"]["n"] == 360
    assert ways["none"]["against_pixel"]["p"] == 1  # the same network, so the same answers
    assert ways["0 faces"]["accuracy"] == ways["none"]["accuracy"]  # all have enough faces
    assert ways["8 faces"]["accuracy"] != ways["none"]["accuracy"]
    missing = dict.fromkeys(
        ("parts", "maps", "cross", "folds", "identity", "worst"), {"needs": "-"}
    )
    one = {"name": "lines", "accuracy": 0.5, "rival": "lines", "p": 1.0, "interval": [0.4, 0.6]}
    missing["label_sets"] = {}
    missing["drawings"] = {"faces": 1, "epochs": 1, "variants": [one]}
    sections = {key: body for key, _, body in further(missing | {"references": found})}
    assert "another person" in sections["references"] and "360 faces" in sections["references"]


def test_what_is_missing_is_said(films, evaluations):
    split = Split(films, films, evaluations["landmark"].recognizer.labels, None)
    assert "people" in analysis.references(evaluations, {}, split)["needs"]
    only_pixels = {"pixel": evaluations["pixel"]}
    assert "points" in analysis.references(only_pixels, {"CK": films}, split)["needs"]
