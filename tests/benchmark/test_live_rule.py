import numpy as np
import pytest

from facelines.benchmark import live_rule
from facelines.model import sources
from facelines.model.recognizer import Recognizer


@pytest.fixture(scope="module")
def landmark():
    return Recognizer.load("landmark")


@pytest.fixture(scope="module")
def person(embedded_rows, landmark):
    """Somebody of three films of three frames each: happy, sad and surprise."""
    labels = ("happy", "sad", "surprise")
    chosen = [np.flatnonzero(embedded_rows["label"] == label)[:3] for label in labels]
    rows = sources.select(embedded_rows, np.concatenate(chosen))
    rows["subject"] = np.repeat("S001", 9)
    rows["source"] = np.array(
        [f"S001_{take:03d}_{frame:08d}.png" for take in range(3) for frame in range(3)]
    )
    (person,) = live_rule.people(rows, landmark)
    return person


def test_rest_is_the_mean_neutral_face_moved_as_the_films_are_from_their_labels(person, landmark):
    typical = landmark.references
    peaks = [
        frame["points"] - typical[label].points["points"]
        for label, some in person.films
        for frame in some
    ]
    expected = typical["neutral"].points["points"] + np.mean(peaks, axis=0)
    np.testing.assert_allclose(person.rest["points"], expected, atol=1e-6)


def test_every_sequence_lasts_a_minute_and_shows_what_it_is_called(person):
    shown = {}
    for name, parts in live_rule.sequences(person):
        seen = [label for label, _ in live_rule.frames(parts, np.random.default_rng(0))]
        assert 55 <= len(seen) / live_rule.RATE <= 65
        shown[name] = {label: seen.count(label) / len(seen) for label in set(seen)}
    assert shown["mostly neutral, three short expressions"]["neutral"] == pytest.approx(0.9)
    assert 0.4 < shown["balanced, rest between"]["neutral"] < 0.6
    assert "neutral" not in shown["expressions alone"]
    assert shown["all happy"] == {"happy": 1.0}


def test_where_nothing_was_seen_yet_all_ways_read_alike(person, landmark):
    soon = [("neutral", [person.rest], 2 * live_rule.RATE)]
    assert len(set(live_rule.accuracies(soon, landmark))) == 1


def test_the_rule_moves_less_than_all_the_way_where_one_thing_alone_is_seen(person, landmark):
    parts = dict(live_rule.sequences(person))["all happy"]
    nothing, whole, now = live_rule.accuracies(parts, landmark)
    assert nothing == 1 and now >= whole
