"""The benchmark's further questions, asked of invented networks whose answers are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from facelines.benchmark import contenders, schema, training_cache
from facelines.benchmark.analyses import (
    corruptions,
    label_sets,
    other_sets,
    point_sources,
    questions,
)
from facelines.benchmark.analyses.corruptions import Corruption
from facelines.benchmark.report.findings import findings_of
from facelines.benchmark.schema import Options
from facelines.model import sources
from facelines.model.training.split import Split
from facelines.preprocessing.labels import LABEL_SETS
from facelines.preprocessing.mesh import READ_LANDMARKS
from facelines.preprocessing.pipeline import Pipeline

LABELS = ("happy", "sad")


def by_brightness(rows):
    """Say "happy" of bright pictures: P = mean / 255."""
    happy = rows["pixels"].mean(axis=(1, 2)) / 255
    return np.stack([happy, 1 - happy], axis=1)


def by_mouth(rows):
    """Say "happy" of faces whose mouth is low."""
    happy = rows["points"][:, 31:].mean(axis=1)[:, 1]
    return np.stack([happy, 1 - happy], axis=1)


def evaluation(answer, sees, key="key"):
    return SimpleNamespace(answer=answer, contender=SimpleNamespace(sees=sees), key=key)


@pytest.fixture
def split(astronaut_crop):
    """Twelve times one face: bright and "happy", dark and "sad" in turn."""
    face = Pipeline().one(astronaut_crop)
    gray = np.array([astronaut_crop // 2 + 127, astronaut_crop // 2] * 6)
    points = np.tile(face.normalised, (12, 1, 1))
    points[1::2, 31:, 1] -= 0.5  # the sad ones' mouths are high
    rows = {
        "label": np.array(LABELS * 6),
        "split": np.array(["PublicTest"] * 12),
        "pixels": gray,
        "image": np.tile(face.image, (12, 1, 1)),
        "points": points,
        "raw_points": np.tile(face.points, (12, 1, 1)),
    }
    return Split(rows, rows, LABELS, Pipeline())


@pytest.fixture
def options(tmp_path):
    return Options("-", tmp_path, workers=1, probe_rows=12)


def darken(gray, points, level, rng):
    return (gray * (1 - level)).astype(np.uint8)


def test_corruption_is_measured_on_the_same_faces_level_by_level(split, options, monkeypatch):
    kind = Corruption("dark", "of the light lost", (0.0, 0.3, 1.0), darken)
    monkeypatch.setattr(corruptions, "CORRUPTIONS", (kind,))
    probed = {"pixel": evaluation(by_brightness, schema.PIXELS)}
    found = questions.corruption(probed, split, options)
    assert found["n"] == 12 and found["clean"] == {"pixel": 1.0}
    levels = found["kinds"]["dark"]["models"]["pixel"]
    assert levels[0] == 1.0 and levels[-1] == 0.5  # in the dark all look sad

    def never(*_):
        raise AssertionError("corrupted again")

    monkeypatch.setattr(corruptions, "corrupted", never)
    assert questions.corruption(probed, split, options) == found
    other = {"pixel": evaluation(by_brightness, schema.PIXELS, key="other weights")}
    with pytest.raises(AssertionError, match="corrupted again"):
        questions.corruption(other, split, options)


def test_framings_are_measured_on_every_face_and_cached(split, options, monkeypatch):
    probed = {"pixel": evaluation(by_brightness, schema.PIXELS)}
    found = questions.framing(probed, split, options)
    assert found["n"] == 12 and found["clean"] == {"pixel": 1.0}
    assert {name: one["models"] for name, one in found["kinds"].items()} == dict.fromkeys(
        ("squashed", "tight", "loose", "turned"), {"pixel": 1.0}
    )  # a bright face stays bright
    monkeypatch.setattr(corruptions, "read_again", None)
    assert questions.framing(probed, split, options) == found
    without = replace(split, test={k: v for k, v in split.test.items() if k != "pixels"})
    assert "pictures" in questions.framing(probed, without, options)["needs"]


def test_a_source_that_says_nothing_is_the_worst(embedded_rows, options):
    """dlib's points are all one face's: what is right must come from the mesh."""
    rows = dict(embedded_rows)
    landmarks = rows["vertices"][:, READ_LANDMARKS]
    rows["points"] = (rows["points"][:1] + landmarks) / 2
    split = Split(
        sources.training_rows(rows), sources.validation_rows(rows), LABEL_SETS[6], Pipeline()
    )
    found = point_sources.point_sources(split, replace(options, epochs=3))
    accuracy = {one["name"]: one["accuracy"] for one in found["variants"]}
    assert list(accuracy) == ["dlib", "Face Mesh V2", "both"]
    constant = point_sources._of_dlib(split).test["points"]
    np.testing.assert_allclose(constant, np.broadcast_to(constant[0], constant.shape), atol=1e-5)
    commonest = max(np.mean(split.test["label"] == label) for label in LABEL_SETS[6])
    assert accuracy["dlib"] <= commonest
    other = replace(split, pipeline=replace(split.pipeline, landmarker="dlib"))
    assert "both sources" in point_sources.point_sources(other, options)["needs"]


def test_a_network_of_mouths_is_lost_without_mouths_only(split, options):
    probed = {
        "landmark": evaluation(by_mouth, schema.SHAPE),
        "pixel": evaluation(None, schema.PIXELS),
    }
    found = questions.parts(probed, split, options)
    assert found["models"].keys() == {"landmark"}
    lost = {part: 1 - share for part, share in found["models"]["landmark"].items()}
    assert lost == {"nothing": 0, "brows": 0, "eyes": 0, "nose": 0, "mouth": 0.5}


def test_maps_are_by_class_and_cached(split, options, monkeypatch):
    probed = {"pixel": evaluation(by_brightness, schema.PIXELS)}
    found = questions.maps(probed, split, replace(options, probe_rows=100))
    assert found["faces"] == 2 and found["models"]["pixel"].keys() == set(LABELS)
    assert np.shape(found["models"]["pixel"]["happy"]) == (14, 14)
    monkeypatch.setattr(questions.probes, "occlusion_map", None)
    assert questions.maps(probed, split, replace(options, probe_rows=100)) == found


def test_the_surest_mistakes_are_of_one_network_of_shapes_and_one_of_pixels(split):
    wrong = np.tile(np.array([[0.9, 0.1]], np.float32), (12, 1))
    probed = {
        name: SimpleNamespace(probabilities=wrong)
        for name in ("landmark", "landmark_cnn", "pixel_cnn", "fused")
    }
    found = questions.worst(probed, split)["models"]
    assert list(found) == ["landmark", "pixel_cnn"]
    assert all(one["truth"] == "sad" and len(one["points"]) == 51 for one in found["landmark"])


def of_six(split):
    """Give the twelve faces three of six labels, and what is right about two of them."""
    rows = {
        **split.test,
        "label": np.array(["happy", "sad", "fear"] * 4),
        "split": np.array(["Training"] * 12),
        "excluded": np.zeros(12, bool),
    }
    tested = {**rows, "split": np.array(["PublicTest"] * 12)}
    arrays = {name: np.concatenate([rows[name], tested[name]]) for name in rows}
    labels = ("angry", "fear", "happy", "neutral", "sad", "surprise")
    said = np.zeros((12, 6), np.float32)
    said[:, 1] = 0.5  # fear, the likeliest of the six
    said[:, 2] = 0.3  # happy, the likeliest of the three
    return (
        arrays,
        Split(rows, tested, labels, split.pipeline),
        {"pixel": SimpleNamespace(probabilities=said)},
    )


def test_asked_among_fewer_labels_the_likeliest_of_these_counts(split, options, monkeypatch):
    arrays, six, evaluations = of_six(split)
    monkeypatch.setattr(label_sets, "LABEL_SETS", {2: ("happy", "sad"), 6: six.labels})
    found = label_sets.label_sets(evaluations, arrays, six, replace(options, quick=True))
    assert found.keys() == {"2"} and found["2"]["n"] == 8 and not found["2"]["trained"]
    assert found["2"]["asked"]["pixel"]["accuracy"] == 0.5


def test_a_larger_label_set_is_trained_where_the_data_names_it(split, options, monkeypatch):
    arrays, six, evaluations = of_six(split)
    sets = {3: ("fear", "happy", "sad"), 4: ("fear", "happy", "sad", "yawn")}
    monkeypatch.setattr(label_sets, "LABEL_SETS", sets)
    monkeypatch.setattr(label_sets, "TRAINED", {3: ("baseline",), 4: ("baseline",)})
    [baseline] = [one for one in contenders.contenders() if one.network == "baseline"]
    few = replace(baseline, config=replace(baseline.config, batch_size=4))
    monkeypatch.setattr(contenders, "contenders", lambda: (few,))
    two = replace(six, labels=("happy", "sad"))
    options = replace(options, epochs=1)
    found = label_sets.label_sets(evaluations, arrays, two, options)
    assert "faces labelled yawn" in found["4"]["needs"]
    assert found["3"]["asked"] == {} and found["3"]["n"] == 12
    baseline = found["3"]["trained"]["baseline"]
    assert baseline["epochs"] == 1 and 0 <= baseline["accuracy"] <= 1
    other = label_sets.label_sets(evaluations, arrays, two, replace(options, only=("pixel",)))
    assert "needs" in other["3"]


def test_another_set_is_scored_on_the_labels_that_both_have(split, options):
    rows = {**split.test, "label": np.array(["happy", "sad", "disgust"] * 4)}
    evaluations = {"pixel": evaluation(by_brightness, schema.PIXELS)}
    found = other_sets.cross(evaluations, {"other": rows}, split, replace(options, quick=True))
    assert found["other"]["source_to_target"]["n"] == 8 and found["other"]["source_to_target"][
        "labels"
    ] == list(LABELS)
    assert "needs" in found["other"]["target_to_source"]
    assert "needs" in other_sets.cross(evaluations, {}, split, options)


def test_identity_asks_only_sets_that_name_their_people(split):
    assert "needs" in other_sets.identity({"nameless": split.test})
    people = np.array(["S001"] * 6 + ["S002"] * 6)
    films = np.array([f"{p}_{n % 2:03d}_00000001.png" for n, p in enumerate(people)])
    named = {**split.test, "subject": people, "source": films}
    assert other_sets.identity({"CK": named})["CK"]["points"]["people"] == 2


def test_what_is_cached_depends_on_its_parts_and_its_code(tmp_path, monkeypatch):
    monkeypatch.setattr(training_cache, "ROOT", tmp_path)
    monkeypatch.setattr(training_cache, "CODE", ())
    (tmp_path / "a.py").write_text("x = 1\n")
    calls = []

    def ask(part):
        return training_cache.cached(
            tmp_path, "name", [part], lambda: calls.append(part) or 7, ("a.py",)
        )

    assert ask(1) == ask(1) == 7 and calls == [1]
    ask(2)
    (tmp_path / "a.py").write_text("x = 2\n")
    ask(1)
    assert calls == [1, 2, 1] and not list(tmp_path.glob("*.part"))


# Sentences


def test_a_part_that_helps_by_its_absence_is_not_called_a_loss():
    figures = {
        "n": 100,
        "accuracy_interval": [0.7, 0.9],
        "by_share": [{"coverage": 0.5, "accuracy": 1.0}],
        "per_class": {"happy": {"recall": 0.9}},
    }
    parts = {"nothing": 0.5, "brows": 0.51, "eyes": 0.4, "nose": 0.5, "mouth": 0.2}
    missing = dict.fromkeys(("identity", "corruptions", "cross", "folds"), {"needs": "-"})
    results = {
        **missing,
        "pairs": [],
        "labels": LABELS,
        "contenders": [{"network": "points_mlp", "accuracy": 0.8, **figures}],
        "data": {"test": 100, "classes": {"happy": {"test": 60}}},
        "drawings": {"variants": [{"name": "lines, 48 px (the recipe)", "accuracy": 0.6}]},
        "parts": {"models": {"points_mlp": parts}},
    }
    sentence = next(finding for finding in findings_of(results) if "average face" in finding)
    assert "mouth" in sentence and "30.0 points" in sentence and "the brows -1.0" in sentence


def test_of_a_network_that_learned_nothing_nothing_follows():
    results = {
        "contenders": [{"network": "landmark_cnn", "accuracy": 0.65}],
        "labels": LABELS,
        "data": {"test": 100, "classes": {"happy": {"test": 60}}},
        "drawings": {"variants": [{"name": "lines, 48 px (the recipe)", "accuracy": 0.6}]},
        "parts": {"models": {"landmark_cnn": {"nothing": 0.65, "mouth": 0.6}}},
        "pairs": [{"first": "landmark_cnn", "second": "pixel_cnn", "n": 1, "only_first": 0}],
        **dict.fromkeys(("identity", "corruptions", "cross", "folds"), {"needs": "-"}),
    }
    assert findings_of(results) == []


def test_only_the_sections_that_are_named_are_asked(split, options):
    probed = {"pixel": evaluation(by_brightness, schema.PIXELS)}
    one = replace(options, sections=("framings",))
    found = questions.all_of(probed, {}, {}, split, one)
    assert tuple(found) == schema.SECTIONS
    assert found.pop("framings")["n"] == 12
    assert all(each == schema.LEFT_OUT for each in found.values())
