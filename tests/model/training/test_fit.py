import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from facelines import cli
from facelines.model import artifact, inputs, sources
from facelines.model.recognizer import Recognizer
from facelines.model.training import checkpoint, initialization, train
from facelines.model.training.batches import Batches, mixup, targets_of, vote_shares, weighted
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.fit import fit as fit_network
from facelines.model.training.fit import soft_cross_entropy
from facelines.model.training.networks import NETWORKS, Closer
from facelines.model.training.split import Split
from facelines.preprocessing.labels import LABEL_SETS
from facelines.preprocessing.pipeline import Pipeline

LABELS = LABEL_SETS[6]
CONFIG = Config("points_mlp", epochs=3, batch_size=64, ema=0.9, ferplus=0.3, label_smoothing=0.1)


@pytest.fixture(scope="module")
def splits(embedded_rows):
    return sources.training_rows(embedded_rows), sources.validation_rows(embedded_rows)


def fit(splits, folder, config=CONFIG, **options):
    return fit_network(Split(*splits, LABELS, Pipeline()), config, folder, **options)


def test_an_interrupted_training_ends_with_the_same_weights(splits, tmp_path, monkeypatch):
    whole, history = fit(splits, tmp_path / "whole")

    class Killed(Exception):
        pass

    def die_after_two_epochs(history, path):
        if len(history) == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_history", die_after_two_epochs)
        with pytest.raises(Killed):
            fit(splits, tmp_path / "parts")
    resumed, resumed_history = fit(splits, tmp_path / "parts", resume=True)
    assert [row["epoch"] for row in resumed_history] == [1, 2, 3]
    for first, second in zip(history, resumed_history, strict=True):
        assert {**first, "seconds": 0} == {**second, "seconds": 0}
    for first, second in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_the_best_validated_epoch_is_kept(splits, tmp_path):
    model, history = fit(splits, tmp_path)
    best = max(row["accuracy"] for row in history)
    features = {"points": splits[1]["points"]}
    found = np.array(LABELS)[predict(model, features).argmax(axis=1)]
    assert np.mean(found == splits[1]["label"]) == pytest.approx(best)
    written = (tmp_path / "history.csv").read_text().splitlines()
    assert written[0] == "epoch,loss,seconds,accuracy,macro_f1,log_loss" and len(written) == 4


def test_training_lowers_the_loss(splits, tmp_path):
    _, history = fit(splits, tmp_path, replace(CONFIG, epochs=8))
    assert history[-1]["loss"] < history[0]["loss"] - 0.1


def test_a_finished_training_is_not_trained_again(splits, tmp_path):
    first, _ = fit(splits, tmp_path)
    again, history = fit(splits, tmp_path, resume=True)
    assert len(history) == CONFIG.epochs
    np.testing.assert_array_equal(first.weights[0].numpy(), again.weights[0].numpy())


def test_an_unfinished_training_is_not_overwritten(splits, tmp_path):
    fit(splits, tmp_path)
    with pytest.raises(ValueError, match="go on with --resume"):
        fit(splits, tmp_path)
    with pytest.raises(ValueError, match="another configuration"):
        fit(splits, tmp_path, replace(CONFIG, seed=2), resume=True)
    others = {**splits[0], "label": splits[0]["label"][::-1]}
    with pytest.raises(ValueError, match="other data or labels"):
        fit((others, splits[1]), tmp_path, resume=True)


@pytest.mark.parametrize("share, teacher", [(0.5, None), (0.0, lambda rows: None)])
def test_a_teacher_and_its_share_come_together(splits, tmp_path, share, teacher):
    with pytest.raises(ValueError, match="both .--teacher. or neither"):
        fit(splits, tmp_path, replace(CONFIG, teacher=share), teacher=teacher)


@pytest.mark.parametrize(
    "network, rows, message",
    [
        ("points_mlp", 0, "training split is empty"),
        ("points_mlp", 10, "do not fill one batch of 64"),
        ("transformer", 100, "Unknown network 'transformer'.*points_mlp"),
    ],
)
def test_what_cannot_be_trained_is_an_error(splits, tmp_path, network, rows, message):
    few = sources.select(splits[0], np.arange(rows))
    with pytest.raises(ValueError, match=message):
        fit((few, splits[1]), tmp_path, replace(CONFIG, network=network))


def test_batches_cover_an_epoch_without_repeats_and_differ_by_epoch(splits):
    batches = Batches(
        {**splits[0], "points": splits[0]["points"]},
        np.eye(len(splits[0]["label"]), dtype=np.float32),
        ("points",),
        CONFIG,
        Pipeline(),
    )

    def seen():
        return np.concatenate([batches[i][1].argmax(axis=1) for i in range(len(batches))])

    first = seen()
    assert len(set(first)) == len(first) == len(batches) * CONFIG.batch_size
    assert (seen() == first).all()
    batches.on_epoch_end()
    assert (seen() != first).any()


def test_targets_mix_labels_votes_and_smoothing():
    votes = np.zeros((2, 10), np.uint8)
    votes[0, [1, 2]] = 5  # half happy, half surprise; the second image has no vote
    rows = {"label": np.array(["happy", "sad"]), "votes": votes}
    config = Config("pixel", ferplus=0.5, label_smoothing=0.06)
    targets = targets_of(rows, LABELS, config)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    assert targets[0, LABELS.index("happy")] == pytest.approx(0.94 * 0.75 + 0.01)
    assert targets[0, LABELS.index("surprise")] == pytest.approx(0.94 * 0.25 + 0.01)
    assert targets[1, LABELS.index("sad")] == pytest.approx(0.95)


def test_blended_faces_have_targets_blended_in_the_same_shares():
    count = 8
    faces = {"points": np.eye(count, dtype=np.float32)}  # face i is 1 at place i alone
    faces["pixels"] = (255 * faces["points"]).astype(np.uint8)
    targets = np.eye(count, dtype=np.float32)
    blended, found = mixup(faces, targets, 5.0, np.random.default_rng(0))
    np.testing.assert_allclose(blended["points"], found, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert blended["pixels"].dtype == np.uint8
    np.testing.assert_allclose(blended["pixels"], 255 * found, atol=0.5 + 1e-3)
    assert np.any((found > 0.1) & (found < 0.9))


def test_without_mixup_nothing_is_blended():
    faces, targets = {"points": np.eye(3)}, np.eye(3)
    blended, found = mixup(faces, targets, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(blended["points"], np.eye(3))
    np.testing.assert_array_equal(found, np.eye(3))


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_a_teacher_is_asked_what_the_student_sees_and_leaves_other_heads_alone(splits, mixup):
    asked = []

    def teacher(batch):
        asked.append(batch)
        return np.full((len(batch["points"]), 6), 1 / 6, np.float32)

    rows = splits[0]
    targets = np.concatenate([np.eye(6, dtype=np.float32)[[0] * len(rows["label"])]] * 2, axis=1)
    config = replace(CONFIG, teacher=0.6, mixup=mixup)
    batches = Batches(rows, targets, ("points",), config, Pipeline(), teacher)
    features, mixture = batches[0]
    np.testing.assert_array_equal(asked[0]["points"], features["points"])
    assert set(features) == {"points"} and asked[0]["image"].dtype == np.uint8
    np.testing.assert_allclose(mixture[0], [0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 1, 0, 0, 0, 0, 0], 1e-5)


def test_several_teachers_give_the_mean_of_their_answers(embedded_rows):
    rows = sources.select(embedded_rows, np.arange(5))
    names = ("landmark", "landmark_cnn")
    mean = np.mean([Recognizer.load(name).probabilities(rows) for name in names], axis=0)
    found = train.teacher_of(names, LABELS)(rows)
    np.testing.assert_allclose(found, mean, atol=1e-5)
    with pytest.raises(sources.SourceError, match="teacher landmark knows"):
        train.teacher_of(names, LABEL_SETS[3])


def test_a_teacher_asked_once_is_asked_about_faces_as_they_are(embedded_rows):
    rows = sources.select(embedded_rows, np.arange(5))
    expected = Recognizer.load("landmark").probabilities(rows)
    np.testing.assert_allclose(train.answers_of(["landmark"], LABELS, rows), expected, atol=1e-5)


def test_answers_among_the_faces_are_learned(splits, tmp_path):
    sad = np.eye(6, dtype=np.float32)[LABELS.index("sad")]
    taught = {**splits[0], "answers": np.tile(sad, (len(splits[0]["label"]), 1))}
    config = replace(CONFIG, ema=0.0, ferplus=0.0, label_smoothing=0.0, teacher=1.0)
    _, history = fit((taught, splits[1]), tmp_path, config)
    assert history[-1]["loss"] < 0.8  # the labels themselves are not learned in three epochs


def test_asking_once_needs_a_teacher(capsys):
    assert cli.main(["train", "points_mlp", "--data", "embedded", "--ask-once"]) == 1
    assert "give --teacher" in capsys.readouterr().err


def test_frozen_layers_keep_the_weights_that_they_start_with(splits, tmp_path):
    started = NETWORKS["points_mlp"](6)
    started.save(tmp_path / "model.keras")
    start = str(tmp_path / "model.keras")
    config = replace(CONFIG, epochs=1, start=start, frozen="points_(dense|norm)_0")
    trained, _ = fit(splits, tmp_path / "run", config)

    def same(layer: str) -> bool:
        pairs = zip(started.get_layer(layer).weights, trained.get_layer(layer).weights, strict=True)
        return all(np.array_equal(before, after) for before, after in pairs)

    assert same("points_dense_0") and same("points_norm_0")
    assert not same("points_dense_1")


def test_class_weights_favour_rare_classes_and_keep_the_mean():
    targets = np.repeat(np.eye(2, dtype=np.float32), [90, 10], axis=0)
    balanced = weighted(targets, 1.0)
    assert balanced[-1, 1] / balanced[0, 0] == pytest.approx(9)
    assert balanced.sum(axis=1).mean() == pytest.approx(1)
    assert (weighted(targets, 0.0) == targets).all()


def test_cross_entropy_is_that_of_keras():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(6), 5).astype(np.float32)
    targets = rng.dirichlet(np.ones(6), 5).astype(np.float32)
    np.testing.assert_allclose(
        soft_cross_entropy(targets, probabilities),
        keras.losses.categorical_crossentropy(targets, probabilities),
        rtol=1e-4,
    )


def test_weights_are_taken_by_name_and_shape(tmp_path):
    NETWORKS["points_mlp"](6).save(tmp_path / "model.keras")
    seven = NETWORKS["points_mlp"](7)
    taken = initialization.take_weights(seven, str(tmp_path / "model.keras"))
    assert taken == len([layer for layer in seven.layers if layer.weights]) - 1
    with pytest.raises(ValueError, match="shares no layer"):
        initialization.take_weights(NETWORKS["pixel_cnn"](6), str(tmp_path / "model.keras"))


FUSED = ("pixel_light", "pixel_second", "landmark_points")


def test_a_joined_network_begins_as_the_late_fusion_of_its_parts(splits, tmp_path):
    rows = {name: values[:8].copy() for name, values in splits[1].items()}
    rows["pixels"] = np.random.default_rng(0).integers(0, 256, (8, 48, 48), dtype=np.uint8)
    models = {name: NETWORKS[name](6) for name in FUSED}
    shares = {}
    for (name, model), share in zip(models.items(), (0.5, 0.2, 0.3), strict=True):
        model.save(tmp_path / f"{name}.keras")
        shares[str(tmp_path / f"{name}.keras")] = share
    config = Config("fused", epochs=0, batch_size=8, join=shares)
    fused, _ = fit((rows, rows), tmp_path / "run", config)
    features = sources.network_features(rows, fused)
    pixels = features["pixels"]
    closer = np.asarray(Closer()(pixels))
    points = {name: features[name] for name in ("points", "vertices")}
    looks = {
        "pixel_light": [{"pixels": pixels}, {"pixels": closer[:, :, ::-1]}],
        "pixel_second": [{"pixels": closer}, {"pixels": pixels[:, :, ::-1]}],
        "landmark_points": [points, inputs.mirrored(points, Pipeline())],
    }
    logits = sum(
        share * np.mean([np.log(predict(model, look)) for look in looks[name]], axis=0)
        for (name, model), share in zip(models.items(), shares.values(), strict=True)
    )
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predict(fused, features), expected, atol=1e-5)


@pytest.mark.parametrize(
    "parts, shares, message",
    [
        (FUSED, (0.5, 0.5, 0.5), "sum to 1.5; expected 1"),
        (("pixel_light", "landmark_points"), (0.5, 0.5), "432 features in all; fused joins 576"),
    ],
)
def test_networks_that_cannot_be_joined_so_are_refused(tmp_path, parts, shares, message):
    paths = [str(tmp_path / f"{name}.keras") for name in parts]
    for name, path in zip(parts, paths, strict=True):
        NETWORKS[name](6).save(path)
    with pytest.raises(ValueError, match=message):
        initialization.join_heads(NETWORKS["fused"](6), dict(zip(paths, shares, strict=True)))


def test_a_lighter_network_keeps_the_strongest_channels_and_the_average_gates(tmp_path):
    rng = np.random.default_rng(0)
    rows = {"pixels": rng.integers(0, 256, (8, 48, 48), dtype=np.uint8)}
    model = NETWORKS["pixel"](6)

    def change(layer, **changed):
        layer = model.get_layer(layer)
        for name, value in changed.items():
            getattr(layer, name).assign(value)

    for block in ("block_3", "block_4"):
        (unread,) = model.get_layer(f"{block}_b_conv").get_weights()
        unread[:, :, ::2] = 0  # nobody reads every other channel
        change(f"{block}_b_conv", kernel=unread)
    for block, filters in (("block_0", 32), ("block_1", 64), ("block_2", 64), ("block_3", 144)):
        # No gate depends on the picture: here what it sees does not, there it sees nothing.
        change(f"{block}_b_norm", beta=rng.normal(size=filters))
        change(f"{block}_gate_excite", bias=rng.normal(size=filters))
        if block == "block_0":
            change(f"{block}_b_norm", gamma=np.zeros(filters))
        else:
            change(f"{block}_gate_squeeze", kernel=np.zeros((1, 1, filters, filters // 8)))
    model.save(tmp_path / "model.keras")
    light = NETWORKS["pixel_light"](6)
    initialization.take_weights(light, str(tmp_path / "model.keras"))
    found, expected = (predict(one, sources.network_features(rows, one)) for one in (light, model))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3  # the pictures differ


def test_no_epoch_leaves_a_network_as_it_starts(splits, tmp_path):
    started = NETWORKS["points_mlp"](6)
    started.save(tmp_path / "model.keras")
    config = Config("points_mlp", epochs=0, start=str(tmp_path / "model.keras"))
    model, history = fit(splits, tmp_path / "run", config)
    features = {"points": splits[1]["points"]}
    assert history == []
    np.testing.assert_allclose(predict(model, features), predict(started, features))


def test_the_command_trains_and_the_artifact_predicts(tmp_path):
    out = tmp_path / "tiny"
    finished = subprocess.run(
        [
            sys.executable,
            "run.py",
            "train",
            "points_mlp",
            "--data",
            "embedded",
            "--epochs",
            "3",
            "--batch-size",
            "256",
            "--out",
            str(out),
        ],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["n"] == 3533 and metrics["accuracy"] > 0.3
    for name in ("model.keras", "model.onnx", "pipeline.json", "README.md", "learning_curve.png"):
        assert (out / name).stat().st_size > 0
    scored = subprocess.run(
        [
            sys.executable,
            "run.py",
            "evaluate",
            str(out),
            "embedded",
            "--split",
            "PublicTest",
            "--json",
        ],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    figures = json.loads(scored.stdout.splitlines()[-1])
    assert figures["accuracy"] == metrics["accuracy"]


def test_cross_validation_tests_each_fold_on_what_it_did_not_learn(splits, tmp_path, monkeypatch):
    rows = sources.select(splits[0], np.arange(390))
    rows["split"] = np.array([f"fold{number % 3}" for number in range(390)])
    monkeypatch.setattr(sources, "load_arrays", lambda _: (rows, Pipeline()))
    monkeypatch.setattr(train.own_set, "labels_to_learn", lambda *_: LABELS)
    learned, right = [], []

    def fit_and_note(split, *rest, **options):
        seen = split.train
        learned.append((set(seen["split"]), set(split.test["split"])))
        model, history = fit_network(split, *rest, **options)
        said = predict(model, {"points": seen["points"]}).argmax(axis=1)
        right.append(np.mean(np.array(LABELS)[said] == seen["label"]))
        return model, history

    monkeypatch.setattr(train, "fit", fit_and_note)
    found = train.cross_validate(CONFIG, "any", tmp_path)
    assert learned == [
        ({"fold1", "fold2"}, {"fold0"}),
        ({"fold0", "fold2"}, {"fold1"}),
        ({"fold0", "fold1"}, {"fold2"}),
    ]
    assert {name: fold["n"] for name, fold in found["folds"].items()} == {
        "fold0": 130,
        "fold1": 130,
        "fold2": 130,
    }
    mean = np.mean([fold["accuracy"] for fold in found["folds"].values()])
    assert found["accuracy"] == pytest.approx(mean)
    assert len(found["loss"]) == CONFIG.epochs and found["loss"][-1] < found["loss"][0]
    assert found["training_accuracy"] == pytest.approx(np.mean(right))


@pytest.mark.parametrize(
    "option", [("--teacher", "landmark"), ("--views", "2"), ("--labels", "ferplus")]
)
def test_cross_validation_refuses_what_it_would_ignore(option, tmp_path, capsys):
    command = ["train", "points_mlp", "--data", "embedded", "--cross-validate", *option]
    assert cli.main([*command, "--out", str(tmp_path / "out")]) == 1
    assert "leave --teacher, --views and --labels out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_votes_head_trains_along_and_is_not_released(splits, tmp_path):
    config = replace(CONFIG, votes_head=0.5, epochs=2)
    model, history = fit(splits, tmp_path, config)
    assert model.output_shape == (None, len(LABELS))
    assert "votes" not in [layer.name for layer in model.layers]
    features = {"points": splits[1]["points"]}
    found = np.array(LABELS)[predict(model, features).argmax(axis=1)]
    best = max(row["accuracy"] for row in history)
    assert np.mean(found == splits[1]["label"]) == pytest.approx(best)
    alone, _ = fit(splits, tmp_path / "alone", replace(config, votes_head=0.0))
    pairs = zip(model.get_weights(), alone.get_weights(), strict=True)
    differ = [not np.array_equal(first, second) for first, second in pairs]
    assert any(differ)  # the votes reached the shared features


def test_votes_of_other_labels_do_not_count(splits):
    shares = vote_shares(splits[0], LABELS)
    assert shares.dtype == np.float32 and shares.shape == (len(splits[0]["label"]), 6)
    total = shares.sum(axis=1)
    assert np.all(np.isclose(total, 1, atol=1e-5) | (total == 0)) and np.any(total == 0)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_training_with_a_sentence(loss):
    with pytest.raises(ValueError, match="after epoch 3: the training came apart"):
        checkpoint.check_finite(loss, 3)
    checkpoint.check_finite(0.5, 3)


@pytest.mark.parametrize("name", ["landmark", "landmark-mesh", "landmark_cnn"])
def test_a_released_network_is_got_back_from_its_onnx_file(name, embedded_rows):
    released = replace(artifact.load(name), temperature=1.0, label_weights=(), views=1)
    recognizer, model = Recognizer(released), NETWORKS[released.network](6)
    assert initialization.take_weights(model, name)
    rows = sources.select(embedded_rows, np.arange(20))
    features = sources.network_features(rows, model)
    expected = recognizer.probabilities(rows)
    np.testing.assert_allclose(predict(model, features), expected, atol=2e-3)


def test_weights_in_eight_bits_cannot_be_begun_with():
    with pytest.raises(ValueError, match="lacks the layers .*not in eight bits"):
        initialization.take_weights(NETWORKS["fused"](6), "fused")
