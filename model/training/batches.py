"""Prepared faces -> batches: changed at random, blended, with their targets."""

import hashlib
from collections.abc import Callable

import keras
import numpy as np

from facelines.model import inputs
from facelines.model.training.augmentation import augment
from facelines.model.training.config import Config
from facelines.preprocessing.labels import FERPLUS_COLUMNS, label_indices
from facelines.preprocessing.pipeline import Pipeline

Arrays = dict[str, np.ndarray]
Teacher = Callable[[Arrays], np.ndarray]


class Batches(keras.utils.PyDataset):
    """Batches of one epoch, each drawn from (seed, epoch, index): resuming changes nothing.

    Pictures that are there in several framings fill as many batches as without them: an epoch
    draws as many rows as there are pictures, out of all.
    """

    def __init__(
        self,
        arrays: Arrays,
        targets,
        names,
        config: Config,
        pipeline: Pipeline,
        teacher: Teacher | None = None,
    ):
        super().__init__(workers=2)  # a thread makes the next batches during a step
        self.epoch = 0
        self._arrays, self._targets, self._names = arrays, targets, names
        self._config, self._pipeline = config, pipeline
        self._teacher = teacher
        framing = arrays.get("framing", np.zeros(len(targets), np.int32))
        self._pictures = int(np.sum(framing == 0))
        self._order()

    def __len__(self) -> int:
        return self._pictures // self._config.batch_size

    @property
    def fingerprint(self) -> str:
        """A hash of what is to be learned: other data or labels have another."""
        return hashlib.sha256(self._targets.tobytes()).hexdigest()[:16]

    def __getitem__(self, index: int):
        size = self._config.batch_size
        chosen = np.sort(self._shuffled[index * size : (index + 1) * size])
        rng = np.random.default_rng((self._config.seed, self.epoch, index))
        batch = {name: self._arrays[name][chosen] for name in inputs.NAMES if name in self._arrays}
        names = self._names if self._teacher is None else tuple(batch)
        changed = augment(batch, self._config.augmentation, self._pipeline, rng, names)
        changed, targets = mixup(changed, self._targets[chosen], self._config.mixup, rng)
        if self._teacher is not None:
            targets = distilled(targets, self._teacher(changed), self._config.teacher)
        return {name: inputs.as_float(changed[name]) for name in self._names}, targets

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._order()

    def _order(self) -> None:
        rng = np.random.default_rng((self._config.seed, self.epoch))
        self._shuffled = rng.permutation(len(self._targets))[: self._pictures]


def distilled(targets: np.ndarray, answers: np.ndarray, share: float) -> np.ndarray:
    """Return targets (n, classes, or more) whose classes are mixed with a teacher's answers.

    Args:
        answers: its probabilities (n, classes) of the same changed and blended faces that the
            student sees: a patient and consistent teacher (Beyer et al. 2022).
    """
    classes = answers.shape[1]
    mixture = (1 - share) * targets[:, :classes] + share * answers
    return np.concatenate([mixture, targets[:, classes:]], axis=1)


def mixup(batch: Arrays, targets: np.ndarray, alpha: float, rng: np.random.Generator):
    """Return the batch blended with itself in another order (mixup), unchanged for alpha 0."""
    if not alpha:
        return batch, targets
    share = np.float32(rng.beta(alpha, alpha))
    order = rng.permutation(len(targets))

    def blend(values):
        blended = share * values + (1 - share) * values[order]
        return blended.round().astype(np.uint8) if values.dtype == np.uint8 else blended

    return {name: blend(values) for name, values in batch.items()}, blend(targets)


def targets_of(arrays: Arrays, labels: tuple[str, ...], config: Config) -> np.ndarray:
    """Return what the network is to say, float32 (n, classes), each row summing to 1.

    One-hot labels, mixed with the FER+ votes and label smoothing in the shares that the config
    states.
    """
    targets = np.eye(len(labels), dtype=np.float32)[label_indices(arrays["label"], labels)]
    if config.ferplus:
        votes = vote_shares(arrays, labels)
        share = config.ferplus * votes.sum(axis=1, keepdims=True)
        targets = (1 - share) * targets + config.ferplus * votes
    smooth = config.label_smoothing
    return ((1 - smooth) * targets + smooth / len(labels)).astype(np.float32)


def vote_shares(arrays: Arrays, labels: tuple[str, ...]) -> np.ndarray:
    """Return each label's share of the FER+ votes, float32 (n, classes); 0 without votes."""
    votes = arrays["votes"][:, [FERPLUS_COLUMNS.index(label) for label in labels]]
    return (votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)).astype(np.float32)


def weighted(targets: np.ndarray, power: float) -> np.ndarray:
    """Scale each row by its class's inverse frequency to a power, with a mean weight of 1.

    A scaled target scales its cross-entropy, so no sample weights are needed.
    """
    if not power:
        return targets
    weights = targets.sum(axis=0) ** -power
    rows = targets @ weights
    return (targets * (rows / rows.mean())[:, None]).astype(np.float32)
