import json

import cv2
import numpy as np
import pytest

from facelines import cli
from facelines.model import inputs
from facelines.model.artifact import load, released
from facelines.model.recognizer import Recognizer
from facelines.model.reference import (
    Reference,
    ReferenceError,
    mean_of,
    mixture_of,
    neutral_of,
    shift,
    training_from_json,
    training_references,
    training_to_json,
)
from facelines.model.reference_files import read_reference

LABELS = ("happy", "neutral", "sad")


def faces(count=6, offset=0.0, seed=0):
    rng = np.random.default_rng(seed)
    points, vertices = (rng.uniform(0.2, 0.8, (count, k, 2)).astype(np.float32) for k in (51, 151))
    return {"points": points + np.float32(offset), "vertices": vertices - np.float32(offset)}


@pytest.fixture(scope="module")
def training():
    rows = faces(90) | {"label": np.array(LABELS * 30)}
    return training_references(rows, LABELS)


@pytest.fixture(scope="module")
def landmark():
    return Recognizer.load("landmark")


def values(**changes):
    """Return the JSON of a small reference, with changes."""
    points = {"points": [[0.1, 0.2]] * 51}
    good = {"format": 1, "count": 1, "mixture": {"sad": 1}, "points": points}
    return json.dumps(good | changes)


def test_mixture_of_faces_that_are_all_alike_is_theirs_alone():
    """A network that is 70 % sure of each is right of all, and not wrong of three in ten."""
    prior = np.array([0.5, 0.3, 0.2])
    sure = np.tile([0.7, 0.2, 0.1], (500, 1))
    shares = mixture_of(sure, prior)
    assert shares.sum() == pytest.approx(1) and shares[0] > 0.95


def test_a_mixture_of_few_faces_is_held_to_equal_shares():
    prior, sure = np.array([0.5, 0.3, 0.2]), np.array([0.9, 0.05, 0.05])
    few, many = (mixture_of(np.tile(sure, (count, 1)), prior)[0] for count in (1, 100))
    assert 1 / 3 < few < 0.6 < many


@pytest.mark.parametrize("kind", ["neutral", "mean"])
def test_a_reference_survives_json(kind):
    batch = faces()
    prior = dict.fromkeys(LABELS, 1.0)
    made = neutral_of(batch) if kind == "neutral" else mean_of(batch, np.eye(6, 3) + 0.1, prior)
    read = Reference.from_json(made.to_json())
    assert read.kind == kind and read.count == 6
    assert read.mixture == pytest.approx(dict(made.mixture), abs=1e-3)
    for name in ("points", "vertices"):
        assert read.points[name].dtype == np.float32
        np.testing.assert_allclose(read.points[name], made.points[name], atol=1e-4)


def test_the_training_sets_references_survive_json(training):
    read = training_from_json(training_to_json(training))
    assert list(read) == list(LABELS)
    np.testing.assert_allclose(
        read["sad"].points["vertices"], training["sad"].points["vertices"], atol=1e-4
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        "null",
        json.dumps({"format": 9}),
        values(points={"points": [[1]] * 51}),
        values(points={"points": [[1, "x"]] * 51}),
        values(points={"points": [[1, 2]]}),
        values(points={"vertices": [[1, 2]] * 151}),
        values(points={"chin": [[1, 2]] * 51}),
        values(count=0),
        values(mixture={}),
        values(mixture={"sad": 0.5}),
    ],
)
def test_what_is_no_reference_is_refused_in_one_line(text):
    with pytest.raises(ReferenceError, match="not a reference") as raised:
        Reference.from_json(text)
    assert "\n" not in str(raised.value)


def test_a_persons_constant_offset_is_taken_out(training):
    """Many faces of a person who is a shifted training set need a move back by that shift."""
    person = {
        name: np.repeat(one[None], 400, 0) for name, one in training["neutral"].points.items()
    }
    person = {name: points + np.float32(0.03) for name, points in person.items()}
    moves = shift(neutral_of(person), training, ("points", "vertices"))
    for name in ("points", "vertices"):
        np.testing.assert_allclose(moves[name], -0.03, atol=1e-3)


def test_a_mean_is_compared_with_the_same_mixture_of_the_training_set(training):
    """Only happy faces are not moved towards the mean of all labels."""
    happy = {name: np.repeat(one[None], 99, 0) for name, one in training["happy"].points.items()}
    seen = np.tile([0.8, 0.1, 0.1], (99, 1))
    only_happy = mean_of(happy, seen, dict.fromkeys(LABELS, 1.0))
    np.testing.assert_allclose(shift(only_happy, training, ["points"])["points"], 0, atol=2e-2)
    assert only_happy.mixture["happy"] > 0.9


def test_few_faces_move_less(training):
    points, mixture = neutral_of(faces(8, offset=0.05)).points, dict.fromkeys(LABELS, 1 / 3)
    moves = [
        np.abs(shift(Reference(points, mixture, count), training, ["points"])["points"]).mean()
        for count in (1, 2, 8, 100)
    ]
    assert moves == sorted(moves) and moves[0] < 0.8 * moves[-1]


def test_wrong_points_do_not_count():
    batch = {"points": np.full((10, 51, 2), 0.5, np.float32)}
    batch["points"] += np.random.default_rng(0).normal(0, 0.01, (10, 51, 2)).astype(np.float32)
    batch["points"][3] += 0.4  # a face of which nothing is right
    batch["points"][7] += 0.1
    quality = np.ones(10)
    quality[7] = 0.2  # and one of which the pipeline says so itself
    made = neutral_of(batch, quality)
    assert made.count == 8
    np.testing.assert_allclose(made.points["points"], 0.5, atol=0.02)


def test_doubtful_faces_count_where_there_is_nothing_better():
    assert neutral_of(faces(2), np.array([0.1, 0.2])).count == 2


def test_no_face_makes_no_reference():
    with pytest.raises(ReferenceError, match="No face"):
        neutral_of(faces(0))


def test_what_a_model_cannot_use_is_said(training):
    only_points = neutral_of({"points": faces()["points"]})
    with pytest.raises(ReferenceError, match="no vertices"):
        shift(only_points, training, ("points", "vertices"))
    disgusted = Reference({"points": faces()["points"][0]}, {"disgust": 1.0}, 1)
    with pytest.raises(ReferenceError, match="disgust.*happy, neutral, sad"):
        shift(disgusted, training, ["points"])


def test_drawing_and_points_follow_from_the_moved_points(landmark, astronaut):
    batch = inputs.of_faces(landmark.pipeline(astronaut))
    person = neutral_of(batch)
    moved = landmark.moved(batch, [person])
    move = shift(person, landmark.references, ["points"])["points"]
    np.testing.assert_allclose(moved["points"][0], batch["points"][0] + move, atol=1e-6)
    np.testing.assert_array_equal(moved["image"][0], landmark.pipeline.draw(moved["points"][0]))
    np.testing.assert_array_equal(moved["pixels"], batch["pixels"])


def test_a_face_that_is_its_own_neutral_reference_looks_neutral(landmark, astronaut):
    (smiling,) = landmark(astronaut)
    assert smiling.best == "happy"
    many = neutral_of(
        {name: np.repeat(values, 50, 0) for name, values in inputs.of_faces([smiling.face]).items()}
    )
    (prediction,) = landmark(astronaut, against=many)
    assert prediction.best == "neutral"


def test_each_face_of_a_picture_has_its_own_reference(landmark, astronaut):
    faces = landmark.pipeline(np.hstack([astronaut, astronaut]))
    own = neutral_of(inputs.of_faces(faces[:1]))
    both = landmark.predict(faces, [own, None])
    np.testing.assert_allclose(
        both[0].probabilities, landmark.predict(faces[:1], [own])[0].probabilities, atol=1e-5
    )
    np.testing.assert_allclose(
        both[1].probabilities, landmark.predict(faces[1:])[0].probabilities, atol=1e-5
    )


def test_a_network_of_pixels_says_that_it_takes_no_reference(astronaut_crop):
    pixel = Recognizer.load("pixel")
    faces = pixel.pipeline(astronaut_crop)
    with pytest.raises(ReferenceError, match="pixel takes no reference"):
        pixel.predict(faces, [neutral_of(inputs.of_faces(faces))])


@pytest.mark.parametrize("name", released())
def test_released_models_of_shape_know_their_training_sets_faces(name):
    artifact = load(name)
    shape = not name.startswith("pixel")
    assert list(artifact.references) == (list(artifact.labels) if shape else [])


def test_a_reference_is_made_kept_and_used_again(tmp_path, astronaut, capsys):
    photo, kept = tmp_path / "me.png", tmp_path / "me"
    cv2.imwrite(str(photo), astronaut)
    assert cli.main(["reference", "make", str(kept), str(photo)]) == 0
    assert "neutral, of 1 face" in capsys.readouterr().out
    rows, said = [], []
    for known in ([], ["--reference", str(photo)], ["--reference", f"{kept}.json"]):
        assert cli.main(["predict", str(photo), "--json", *known]) == 0
        (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])
        rows.append(row["probabilities"])
        said.append(row["reference"])
    assert said == ["", "neutral of 1", "neutral of 1"]
    assert rows[1] == pytest.approx(rows[2], abs=2e-3)
    assert rows[1]["happy"] < rows[0]["happy"] - 0.3
    assert cli.main(["reference", "make", str(kept), str(photo)]) == 1
    assert "--overwrite" in capsys.readouterr().err


@pytest.fixture
def photos(tmp_path, astronaut):
    """Pictures by name: one face, two alike, one with a small one behind it, and none."""
    small = np.full_like(astronaut, 127)
    half = astronaut[::3, ::3]
    small[: half.shape[0], : half.shape[1]] = half
    pictures = {
        "one": astronaut,
        "two": np.hstack([astronaut, astronaut]),
        "in front": np.hstack([astronaut, small]),
        "none": np.full_like(astronaut, 127),
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    return tmp_path


def test_a_face_in_front_of_others_is_the_one_that_counts(photos, landmark):
    alone, in_front = (
        read_reference(landmark, [photos / f"{name}.png"]) for name in ("one", "in front")
    )
    assert in_front.count == 1
    np.testing.assert_allclose(in_front.points["points"], alone.points["points"], atol=0.01)


def test_pictures_in_a_folder_that_show_no_one_face_are_passed_over(photos, landmark):
    made = read_reference(landmark, [photos])
    assert (made.kind, made.count) == ("mean", 2)


def as_json(path, **changes):
    path.write_text(values(**changes))
    return path


BAD_REFERENCES = {
    "no face": (lambda at: [at / "none.png"], "landmark", "none.png: no face was found"),
    "two faces": (lambda at: [at / "two.png"], "landmark", "2 faces, and a reference is one"),
    "one photo without a face": (
        lambda at: [at / "one.png", at / "none.png"],
        "landmark",
        "none.png: no face was found",
    ),
    "no such file": (lambda at: [at / "nobody.jpg"], "landmark", "nobody.jpg"),
    "pixels alone": (lambda at: [at / "one.png"], "pixel", "pixel takes no reference"),
    "not a reference": (lambda at: [as_json(at / "a.json", count=0)], "landmark", "not a ref"),
    "a file and a photo": (
        lambda at: [at / "a.json", at / "one.png"],
        "landmark",
        "stands alone",
    ),
    "without the mesh": (lambda at: [as_json(at / "a.json")], "landmark", "no vertices"),
    "of other labels": (
        lambda at: [as_json(at / "a.json", mixture={"contempt": 1})],
        "landmark_cnn",
        "show contempt",
    ),
    "of another landmarker": (
        lambda at: [as_json(at / "a.json", landmarker="mesh")],
        "landmark_cnn",
        "landmarker 'mesh', but landmark_cnn reads points of 'mean'",
    ),
}


@pytest.mark.parametrize(
    ("paths", "model", "message"), BAD_REFERENCES.values(), ids=BAD_REFERENCES.keys()
)
def test_a_reference_that_cannot_be_used_is_one_line(photos, capsys, paths, model, message):
    known = [word for path in paths(photos) for word in ("--reference", str(path))]
    words = ["predict", str(photos / "one.png"), "--model", model, "--out", str(photos / "a.csv")]
    assert cli.main([*words, *known]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line and not (photos / "a.csv").exists()


def test_a_reference_says_whose_points_it_holds(photos, landmark):
    made = read_reference(landmark, [photos / "one.png"])
    assert Reference.from_json(made.to_json()).landmarker == "mean"
    landmark.require_fit(made)
    with pytest.raises(ReferenceError, match="make it again with --model landmark-mesh"):
        Recognizer.load("landmark-mesh").require_fit(made)
