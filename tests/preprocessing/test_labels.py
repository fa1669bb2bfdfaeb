import pytest

from facelines.preprocessing import labels


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", None),
        ("anger", "angry"),
        ("Angry", "angry"),
        (" happiness ", "happy"),
        ("sadness", "sad"),
        ("contempt", "contempt"),
        ("bored", None),
    ],
)
def test_a_known_spelling_becomes_ours_and_an_unknown_one_none(name, expected):
    assert labels.canonical(name) == expected


@pytest.mark.parametrize(("classes", "error"), [(0, ValueError), (5, ValueError), (8, ValueError)])
def test_a_label_set_that_does_not_exist_is_refused(classes, error):
    with pytest.raises(error, match="expected one of 3, 6, 7"):
        labels.label_set(classes)


@pytest.mark.parametrize("classes", [3, 6, 7])
def test_a_label_set_has_its_size_and_alphabetical_order(classes):
    names = labels.label_set(classes)
    assert len(names) == classes
    assert list(names) == sorted(names)


@pytest.mark.parametrize("names", [labels.FER2013_CODES, labels.RAFDB_CODES])
def test_every_code_of_a_data_set_is_one_of_the_seven_labels(names):
    assert sorted(names) == sorted(labels.label_set(7))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0, 0, 0), None),
        ((4, 0, 0, 1, 3, 2, 0, 0, 0, 0), "neutral"),
        ((4, 4, 0, 1, 1, 0, 0, 0, 0, 0), None),  # tied
        ((0, 0, 0, 0, 0, 0, 0, 10, 0, 0), None),  # contempt, outside the set
        ((0, 0, 0, 0, 0, 0, 0, 0, 10, 0), None),  # unknown
        ((0, 0, 0, 0, 0, 0, 0, 0, 0, 10), None),  # not a face
    ],
)
def test_the_ferplus_majority_is_the_only_label_with_most_votes(votes, expected):
    assert labels.ferplus_majority(votes, labels.label_set(6)) == expected


def test_names_become_their_places_in_a_label_set():
    found = labels.label_indices(["sad", "happy", "sad"], ("happy", "neutral", "sad"))
    assert found.tolist() == [2, 0, 2]
    assert labels.label_indices([], ("happy",)).shape == (0,)


def test_a_name_outside_the_label_set_is_refused():
    with pytest.raises(ValueError, match="disgust"):
        labels.label_indices(["happy", "disgust"], ("happy", "sad"))
