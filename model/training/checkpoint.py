"""After each epoch: validate, keep the best weights, save what resuming needs."""

import csv
import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from keras import ops

from facelines.model import inputs
from facelines.model.metrics import macro_f1
from facelines.model.training.batches import Arrays, Batches
from facelines.model.training.config import Config
from facelines.model.training.networks import without_votes_head
from facelines.preprocessing.labels import label_indices
from facelines.preprocessing.layout import write_atomically

_AT_ONCE = 4096  # validation faces in memory as floats; whole batches


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
        if {"patience": 0, "frozen": ""} | state["config"] != _of_training(self._config):
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
        check_finite(float(logs["loss"]), self.epoch)
        row = {"epoch": self.epoch, "loss": float(logs["loss"]), "seconds": seconds}
        if self.epoch % self._config.validation_every == 0 or self.epoch == self._config.epochs:
            with averaged_weights(self.model):
                row |= self._validate()
                if row["accuracy"] >= max(old.get("accuracy", 0) for old in [*self.history, row]):
                    self.model.save_weights(self._folder / "best.weights.h5")
            for name in ("accuracy", "macro_f1", "log_loss"):
                logs[f"val_{name}"] = row[name]  # for the loggers after this callback
        self.history.append(row)
        print("  ".join([*_figures(row), self._time_left()]), flush=True)
        self.model.stop_training = self.finished()
        self._save()
        write_history(self.history, self._folder / "history.csv")

    def finished(self) -> bool:
        """Whether all epochs are done, or the last validations brought nothing better."""
        scores = [row["accuracy"] for row in self.history if "accuracy" in row]
        patience = self._config.patience
        if (
            patience
            and len(scores) > patience
            and max(scores[:-patience]) >= max(scores[-patience:])
        ):
            return True
        return self.epoch >= self._config.epochs

    def _time_left(self) -> str:
        """Return the time that the other epochs take at most, as the last ones did."""
        last = [row["seconds"] for row in self.history[-3:]]
        left = (self._config.epochs - self.epoch) * sum(last) / len(last)
        return f"{left / 60:.0f} min left" if left >= 90 else f"{left:.0f} s left"

    def _validate(self) -> dict[str, float]:
        found = predict_rows(without_votes_head(self.model), self._validation)
        chosen = found[np.arange(len(found)), self._truth]
        said = found.argmax(axis=1)
        return {
            "accuracy": float(np.mean(said == self._truth)),
            "macro_f1": macro_f1(self._truth, said, found.shape[1]),
            "log_loss": float(-np.log(np.clip(chosen, 1e-7, 1)).mean()),
        }

    def _save(self) -> None:
        # The state names the checkpoint that belongs to it and is replaced last, in one step: a
        # kill at any moment leaves an older whole pair.
        path = self._folder / f"checkpoint-{self.epoch}.keras"
        self.model.save(path)
        state = {
            "epoch": self.epoch,
            "config": _of_training(self._config),
            "history": self.history,
            "targets": self._batches.fingerprint,
        }
        write_atomically(self._folder / "state.json", json.dumps(state).encode())
        for old in self._folder.glob("checkpoint-*.keras"):
            if old != path:
                old.unlink()


def _figures(row: dict) -> list[str]:
    return [f"{key} {value:.4g}" for key, value in row.items()]


def predict_rows(model: keras.Model, rows: Arrays) -> np.ndarray:
    """Return what a network says of faces in memory or on the disk, float32 (n, labels).

    Args:
        rows: the inputs as prepared, of which a part at a time becomes floats.
    """
    names, parts = input_names(model), []
    for start in range(0, len(rows[names[0]]), _AT_ONCE):
        part = {name: rows[name][start : start + _AT_ONCE] for name in names}
        parts.append(predict(model, {name: inputs.as_float(part[name]) for name in names}))
    return np.concatenate(parts)


def check_finite(loss: float, epoch: int) -> None:
    """Stop a training whose loss is no number (ValueError)."""
    if not math.isfinite(loss):
        raise ValueError(
            f"The loss is {loss} after epoch {epoch}: the training came apart; lower the learning "
            "rate or the class weights. The epoch before is kept."
        )


def _of_training(config: Config) -> dict:
    # What comes after the training does not count: it may be chosen when the rest is done.
    after = ("eight_bits", "prior_power")
    return {key: value for key, value in asdict(config).items() if key not in after}


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
                self._model.trainable_variables,
                optimizer._model_variables_moving_average,
                strict=True,
            ):
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
