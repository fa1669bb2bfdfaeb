import json
from types import SimpleNamespace

import numpy as np
import pytest

from facelines.model.recognizer import Recognizer
from facelines.webapp.references import LiveReferences, reference_message, rest_values


@pytest.fixture(scope="module")
def landmark():
    return Recognizer.load("landmark")


@pytest.fixture(scope="module")
def faces(landmark, astronaut):
    """The same face near and far, as a tracker has it."""
    (near,) = landmark.pipeline(astronaut)
    (far,) = landmark.pipeline(astronaut[::2, ::2].copy())
    return SimpleNamespace(number=1, face=near), SimpleNamespace(number=2, face=far)


def taken(tracks):
    references = LiveReferences()
    references.obey({"take": True})
    kept = [references.observe(tracks, at / 5) for at in range(8)]
    return references, [one for one in kept if one is not None]


def test_a_second_of_the_largest_face_is_kept_once(faces, landmark):
    references, kept = taken(faces)
    assert len(kept) == 1 and kept[0].kind == "neutral" and references.own is kept[0]
    known = references.of(faces, landmark, 2.0)
    assert known == [references.own, None]  # the other face is somebody else's


def test_nothing_is_kept_unasked(faces):
    references = LiveReferences()
    assert [references.observe(faces, at / 5) for at in range(8)] == [None] * 8
    assert references.own is None


def test_the_page_gives_back_what_it_kept_and_can_forget_it(faces):
    references, (kept,) = taken(faces)
    again = LiveReferences()
    again.obey({"own": json.loads(kept.to_json())})
    np.testing.assert_allclose(again.own.points["points"], kept.points["points"], atol=1e-4)
    again.obey({"own": None})
    assert again.own is None


def test_each_face_has_an_automatic_reference_and_a_new_one_begins_anew(faces, landmark):
    references = LiveReferences()
    references.obey({"automatic": True})
    for at in range(12):
        references.observe(faces, at / 2)
        known = references.of(faces, landmark, at / 2)
    assert known[0] is not known[1] and known[0].kind == "mean"
    newcomer = SimpleNamespace(number=3, face=faces[0].face)
    references.observe([newcomer], 6.0)
    assert references.of([newcomer], landmark, 6.0) == [None]


def test_a_face_at_its_own_rest_is_shown_there(faces, landmark):
    references, _ = taken(faces)
    shown = rest_values(references.own, landmark)["rest"]
    assert shown["kind"] == "neutral"
    at_rest = np.array(shown["points"]) / 1000
    assert np.abs(at_rest - faces[0].face.normalised).mean() < 0.01
    assert rest_values(None, landmark) == {}


@pytest.mark.parametrize("values", [{}, {"type": "reference"}, {"own": {"format": 1}}])
def test_other_messages_are_refused_in_one_line(values):
    references = LiveReferences()
    with pytest.raises(ValueError, match="cannot be used") as raised:
        references.obey(values)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"type": "settings"}', "[" * 5000])
def test_messages_of_another_kind_are_left_to_others(text):
    assert reference_message(text) is None
