import cv2
import keras
import numpy as np
import pytest

from facelines.benchmark import cost, external
from facelines.benchmark.analyses import corruptions, probes
from facelines.benchmark.analyses.corruptions import CORRUPTIONS
from facelines.model.training.networks import NETWORKS
from facelines.model.training.published import Distort
from facelines.preprocessing.landmarks import jaw
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS


@pytest.fixture(scope="module")
def face_rows(astronaut_crop):
    face = Pipeline().one(astronaut_crop)
    return {
        "pixels": astronaut_crop[None],
        "raw_points": face.points[None],
        "points": face.normalised[None],
        "image": face.image[None],
        "label": np.array(["happy"]),
    }


# Corruptions


@pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)
def test_corruption_grows_with_its_level_and_keeps_the_picture_s_kind(kind, face_rows):
    gray, points = face_rows["pixels"][0], face_rows["raw_points"][0]
    kept = gray.copy()
    harms = []
    for level in kind.levels:
        harmed = kind.apply(gray, points, level, np.random.default_rng(0))
        assert harmed.dtype == np.uint8 and harmed.shape == gray.shape
        harms.append(np.mean(np.abs(harmed.astype(float) - gray)))
    np.testing.assert_array_equal(gray, kept)
    assert len(harms) == 5 and 0 < harms[0] < harms[-1]


def test_both_pipelines_run_from_the_corrupted_picture(face_rows):
    kind = next(kind for kind in CORRUPTIONS if kind.name == "rotation")
    weak, *_, strong = corruptions.corrupted(face_rows, kind, Pipeline(), workers=1)
    assert weak["pixels"].shape == (1, 48, 48) and weak["label"].tolist() == ["happy"]
    assert (strong["pixels"] != face_rows["pixels"]).any()
    assert (strong["points"] != face_rows["points"]).any()


def test_a_cover_hides_its_part_and_nothing_else(face_rows):
    gray, points = np.full((48, 48), 200, np.uint8), face_rows["raw_points"][0]
    for name, group in (("eyes covered", "left_eye"), ("mouth covered", "mouth")):
        kind = next(kind for kind in CORRUPTIONS if kind.name == name)
        harmed = kind.apply(gray, points, kind.levels[-1], None)
        x, y = np.round(points[GROUPS[group]].mean(axis=0)).astype(int)
        assert harmed[y, x] == 0 and 0 < np.mean(harmed == 0) < 0.5


# What a model looks at


def test_a_part_left_out_stands_where_the_mean_face_has_it(face_rows):
    means = {"points": np.full((51, 2), 0.4, np.float32)}
    changed = probes.without_part(face_rows, "mouth", means, Pipeline())
    mouth = probes.part_points("mouth", means["points"])
    assert np.all(changed["points"][0, mouth] == np.float32(0.4))
    rest = np.setdiff1d(np.arange(51), mouth)
    np.testing.assert_array_equal(changed["points"][0, rest], face_rows["points"][0, rest])
    assert (changed["image"] != face_rows["image"]).any()


def test_the_parts_are_all_points_once():
    everything = np.concatenate(
        [probes.part_points(part, np.zeros((51, 2))) for part in probes.PARTS]
    )
    assert sorted(everything) == list(range(51))


def test_the_map_is_high_where_the_model_looks():
    def upper_left(rows):
        bright = rows["pixels"][:, :9, :9].mean(axis=(1, 2)) / 255
        return np.stack([bright, 1 - bright], axis=1)

    pixels = np.zeros((3, 48, 48), np.uint8)
    pixels[:, :9, :9] = 255
    found = probes.occlusion_map(upper_left, {"pixels": pixels}, np.zeros(3, int), "pixels")
    assert np.unravel_index(found.argmax(), found.shape) == (0, 0) and found[-1, -1] == 0


# Identity


def test_retrieval_leaves_out_the_face_s_own_film():
    rng = np.random.default_rng(0)
    people = np.repeat([f"S{n:03d}" for n in range(10)], 6)
    films = np.tile(np.repeat([1, 2], 3), 10)
    sources = np.array([f"x/{p}_{f:03d}_00000001.png" for p, f in zip(people, films, strict=True)])
    by_film = rng.normal(size=(20, 30))[np.repeat(np.arange(20), 3)]
    found = probes.same_person_retrieval(by_film, people, sources)
    assert found["people"] == 10 and found["faces"] == 60
    assert found["chance"] == pytest.approx(3 / 57)
    assert found["found"] < 0.5  # films alone say nothing of the person
    by_person = rng.normal(size=(10, 30))[np.repeat(np.arange(10), 6)]
    assert probes.same_person_retrieval(by_person, people, sources)["found"] == 1


def test_the_worst_mistakes_are_the_surest_ones():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    found = probes.worst_mistakes(probabilities, np.array([1, 0, 1]), ("a", "b"))
    assert [(one["row"], one["truth"], one["said"]) for one in found] == [
        (0, "b", "a"),
        (1, "a", "b"),
    ]


# Cost, networks, jaw


def test_multiplications_are_counted_by_hand():
    picture = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3)(picture)
    model = keras.Model(picture, keras.layers.Dense(5)(keras.layers.Flatten()(x)))
    assert cost.macs(model) == 4 * 4 * (3 * 3 * 2 * 4) + 64 * 5


def test_every_look_at_a_face_is_counted():
    parts = {name: cost.macs(NETWORKS[name](6)) for name in ("pixel_light", "pixel_second")}
    shape = cost.macs(NETWORKS["landmark_points"](6))
    heads = 6 * 144 * 2  # joined, both looks' means are decided on once
    assert cost.macs(NETWORKS["fused"](6)) == 2 * (sum(parts.values()) + shape - heads)


def test_distortion_is_for_training_alone():
    pictures = np.random.default_rng(0).random((4, 48, 48, 1), dtype=np.float32)
    layer = Distort()
    np.testing.assert_array_equal(np.asarray(layer(pictures)), pictures)
    changed = np.asarray(layer(pictures, training=True))
    assert (changed != pictures).any() and 0 <= changed.min() and changed.max() <= 1


def test_vgg_takes_keras_s_own_layer_names():
    names = {layer.name for layer in NETWORKS["vgg16_drawing"](6).layers}
    assert {"block1_conv1", "block5_conv3"} <= names and "block5_conv4" not in names


def test_the_jaw_lies_around_the_face(astronaut):
    crop = cv2.resize(astronaut[60:200, 160:300], (96, 96), interpolation=cv2.INTER_AREA)
    points = Pipeline().one(crop).points
    found = jaw(crop, points)
    assert found.shape == (17, 2) and found.dtype == np.float32
    chin, mouth = found[8], points[GROUPS["mouth"]]
    assert chin[1] > mouth[:, 1].max()
    assert found[0, 0] < points[:, 0].min() and found[-1, 0] > points[:, 0].max()


def test_a_missing_peer_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setattr(external, "find_spec", lambda name: None)
    assert not external.available()
    with pytest.raises(ModuleNotFoundError, match="fer"):
        external.fer_probabilities(np.zeros((1, 48, 48), np.uint8), ("happy",))
