"""Train a network on prepared arrays, resumably and repeatably."""

import re
from pathlib import Path

import keras
import numpy as np
from keras import ops

from facelines.model.training import precision
from facelines.model.training.batches import (
    Batches,
    Teacher,
    distilled,
    targets_of,
    vote_shares,
    weighted,
)
from facelines.model.training.checkpoint import Checkpoint, input_names
from facelines.model.training.config import Config
from facelines.model.training.initialization import join_heads, take_weights
from facelines.model.training.networks import NETWORKS, with_votes_head, without_votes_head
from facelines.model.training.split import Split


def soft_cross_entropy(targets, probabilities):
    """Cross-entropy (n,) of probabilities against targets whose rows need not sum to 1."""
    return -ops.sum(targets * ops.log(ops.clip(probabilities, 1e-7, 1.0)), axis=-1)


def fit(
    split: Split,
    config: Config,
    folder: Path,
    *,
    teacher: Teacher | None = None,
    resume: bool = False,
) -> tuple[keras.Model, list[dict]]:
    """Train a network and return the weights of its best validated epoch, with the history.

    Every epoch leaves a checkpoint in `folder`; with `resume` the training goes on from it to the
    same weights as an uninterrupted one (on one machine with one thread count). The best epoch is
    chosen by validation accuracy alone.

    Args:
        split: its test rows are those that each epoch is validated on; `answers` (n, classes) in
            its training rows are those of a teacher that was asked once about each face.
        teacher: from a batch of faces to probabilities of the same labels.

    Raises:
        ValueError: unknown network, nothing to take in eight bits, an empty split, a checkpoint of
            another config or of other targets, or only one of a teacher and its share.
    """
    if config.network not in NETWORKS:
        raise ValueError(f"Unknown network {config.network!r}; expected one of {list(NETWORKS)}.")
    for name, arrays in (("training", split.train), ("validation", split.test)):
        if not len(arrays["label"]):
            raise ValueError(f"The {name} split is empty; expected at least one labelled face.")
    has_teacher = teacher is not None or "answers" in split.train
    if bool(config.teacher) != has_teacher:
        raise ValueError(
            f"The config gives a teacher {config.teacher:.0%} of the targets and there is "
            f"{'one' if has_teacher else 'none'}; give both (--teacher) or neither."
        )
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(precision.supported(config.precision))
    batches, model = _prepare(split, config, teacher)
    if not config.epochs:
        return without_votes_head(model), []
    checkpoint = Checkpoint(folder, config, batches, split.test, split.labels)
    if resume:
        model = checkpoint.restore(model)
    elif checkpoint.exists():
        raise ValueError(f"{folder} holds a training; go on with --resume or choose another.")
    if not checkpoint.finished():
        model.fit(
            batches,
            initial_epoch=checkpoint.epoch,
            epochs=config.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[checkpoint, *_loggers(folder)],
        )
    keras.config.set_dtype_policy("float32")
    best = _network(config, split.labels)
    best.load_weights(folder / "best.weights.h5")
    return without_votes_head(best), checkpoint.history


def _network(config: Config, labels) -> keras.Model:
    model = NETWORKS[config.network](len(labels))
    return with_votes_head(model) if config.votes_head else model


def _prepare(split: Split, config: Config, teacher: Teacher | None):
    train, labels = split.train, split.labels
    model = _network(config, labels)
    if config.start:
        take_weights(model, config.start)
    for path in config.join:
        take_weights(model, path)
    if config.join:
        join_heads(model, config.join)
    for layer in model.layers:
        if config.frozen and re.match(config.frozen, layer.name):
            layer.trainable = False
    names = input_names(model)
    if missing := [name for name in names if name not in train]:
        raise ValueError(
            f"{config.network} needs {', '.join(missing)}, which this data does not hold; "
            "prepare the data set itself (the embedded set is geometry only)."
        )
    if config.eight_bits and "pixels" not in names:
        raise ValueError(f"{config.network} sees no pixels to take in eight bits; leave it out.")
    targets = targets_of(train, labels, config)
    if "answers" in train:
        targets = distilled(targets, train["answers"], config.teacher)
    targets = weighted(targets, config.class_weights)
    if "weight" in train:  # a scaled target scales its cross-entropy
        targets = targets * train["weight"][:, None].astype(np.float32)
    if config.votes_head:
        # A scaled target scales its cross-entropy: the weight needs no second loss.
        votes = config.votes_head * vote_shares(train, labels)
        targets = np.concatenate([targets, votes], axis=1)
    batches = Batches(train, targets, names, config, split.pipeline, teacher)
    if not len(batches):
        raise ValueError(
            f"{len(targets)} training faces do not fill one batch of {config.batch_size}; "
            "lower --batch-size."
        )
    model.compile(_optimizer(config, len(batches)), soft_cross_entropy, jit_compile=False)
    return batches, model


def _optimizer(config: Config, steps: int) -> keras.optimizers.Optimizer:
    """Return AdamW with a linear warm-up and cosine decay, of so many steps an epoch."""
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, int((config.epochs - config.warm_up_epochs) * steps)),
        warmup_target=config.learning_rate,
        warmup_steps=int(config.warm_up_epochs * steps),
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=config.weight_decay,
        use_ema=bool(config.ema),
        ema_momentum=config.ema or 0.99,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _loggers(folder: Path) -> list[keras.callbacks.Callback]:
    if keras.backend.backend() != "tensorflow":
        return []  # the TensorBoard callback writes with TensorFlow
    return [keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)]
