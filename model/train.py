"""Train a network on prepared arrays, resumably and repeatably, and export it as an artifact."""

import csv
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import keras
import numpy as np
from keras import ops

from model import inputs
from model.augment import Augmentation, augment
from model.networks import NETWORKS, with_votes_head, without_votes_head
from model.transfer import join_heads, take_weights
from preprocessing.labels import FERPLUS_COLUMNS, label_indices
from preprocessing.pipeline import Pipeline

Arrays = dict[str, np.ndarray]
Teacher = Callable[[Arrays], np.ndarray]


@dataclass(frozen=True)
class Config:
    """Everything that a training's result depends on, besides data and code.

    network: a name in `model.networks.NETWORKS`.
    epochs: 0 trains nothing: the network stays as `start` and `join` make it.
    ferplus: share of the FER+ votes in the targets, 0 to 1; images without votes get none.
    votes_head: weight of a second head that learns the FER+ votes, in training only; 0 is off.
    teacher: share of the answers of `fit`'s teacher in the targets; 0 is without one.
    label_smoothing: spread evenly over the classes.
    mixup: alpha of the beta distribution (Zhang et al. 2018); 0 is off. A teacher of pixels is
        asked about the blends; one that averages views of drawings draws blended points anew.
    class_weights: weigh each class by the inverse of its frequency, to this power.
    ema: decay a step of the averaged weights that are evaluated and kept; 0 is off.
    precision: a Keras dtype policy: "float32" or "mixed_bfloat16".
    validation_every: epochs from one validation to the next; the last epoch always is.
    start: an artifact's or run's model.keras whose weights of equal name and shape are taken.
    join: such files with what each weighs, in all 1, in the order in which a network joins their
        features: it begins as their late fusion.
    eight_bits: release the ONNX file with the convolutions of pixels, but the first, in eight bits.
    """

    network: str
    classes: int = 6
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 1e-3
    warm_up_epochs: float = 1.0
    weight_decay: float = 0.02
    ferplus: float = 0.0
    votes_head: float = 0.0
    teacher: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    class_weights: float = 0.0
    ema: float = 0.0
    precision: str = "float32"
    seed: int = 1
    validation_every: int = 1
    start: str = ""
    join: dict[str, float] = field(default_factory=dict)
    eight_bits: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)


class Batches(keras.utils.PyDataset):
    """Batches of one epoch, each drawn from (seed, epoch, index): resuming changes nothing."""

    def __init__(
        self, arrays: Arrays, targets, names, config: Config, pipeline: Pipeline,
        teacher: Teacher | None = None,
    ):  # fmt: skip
        super().__init__()
        self.epoch = 0
        self._arrays, self._targets, self._names = arrays, targets, names
        self._config, self._pipeline = config, pipeline
        self._teacher = teacher
        self._order()

    def __len__(self) -> int:
        return len(self._targets) // self._config.batch_size

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
        changed, targets = mixed(changed, self._targets[chosen], self._config.mixup, rng)
        if self._teacher is not None:
            targets = taught(targets, self._teacher(changed), self._config.teacher)
        return {name: inputs.as_float(changed[name]) for name in self._names}, targets

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._order()

    def _order(self) -> None:
        rng = np.random.default_rng((self._config.seed, self.epoch))
        self._shuffled = rng.permutation(len(self._targets))


def taught(targets: np.ndarray, answers: np.ndarray, share: float) -> np.ndarray:
    """Return targets (n, classes, or more) whose classes are mixed with a teacher's answers.

    Args:
        answers: its probabilities (n, classes) of the same changed and blended faces that the
            student sees: a patient and consistent teacher (Beyer et al. 2022).
    """
    classes = answers.shape[1]
    mixture = (1 - share) * targets[:, :classes] + share * answers
    return np.concatenate([mixture, targets[:, classes:]], axis=1)


def mixed(batch: Arrays, targets: np.ndarray, alpha: float, rng: np.random.Generator):
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


def soft_cross_entropy(targets, probabilities):
    """Cross-entropy (n,) of probabilities against targets whose rows need not sum to 1."""
    return -ops.sum(targets * ops.log(ops.clip(probabilities, 1e-7, 1.0)), axis=-1)


def fit(
    train: Arrays,
    validation: Arrays,
    labels: tuple[str, ...],
    config: Config,
    pipeline: Pipeline,
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
        train, validation: arrays as from `prepared.load_prepared`.
        teacher: from a batch of faces to probabilities of the same labels.

    Raises:
        ValueError: unknown network, nothing to take in eight bits, an empty split, a checkpoint of
            another config or of other targets, or only one of a teacher and its share.
    """
    if config.network not in NETWORKS:
        raise ValueError(f"Unknown network {config.network!r}; expected one of {list(NETWORKS)}.")
    for name, arrays in (("training", train), ("validation", validation)):
        if not len(arrays["label"]):
            raise ValueError(f"The {name} split is empty; expected at least one labelled face.")
    if bool(config.teacher) != (teacher is not None):
        raise ValueError(
            f"The config gives a teacher {config.teacher:.0%} of the targets and there is "
            f"{'one' if teacher else 'none'}; give both (--teacher) or neither."
        )
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(config.precision)
    batches, model = _prepare(train, labels, config, pipeline, teacher)
    if not config.epochs:
        return without_votes_head(model), []
    checkpoint = Checkpoint(folder, config, batches, validation, labels)
    if resume:
        model = checkpoint.restore(model)
    elif checkpoint.exists():
        raise ValueError(f"{folder} holds a training; go on with --resume or choose another.")
    if checkpoint.epoch < config.epochs:
        model.fit(
            batches,
            initial_epoch=checkpoint.epoch,
            epochs=config.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[checkpoint, *_loggers(folder)],
        )
    keras.config.set_dtype_policy("float32")
    best = _network(config, labels)
    best.load_weights(folder / "best.weights.h5")
    return without_votes_head(best), checkpoint.history


def _network(config: Config, labels) -> keras.Model:
    model = NETWORKS[config.network](len(labels))
    return with_votes_head(model) if config.votes_head else model


def _prepare(train: Arrays, labels, config: Config, pipeline: Pipeline, teacher):
    model = _network(config, labels)
    if config.start:
        take_weights(model, config.start)
    for path in config.join:
        take_weights(model, path)
    if config.join:
        join_heads(model, config.join)
    names = input_names(model)
    if missing := [name for name in names if name not in train]:
        raise ValueError(
            f"{config.network} needs {', '.join(missing)}, which this data does not hold; "
            "prepare the data set itself (the embedded set is geometry only)."
        )
    if config.eight_bits and "pixels" not in names:
        raise ValueError(f"{config.network} sees no pixels to take in eight bits; leave it out.")
    targets = weighted(targets_of(train, labels, config), config.class_weights)
    if config.votes_head:
        # A scaled target scales its cross-entropy: the weight needs no second loss.
        votes = config.votes_head * vote_shares(train, labels)
        targets = np.concatenate([targets, votes], axis=1)
    batches = Batches(train, targets, names, config, pipeline, teacher)
    if not len(batches):
        raise ValueError(
            f"{len(targets)} training faces do not fill one batch of {config.batch_size}; "
            "lower --batch-size."
        )
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, int((config.epochs - config.warm_up_epochs) * len(batches))),
        warmup_target=config.learning_rate,
        warmup_steps=int(config.warm_up_epochs * len(batches)),
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=config.weight_decay,
        use_ema=bool(config.ema),
        ema_momentum=config.ema or 0.99,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, soft_cross_entropy, jit_compile=False)
    return batches, model


class Checkpoint(keras.callbacks.Callback):
    """After each epoch: validate, keep the best weights, save what resuming needs."""

    def __init__(self, folder: Path, config: Config, batches: Batches, validation, labels):
        super().__init__()
        self.epoch, self.history = 0, []
        self._folder, self._config, self._batches = folder, config, batches
        self._validation = validation
        self._truth = label_indices(validation["label"], labels)

    def exists(self) -> bool:
        return (self._folder / "state.json").is_file()

    def restore(self, model: keras.Model) -> keras.Model:
        if not self.exists():
            return model
        state = json.loads((self._folder / "state.json").read_text())
        if state["config"] != _of_training(self._config):
            raise ValueError(f"{self._folder} was begun with another configuration; start anew.")
        if state.get("targets", self._batches.fingerprint) != self._batches.fingerprint:
            raise ValueError(f"{self._folder} was begun with other data or labels; start anew.")
        self.epoch, self.history = state["epoch"], state["history"]
        for _ in range(self.epoch):
            self._batches.on_epoch_end()
        # Not load_model: a loaded optimizer forgets which weights are not to decay.
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self._folder / f"checkpoint-{self.epoch}.keras")
        return model

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self._started = time.perf_counter()
        seed_dropout(self.model, self._config.seed, epoch)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        self.epoch = epoch + 1
        seconds = round(time.perf_counter() - self._started, 1)
        row = {"epoch": self.epoch, "loss": float(logs["loss"]), "seconds": seconds}
        if self.epoch % self._config.validation_every == 0 or self.epoch == self._config.epochs:
            with averaged_weights(self.model):
                row |= self._validate()
                if row["accuracy"] >= max(old.get("accuracy", 0) for old in [*self.history, row]):
                    self.model.save_weights(self._folder / "best.weights.h5")
        self.history.append(row)
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
        self._save()
        write_history(self.history, self._folder / "history.csv")

    def _validate(self) -> dict[str, float]:
        names = input_names(self.model)
        features = {name: inputs.as_float(self._validation[name]) for name in names}
        found = predict(without_votes_head(self.model), features)
        chosen = found[np.arange(len(found)), self._truth]
        return {
            "accuracy": float(np.mean(found.argmax(axis=1) == self._truth)),
            "log_loss": float(-np.log(np.clip(chosen, 1e-7, 1)).mean()),
        }

    def _save(self) -> None:
        # The state names the checkpoint that belongs to it and is replaced last, in one step: a
        # kill at any moment leaves an older whole pair.
        path = self._folder / f"checkpoint-{self.epoch}.keras"
        self.model.save(path)
        state = {
            "epoch": self.epoch, "config": _of_training(self._config), "history": self.history,
            "targets": self._batches.fingerprint,
        }  # fmt: skip
        unfinished = self._folder / "state.json.part"
        unfinished.write_text(json.dumps(state))
        os.replace(unfinished, self._folder / "state.json")
        for old in self._folder.glob("checkpoint-*.keras"):
            if old != path:
                old.unlink()


def _of_training(config: Config) -> dict:
    # Rounding comes after: a training whose release was too coarse is resumed without it.
    return {key: value for key, value in asdict(config).items() if key != "eight_bits"}


def seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Set every layer's random state from (seed, epoch): a saved model does not keep them."""
    generators = [
        layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")
    ]
    rng = np.random.default_rng((seed, epoch, len(generators)))
    for generator in generators:
        generator.state.assign(rng.integers(0, 2**31, 2).astype(generator.state.dtype))


class averaged_weights:
    """Swap the optimizer's moving average into a model for a while; nothing without one."""

    def __init__(self, model: keras.Model):
        self._model = model

    def __enter__(self):
        self._kept = None
        optimizer = self._model.optimizer
        if optimizer.use_ema:
            self._kept = [ops.convert_to_numpy(w) for w in self._model.trainable_variables]
            for weight, average in zip(
                self._model.trainable_variables, optimizer._model_variables_moving_average,
                strict=True,
            ):  # fmt: skip
                weight.assign(average)

    def __exit__(self, *_):
        if self._kept is not None:
            for weight, kept in zip(self._model.trainable_variables, self._kept, strict=True):
                weight.assign(kept)


def predict(model: keras.Model, features: Arrays, batch_size: int = 256) -> np.ndarray:
    """Return probabilities float32 (n, classes); features as from `inputs.as_float`."""
    return np.asarray(model.predict(features, batch_size=batch_size, verbose=0), np.float32)


def input_names(model: keras.Model) -> tuple[str, ...]:
    """Return the names of the inputs that a network takes."""
    return tuple(tensor.name for tensor in model.inputs)


def write_history(history: list[dict], path: Path) -> None:
    """Write the epochs as CSV with one column a figure."""
    columns = list(dict.fromkeys(key for row in history for key in row))
    with open(path, "w", newline="") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows(history)


def _loggers(folder: Path) -> list[keras.callbacks.Callback]:
    if keras.backend.backend() != "tensorflow":
        return []  # the TensorBoard callback writes with TensorFlow
    return [keras.callbacks.TensorBoard(folder / "tensorboard", write_graph=False)]


def with_overrides(config: Config, **values) -> Config:
    """Return the config with the given fields replaced; None means unchanged."""
    return replace(config, **{key: value for key, value in values.items() if value is not None})
