import numpy as np
import pyarrow.parquet as pq
import pytest

from facelines.model import artifact, sources
from facelines.model.evaluate import wanted_labels
from facelines.model.metrics import evaluate
from facelines.preprocessing import fer2013_landmarks
from facelines.preprocessing.mesh import COUNT, READ
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.samples import DatasetError


@pytest.fixture(scope="module")
def rows():
    return fer2013_landmarks.load()


def test_the_set_is_fer2013_without_disgust_and_private_test(rows):
    splits, counts = np.unique(rows["split"], return_counts=True)
    assert dict(zip(splits.tolist(), counts.tolist(), strict=True)) == {
        "PublicTest": 3533,
        "Training": 28273,
    }
    assert set(rows["label"]) == {"angry", "fear", "happy", "neutral", "sad", "surprise"}
    assert rows["votes"].shape == (31806, 10) and rows["votes"].sum(axis=1).max() == 10


def test_training_leaves_evaluation_pictures_out(rows):
    assert len(sources.training_rows(rows)["label"]) == 27944
    assert len(sources.validation_rows(rows)["label"]) == 3533


def test_it_holds_no_picture():
    names = pq.read_schema(fer2013_landmarks.PATH).names
    for source, count in (("p", 51), ("m", 51), ("v", 151)):
        assert sum(name[0] == source and name[1:].isdigit() for name in names) == 2 * count
    assert not {"pixels", "image"} & set(names)
    assert fer2013_landmarks.PATH.stat().st_size < 13e6


def test_drawings_follow_the_recipe(rows):
    image = Pipeline().draw(rows["points"][7])
    assert (rows["image"][7] == image).all()


def test_saving_and_loading_keeps_a_sixteenth_of_a_pixel(rows, tmp_path):
    few = sources.select(rows, np.arange(50))
    few["raw_points"] = few["raw_points"] + np.float32(0.01)
    few["raw_vertices"] = as_all_vertices(few["raw_vertices"] - np.float32(0.01))
    few["source"] = np.array([f"fer2013.csv:{row}" for row in few["source"]])
    fer2013_landmarks.save(few, tmp_path / "few.parquet")
    again = fer2013_landmarks.load(tmp_path / "few.parquet")
    np.testing.assert_allclose(again["raw_points"], few["raw_points"], atol=1 / 32)
    read = few["raw_vertices"][:, READ]
    np.testing.assert_allclose(again["raw_vertices"], read, atol=3 / 32)
    for name in ("label", "split", "votes", "excluded", "found"):
        assert (again[name] == few[name]).all()


def as_all_vertices(read):
    vertices = np.zeros((len(read), COUNT, 2), np.float32)
    vertices[:, READ] = read
    return vertices


def test_answers_come_back_in_half_precision(tmp_path):
    found = np.random.default_rng(0).dirichlet(np.ones(6), 9).astype(np.float32)
    fer2013_landmarks.save_answers({"landmark": found}, tmp_path / "answers.parquet")
    again = fer2013_landmarks.load_answers(tmp_path / "answers.parquet")
    np.testing.assert_allclose(again["landmark"], found, atol=1e-3)


def test_the_answers_that_come_along_are_those_of_the_released_networks(rows):
    answers = fer2013_landmarks.load_answers()
    tested = sources.validation_rows(rows)
    assert sorted(answers) == artifact.released()
    for name, found in answers.items():
        released = artifact.load(name)
        faces = {**tested, "answer": found}
        scored = wanted_labels(faces, released.labels, released.trained_on)
        figures = evaluate(scored["label"], scored["answer"], released.labels)
        assert figures["accuracy"] == pytest.approx(released.metrics["accuracy"], abs=1e-3), name


@pytest.mark.parametrize("missing", ["row numbers", "mesh"])
def test_what_is_not_fer2013_with_its_mesh_is_refused(rows, tmp_path, missing):
    few = sources.select(rows, np.arange(2))
    few["source"] = np.array(["fer2013.csv:0", "fer2013.csv:1"])
    if missing == "mesh":
        del few["raw_vertices"]
    else:
        few["raw_vertices"] = as_all_vertices(few["raw_vertices"])
        few["source"] = np.array(["angry/S010_004_00000017.png", "sad/S010_004_00000018.png"])
    with pytest.raises(DatasetError, match="expected one of fer2013.csv"):
        fer2013_landmarks.save(few, tmp_path / "few.parquet")
    assert not (tmp_path / "few.parquet").exists()


def test_another_landmark_file_is_refused(tmp_path, monkeypatch):
    other = tmp_path / "other.dat"
    other.write_bytes(b"other landmarks")
    monkeypatch.setenv("FACELINES_SHAPE_PREDICTOR", str(other))
    with pytest.raises(DatasetError, match="made with the landmark file"):
        fer2013_landmarks.load()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.parquet"):
        fer2013_landmarks.load(tmp_path / "none.parquet")
