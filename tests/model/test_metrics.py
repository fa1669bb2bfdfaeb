import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from facelines.model import metrics
from facelines.preprocessing.labels import LABEL_SETS

LABELS = LABEL_SETS[6]


def one_hot(names, sure=1.0):
    index = [LABELS.index(name) for name in names]
    rest = (1 - sure) / (len(LABELS) - 1)
    return np.where(np.eye(len(LABELS))[index] == 1, sure, rest).astype(np.float32)


@pytest.fixture
def noisy():
    rng = np.random.default_rng(0)
    truth = rng.choice(LABELS, 600)
    logits = rng.normal(0, 1, (600, 6)) + 1.5 * one_hot(truth)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return truth, probabilities


def test_nothing_to_evaluate_is_an_error():
    with pytest.raises(ValueError, match="nothing to evaluate"):
        metrics.evaluate(np.array([]), np.zeros((0, 6)), LABELS)


def test_an_unknown_label_is_an_error():
    with pytest.raises(ValueError, match="disgust"):
        metrics.evaluate(np.array(["disgust"]), one_hot(["sad"]), LABELS)


def test_perfect_predictions_score_one():
    truth = np.array(LABELS * 5)
    found = metrics.evaluate(truth, one_hot(truth), LABELS)
    assert found["accuracy"] == found["macro_f1"] == found["balanced_accuracy"] == 1
    assert found["ece"] == pytest.approx(0) and found["log_loss"] == pytest.approx(0, abs=1e-6)
    assert np.array(found["confusion"]).diagonal().tolist() == [5] * 6


def test_figures_are_scikit_learns(noisy):
    truth, probabilities = noisy
    found = metrics.evaluate(truth, probabilities, LABELS)
    predicted = np.array(LABELS)[probabilities.argmax(axis=1)]
    assert found["accuracy"] == sklearn_metrics.accuracy_score(truth, predicted)
    assert found["balanced_accuracy"] == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(truth, predicted)
    )
    assert found["log_loss"] == pytest.approx(
        sklearn_metrics.log_loss(truth, probabilities, labels=LABELS), abs=1e-5
    )
    assert np.sum(found["confusion"]) == found["n"] == 600
    low, high = found["accuracy_interval"]
    assert low < found["accuracy"] < high and high - low < 0.09


def test_a_class_without_images_does_not_lower_macro_f1():
    truth = np.array(["happy", "sad"])
    found = metrics.evaluate(truth, one_hot(truth), LABELS)
    assert found["macro_f1"] == 1
    assert found["per_class"]["fear"]["support"] == 0


def test_calibration_error_is_the_gap_of_confidence_and_accuracy():
    right = np.array([True] * 6 + [False] * 4)
    assert metrics.expected_calibration_error(right, np.full(10, 0.9)) == pytest.approx(0.3)
    assert metrics.expected_calibration_error(right, np.full(10, 0.6)) == pytest.approx(0)
    assert metrics.expected_calibration_error(right, np.ones(10)) == pytest.approx(0.4)


def test_temperature_brings_overconfident_probabilities_back(noisy):
    truth, probabilities = noisy
    true = np.array([LABELS.index(name) for name in truth])
    sharpened = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    ratio = metrics.fit_temperature(true, sharpened) / metrics.fit_temperature(true, probabilities)
    assert ratio == pytest.approx(3, rel=0.02)


def test_the_most_certain_are_scored_alone():
    right = np.array([True, True, False, False])
    confidence = np.array([0.9, 0.8, 0.3, 0.2])
    assert metrics.accuracy_of_most_certain(right, confidence, 0.5) == 1
    assert metrics.uncertainty_threshold(confidence, 0.5) == pytest.approx(0.55)
    rows = metrics.coverage_accuracy(right, confidence)
    assert rows[0] == {"threshold": 0.2, "coverage": 1.0, "accuracy": 0.5}
    assert rows[-1]["accuracy"] == 1


def test_mcnemar_is_the_exact_binomial_test():
    first = np.array([True] * 10 + [False] * 2 + [True] * 20)
    second = np.array([False] * 10 + [True] * 2 + [True] * 20)
    found = metrics.mcnemar(first, second)
    assert (found["only_first"], found["only_second"]) == (10, 2)
    assert found["p"] == pytest.approx(2 * (1 + 12 + 66) / 2**12)
    assert metrics.mcnemar(first, first)["p"] == 1


def test_intervals_over_images_hold_the_figures_themselves(noisy):
    truth, probabilities = noisy
    found = metrics.evaluate(truth, probabilities, LABELS)
    intervals = metrics.bootstrap_confusion(found["confusion"])
    for name in ("macro_f1", "balanced_accuracy"):
        low, high = intervals[f"{name}_interval"]
        assert low < found[name] < high and high - low < 0.15


def test_reliability_bins_count_every_face_once(noisy):
    truth, probabilities = noisy
    right = np.array(LABELS)[probabilities.argmax(axis=1)] == truth
    bins = metrics.reliability(right, probabilities.max(axis=1))
    assert sum(one["n"] for one in bins) == len(truth)
    assert all(one["low"] <= one["confidence"] <= one["high"] for one in bins)


def test_answering_everything_is_the_accuracy(noisy):
    truth, probabilities = noisy
    right = np.array(LABELS)[probabilities.argmax(axis=1)] == truth
    shares = metrics.accuracy_by_share(right, probabilities.max(axis=1))
    assert shares[-1] == {"coverage": 1.0, "accuracy": pytest.approx(right.mean())}
    assert len(shares) == 20 and shares[0]["accuracy"] > shares[-1]["accuracy"]
