"""Pure: labels and probabilities -> metrics. No I/O."""

from math import comb

import numpy as np

from facelines.preprocessing.labels import label_indices

_BINS = 15
_CERTAIN_SHARE = 0.8


def evaluate(
    truth: np.ndarray, probabilities: np.ndarray, labels: tuple[str, ...], *, seed: int = 0
) -> dict:
    """Score probabilities against labels.

    Args:
        truth: (n,) of strings, each in `labels`.
        probabilities: float (n, labels), rows summing to 1.
        labels: in the order of the columns.
        seed: of the bootstrap.

    Returns:
        n, accuracy, accuracy_interval (95 %, bootstrap over images), macro_f1,
        balanced_accuracy, per_class {label: precision, recall, f1, support}, confusion (rows are
        the truth), ece, log_loss, coverage_accuracy (see `coverage_accuracy`) and
        accuracy_certain_80 (on the 80 % most certain faces).

    Raises:
        ValueError: no sample, or a label outside the set.
    """
    if not len(truth):
        raise ValueError("There is nothing to evaluate; expected at least one labelled face.")
    true = label_indices(truth, labels)
    predicted = probabilities.argmax(axis=1)
    right = predicted == true
    return {
        "n": len(true),
        "accuracy": float(right.mean()),
        "accuracy_interval": bootstrap_interval(right, seed),
        "macro_f1": macro_f1(true, predicted, len(labels)),
        "balanced_accuracy": balanced_accuracy(true, predicted),
        "per_class": per_class(true, predicted, labels),
        "confusion": confusion_matrix(true, predicted, len(labels)).tolist(),
        "ece": expected_calibration_error(right, probabilities.max(axis=1)),
        "log_loss": log_loss(true, probabilities),
        "accuracy_certain_80": accuracy_of_most_certain(
            right, probabilities.max(axis=1), _CERTAIN_SHARE
        ),
        "coverage_accuracy": coverage_accuracy(right, probabilities.max(axis=1)),
    }


def confusion_matrix(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return counts, int (classes, classes): rows are the truth, columns what was said."""
    cells = np.bincount(true * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes)


def macro_f1(true: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """Return the mean F1 of the classes that occur, of indices of the labels, int (n,)."""
    return float(np.mean(_f1_scores(confusion_matrix(true, predicted, classes))[np.unique(true)]))


def _f1_scores(confusion: np.ndarray) -> np.ndarray:
    marginals = confusion.sum(axis=0) + confusion.sum(axis=1)
    return 2 * np.diagonal(confusion) / np.maximum(marginals, 1)


def balanced_accuracy(true: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean recall of the classes that occur.

    Args:
        true, predicted: int (n,), indices of the labels.
    """
    return float(np.mean([np.mean(predicted[true == label] == label) for label in np.unique(true)]))


def per_class(true: np.ndarray, predicted: np.ndarray, labels: tuple[str, ...]) -> dict:
    """Return {label: {precision, recall, f1, support}} of indices of the labels, int (n,)."""
    confusion = confusion_matrix(true, predicted, len(labels))
    right, said, support = np.diagonal(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    columns = (
        right / np.maximum(said, 1),
        right / np.maximum(support, 1),
        _f1_scores(confusion),
        support,
    )
    return {
        label: {
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "support": int(support),
        }
        for label, precision, recall, f1, support in zip(labels, *columns, strict=True)
    }


def bootstrap_interval(right: np.ndarray, seed: int = 0, draws: int = 2000) -> list[float]:
    """Return the 95 % interval of the mean of booleans (n,), by bootstrap over them.

    Resampling n booleans and counting is a binomial draw, so no index is drawn.
    """
    rng = np.random.default_rng(seed)
    means = rng.binomial(len(right), right.mean(), draws) / len(right)
    return [float(bound) for bound in np.quantile(means, [0.025, 0.975])]


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` draws (Wilson 1927); right for few as well."""
    z = 1.96
    middle = share + z**2 / (2 * count)
    half = z * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    return (middle - half) / (1 + z**2 / count), (middle + half) / (1 + z**2 / count)


def expected_calibration_error(
    right: np.ndarray, confidence: np.ndarray, bins: int = _BINS
) -> float:
    """Return the mean gap of confidence and accuracy over equal-width bins (Guo et al. 2017).

    Args:
        right: bool (n,). confidence: float (n,), the best label's probability.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gaps = np.abs(
        np.bincount(place, right, minlength=bins) - np.bincount(place, confidence, minlength=bins)
    )
    return float(gaps[counts > 0].sum() / len(right))


def log_loss(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean negative log probability of the truth, in nats.

    Args:
        true: int (n,), indices of the labels. probabilities: float (n, labels).
    """
    chosen = probabilities[np.arange(len(true)), true]
    return float(-np.log(np.clip(chosen, 1e-7, 1)).mean())


def accuracy_of_most_certain(right: np.ndarray, confidence: np.ndarray, share: float) -> float:
    """Return the accuracy on the given share of the faces with the highest confidence.

    Args:
        right: bool (n,). confidence: float (n,). share: 0 to 1.
    """
    kept = np.argsort(-confidence, kind="stable")[: max(1, round(share * len(right)))]
    return float(right[kept].mean())


def coverage_accuracy(right: np.ndarray, confidence: np.ndarray) -> list[dict]:
    """Return {threshold, coverage, accuracy} where "uncertain" begins at different thresholds.

    Args:
        right: bool (n,). confidence: float (n,).
    """
    return [
        {
            "threshold": round(float(threshold), 2),
            "coverage": float(kept.mean()),
            "accuracy": float(right[kept].mean()),
        }
        for threshold in np.arange(0.2, 0.96, 0.05)
        if (kept := confidence >= threshold).any()
    ]


def uncertainty_threshold(confidence: np.ndarray, share: float = _CERTAIN_SHARE) -> float:
    """Return the confidence, of float (n,), that the given share of the faces reaches."""
    return float(np.quantile(confidence, 1 - share))


def fit_temperature(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature (Guo et al. 2017) with the smallest log loss, by a fine search.

    Args:
        true: int (n,), indices of the labels. probabilities: float (n, labels).
    """
    logits = np.log(np.clip(probabilities.astype(np.float64), 1e-8, 1))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -scaled[np.arange(len(true)), true].mean()

    candidates = np.exp(np.linspace(np.log(0.3), np.log(4), 400))
    return float(min(candidates, key=loss))


def bootstrap_confusion(confusion, seed: int = 0, draws: int = 2000) -> dict[str, list[float]]:
    """Return 95 % intervals of macro-F1 and balanced accuracy, by bootstrap over images.

    An image counts by its cell of the confusion matrix alone, so resampling n images is one
    multinomial draw over the cells.

    Args:
        confusion: whole numbers (classes, classes), rows are the truth.
    """
    counts = np.asarray(confusion, np.float64)
    counts = counts[np.ix_(*[np.flatnonzero(counts.sum(axis=1) + counts.sum(axis=0))] * 2)]
    total = int(counts.sum())
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(total, counts.ravel() / total, draws).reshape(draws, *counts.shape)
    right = np.diagonal(drawn, axis1=1, axis2=2)
    true, said = drawn.sum(axis=2), drawn.sum(axis=1)
    occurs = counts.sum(axis=1) > 0
    f1 = (2 * right / np.maximum(true + said, 1))[:, occurs].mean(axis=1)
    recall = (right / np.maximum(true, 1))[:, occurs].mean(axis=1)
    return {
        "macro_f1_interval": [float(bound) for bound in np.quantile(f1, [0.025, 0.975])],
        "balanced_accuracy_interval": [
            float(bound) for bound in np.quantile(recall, [0.025, 0.975])
        ],
    }


def mcnemar(first: np.ndarray, second: np.ndarray) -> dict:
    """Test whether two models err equally often on the same images (McNemar 1947, exact).

    Args:
        first, second: booleans (n,), whether each model was right on each image.

    Returns:
        only_first, only_second: images that one alone got right; p: two-sided, 1.0 where they
        never differ.
    """
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    differ = only_first + only_second
    fewer = sum(comb(differ, count) for count in range(min(only_first, only_second) + 1))
    return {
        "only_first": only_first,
        "only_second": only_second,
        "p": min(2 * fewer / 2**differ, 1.0),
    }


def reliability(right: np.ndarray, confidence: np.ndarray, bins: int = 10) -> list[dict]:
    """Return {low, high, n, confidence, accuracy} of each equal-width bin that holds a face."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {
            "low": index / bins,
            "high": (index + 1) / bins,
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
        }
        for index in range(bins)
        if (inside := place == index).any()
    ]


def accuracy_by_share(right: np.ndarray, confidence: np.ndarray) -> list[dict]:
    """Return {coverage, accuracy} on the most certain 5, 10 ... 100 % of the faces."""
    return [
        {
            "coverage": percent / 100,
            "accuracy": accuracy_of_most_certain(right, confidence, percent / 100),
        }
        for percent in range(5, 101, 5)
    ]
