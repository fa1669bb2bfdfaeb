import copy
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from facelines.model import artifact, inputs
from facelines.model.recognizer import UNCERTAIN, Recognizer, calibrate
from facelines.model.reference import training_to_json
from facelines.preprocessing import images
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import load_prepared

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def released() -> Recognizer:
    return Recognizer.load("landmark")


def test_a_photo_is_predicted(released, astronaut):
    (prediction,) = released(astronaut)
    assert prediction.labels == ("angry", "fear", "happy", "neutral", "sad", "surprise")
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.best == "happy"
    assert prediction.confidence == prediction.probabilities.max()


def test_no_face_is_no_prediction(released):
    assert released(np.full((200, 200), 99, np.uint8)) == []
    assert released.predict([]) == []


def test_faces_in_one_batch_or_alone_are_predicted_alike(released, astronaut):
    faces = released.pipeline(np.hstack([astronaut, astronaut]))
    together = released.predict(faces)
    for face, prediction in zip(faces, together, strict=True):
        (alone,) = released.predict([face])
        np.testing.assert_allclose(alone.probabilities, prediction.probabilities, atol=1e-5)


def test_an_unsure_face_is_uncertain(released):
    unsure = np.full(6, 1 / 6, np.float32)
    assert released.decide(unsure) == UNCERTAIN
    assert released.decide(np.eye(6, dtype=np.float32)[2]) == "happy"


def test_mirroring_at_test_makes_both_mirror_images_one(released, astronaut_crop):
    for mirror in (released, Recognizer(replace(artifact.load("landmark_cnn"), views=2))):
        batch = inputs.of_faces(mirror.pipeline(astronaut_crop))
        flipped = inputs.mirrored(batch, mirror.pipeline)
        np.testing.assert_allclose(
            mirror.probabilities(batch), mirror.probabilities(flipped), atol=1e-3
        )


def test_a_network_of_pixels_has_nothing_drawn(released, astronaut_crop, monkeypatch):
    batch = inputs.of_faces(released.pipeline(astronaut_crop))
    pixel = Recognizer.load("pixel")
    expected = pixel.probabilities(batch)

    def draw(self, points):
        raise AssertionError("drawn for nothing")

    monkeypatch.setattr(Pipeline, "draw", draw)
    np.testing.assert_array_equal(pixel.probabilities(batch), expected)
    with pytest.raises(AssertionError, match="drawn for nothing"):
        Recognizer(replace(artifact.load("landmark_cnn"), views=2)).probabilities(batch)


@pytest.mark.parametrize("count", [1, 2, 4, inputs.MAX_VIEWS])
def test_views_are_small_changes_of_one_face(released, astronaut_crop, count):
    batch = inputs.of_faces(released.pipeline(astronaut_crop))
    views = list(inputs.views(batch, released.pipeline, count))
    assert len(views) == count
    for index, view in enumerate(views):
        points = inputs.mirror_points(view["points"]) if index % 2 else view["points"]
        assert np.abs(points - batch["points"]).max() < 0.04
        assert (released.pipeline.draw(view["points"][0]) == view["image"][0]).all()
    assert len({view["image"].tobytes() for view in views}) == count


def test_label_weights_multiply_the_probabilities_and_survive_saving(released, astronaut, tmp_path):
    face = released.pipeline(astronaut)[0]
    plain = replace(artifact.load("landmark"), temperature=1.0, label_weights=())
    before = Recognizer(plain).predict([face])[0].probabilities
    weights = (2.0, 1.0, 0.5, 1.0, 1.0, 1.0)
    weighted = replace(plain, label_weights=weights)
    after = Recognizer(weighted).predict([face])[0].probabilities
    expected = before * weights
    np.testing.assert_allclose(after, expected / expected.sum(), atol=1e-6)
    artifact.save_settings(replace(weighted, folder=tmp_path))
    assert artifact.load(tmp_path).label_weights == weights


def test_temperature_keeps_the_order_and_softens():
    sharp = np.array([[0.9, 0.08, 0.02]], np.float32)
    soft = calibrate(sharp, 2.0)
    assert soft.argmax() == 0 and soft[0, 0] < 0.9 and soft.sum() == pytest.approx(1)
    np.testing.assert_allclose(calibrate(sharp, 1.0), sharp, rtol=1e-6)


def test_serving_never_imports_tensorflow(tmp_path):
    """In a process of its own, where any import of it fails."""
    for name in ("tensorflow", "keras"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not when serving')")
    code = (
        "from facelines import Recognizer; from facelines.demo import PHOTO;"
        "from facelines.preprocessing.images import read_gray;"
        "print(Recognizer.load('landmark')(read_gray(PHOTO))[0].best)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "happy"


def test_a_prepared_row_is_what_the_network_is_fed(astronaut, tmp_path, monkeypatch):
    """Sample i of a prepared set is byte-equal to the recognizer's input for the same file."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, side in enumerate((512, 300, 44)):
        import cv2

        picture = astronaut if side > 100 else astronaut[60:200, 160:300]
        resized = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"{index}.png"), resized)
    preprocess(folder, tmp_path / "out")
    prepared = load_prepared(tmp_path / "out")
    fed = []
    monkeypatch.setattr(
        Recognizer, "_run", lambda self, batch: fed.append(batch) or np.full((1, 6), 1 / 6)
    )
    takes_all = Recognizer.load("fused")
    assert set(takes_all.inputs) == {"points", "vertices", "pixels"} and takes_all.views == 1
    for path in sorted(folder.iterdir()):
        takes_all(images.read_gray(path))
    assert len(fed) == len(prepared["image"]) == 3
    for index, batch in enumerate(fed):
        for name in takes_all.inputs:
            assert batch[name][0].tobytes() == prepared[name][index].tobytes(), (name, index)


@pytest.mark.parametrize("name", ["landmark", "landmark_cnn", "fused"])
def test_networks_that_see_the_shape_have_both_sources(name):
    assert Recognizer.load(name).pipeline.mesh


def test_a_network_of_pixels_alone_does_without_the_mesh():
    assert not Recognizer.load("pixel").pipeline.mesh


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda s: s.replace('"format": 1', '"format": 2'), "format 2, but this version reads 1"),
        (lambda s: s.replace('"lines"', '"points"'), "drawings with fingerprint"),
        (
            lambda s: s.replace('"shape_predictor_sha256": "f', '"shape_predictor_sha256": "0'),
            "landmark file of SHA-256 0",
        ),
        (lambda s: s.replace('"angry",', ""), "6 outputs, but the artifact names 5 labels"),
        (lambda s: s[: len(s) // 2], "is damaged"),
        (lambda s: s.replace('"passes"', '"colour"'), "Unknown settings"),
    ],
)
def test_an_artifact_that_does_not_fit_is_refused(tmp_path, damage, message):
    folder = tmp_path / "copy"
    shutil.copytree(artifact.resolve("landmark"), folder)
    settings = folder / "pipeline.json"
    settings.write_text(damage(settings.read_text()))
    with pytest.raises(ValueError, match=message):
        Recognizer.load(folder)


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(artifact.ArtifactError, match="'landmrak'.*landmark"):
        artifact.load("landmrak")


def test_settings_survive_saving(tmp_path):
    loaded = replace(artifact.load("landmark"), folder=tmp_path / "again")
    artifact.save_settings(loaded)
    again = artifact.load(tmp_path / "again")
    assert again == replace(loaded, folder=tmp_path / "again")
    assert training_to_json(again.references) == training_to_json(loaded.references)


def test_an_artifact_names_the_landmark_file_in_use(tmp_path, monkeypatch):
    loaded = replace(artifact.load("landmark"), folder=tmp_path / "again")
    other = tmp_path / "other.dat"
    other.write_bytes(b"other landmarks")
    monkeypatch.setenv("FACELINES_SHAPE_PREDICTOR", str(other))
    artifact.save_settings(loaded)
    assert artifact.load(tmp_path / "again").name == "again"
    monkeypatch.delenv("FACELINES_SHAPE_PREDICTOR")
    with pytest.raises(artifact.ArtifactError, match="was trained with the landmark file"):
        artifact.load(tmp_path / "again")


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_a_missing_or_damaged_network_is_one_line(tmp_path, content):
    folder = tmp_path / "copy"
    shutil.copytree(artifact.resolve("landmark"), folder)
    (folder / "model.onnx").unlink()
    if content is not None:
        (folder / "model.onnx").write_bytes(content)
    with pytest.raises(
        artifact.ArtifactError, match=r"model\.onnx is missing or damaged"
    ) as caught:
        Recognizer.load(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_landmark_file_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("FACELINES_SHAPE_PREDICTOR", str(tmp_path / "none.dat"))
    with pytest.raises(artifact.ArtifactError, match="pip install face_recognition_models"):
        artifact.load("landmark")


def test_the_card_is_the_metrics_card():
    from facelines.model.training import model_card

    for name in artifact.released():
        loaded = artifact.load(name)
        assert (loaded.folder / "README.md").read_text() == model_card.text(loaded)


def test_recognizers_share_nothing_between_threads(released, astronaut):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: released(astronaut)[0].probabilities, range(8)))
    for probabilities in found[1:]:
        np.testing.assert_allclose(probabilities, found[0], atol=1e-6)


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_a_copy_answers_the_same(copied, released, astronaut):
    (first,), (second,) = released(astronaut), copied(released)(astronaut)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_another_process_can_be_handed_a_recognizer(released, astronaut_crop):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (there,) = pool.submit(released, astronaut_crop).result()
    assert there.best == released(astronaut_crop)[0].best
