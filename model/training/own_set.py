"""What a user's own set needs before training: its labels, a split, batches that it can fill."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from facelines.model import sources
from facelines.model.sources import Arrays, SourceError
from facelines.model.training.config import Config
from facelines.preprocessing import fer2013_landmarks, splits
from facelines.preprocessing.labels import FERPLUS_COLUMNS, label_set
from facelines.preprocessing.prepared import read_manifest
from facelines.preprocessing.samples import WITHOUT_SPLIT

_STEPS = 4  # an epoch takes at least, where the set is small
_LEAST_BATCH = 8
OWN = "own"  # whose labels they are, where they are not FER2013's or FER+'s


def labels_to_learn(data: str | Path, classes: int | None, default: int) -> tuple[str, ...]:
    """Return the labels that a network is to learn from a prepared set.

    Args:
        data: a prepared folder or "embedded".
        classes: as asked for: 3, 6 or 7 of Facelines' own, or as many as the set has; None takes
            Facelines' set of `default` classes where the data holds it, else the data's labels.

    Raises:
        SourceError: the set has other labels than were asked for, or fewer than two.
    """
    if str(data) == fer2013_landmarks.NAME:
        return label_set(classes or default)
    there = tuple(read_manifest(data)["labels"])
    if classes is None:
        try:
            ours = label_set(default)
        except ValueError:
            ours = None
        chosen = ours if ours and set(ours) <= set(there) else there
    elif classes == len(there):
        chosen = there
    else:
        chosen = label_set(classes) if classes in (3, 6, 7) else ()
        if not set(chosen) <= set(there) or not chosen:
            raise SourceError(
                f"{data} holds {len(there)} labels ({', '.join(there)}), not the {classes} asked "
                "for; leave --classes out to learn these."
            )
    if len(chosen) < 2:
        raise SourceError(
            f"{data} holds the labels {list(chosen)}; expected at least two to tell apart."
        )
    return chosen


def whose_labels(data: str | Path) -> str:
    """Return "fer2013" for the embedded set and FER2013's files, "own" for any other source."""
    if str(data) == fer2013_landmarks.NAME:
        return "fer2013"
    plan = read_manifest(data)["plan"]
    known = plan["format"] in ("fer2013", "icml") or "fer2013" in plan["source"].lower()
    return "fer2013" if known else OWN


def with_splits(arrays: Arrays, seed: int, record: Path) -> Arrays:
    """Return arrays that have a training and a validation split, dealt where there is none.

    Pictures without a split are dealt to train, validation and test; where only the validation is
    missing, it is dealt from the training split. People, copies and look-alikes stay together. The
    split is printed, and written to `record`, a CSV of source and split.
    """
    split = arrays["split"]
    if len(sources.validation_rows(arrays)["label"]):
        return arrays
    training = np.isin(split, sources.TRAINING)
    dealt, shares = training & ~arrays["excluded"], {"train": 0.85, "validation": 0.15}
    if not training.any():
        dealt, shares = split == WITHOUT_SPLIT, splits.SHARES
    if not dealt.any():
        return arrays
    names = np.asarray(split, "<U16").copy()
    names[dealt] = _deal(sources.select(arrays, dealt), shares, seed)
    kept = np.ones(len(names), bool)
    if "framing" in arrays:  # reframed copies are for training
        kept = (arrays["framing"] == 0) | np.isin(names, sources.TRAINING)
    _record(arrays["source"][dealt], names[dealt], record)
    counts = ", ".join(f"{name} {count}" for name, count in Counter(names[dealt].tolist()).items())
    missing = "no validation split" if training.any() else "no split"
    print(
        f"The data has {missing}: dealt by seed {seed} to {counts}, people and look-alikes "
        f"together ({record})."
    )
    return sources.select({**arrays, "split": names}, kept)


def _deal(arrays: Arrays, shares: dict[str, float], seed: int) -> np.ndarray:
    looks = np.array([splits.look(gray) for gray in arrays["pixels"]])
    names = (arrays["subject"], arrays["sha256"], arrays["source"])
    together = splits.groups(len(looks), names, splits.look_alikes(looks))
    return splits.assign(arrays["label"], together, arrays["source"], shares=shares, seed=seed)


def _record(sources_: np.ndarray, names: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("source", "split"), *zip(sources_, names, strict=True)])


def without_votes(config: Config, labels: tuple[str, ...]) -> Config:
    """Return the config without FER+'s votes where its raters were not asked for these labels."""
    if set(labels) <= set(FERPLUS_COLUMNS) or not (config.ferplus or config.votes_head):
        return config
    print(f"FER+ has no votes for {', '.join(labels)}: they are left out of the targets.")
    return replace(config, ferplus=0.0, votes_head=0.0)


def with_batches_that_fill(config: Config, faces: int) -> Config:
    """Return the config with a batch that leaves a small set a few steps an epoch; say so."""
    size = config.batch_size
    while size > _LEAST_BATCH and size * _STEPS > faces:
        size //= 2
    size = max(1, min(size, faces))
    if size == config.batch_size:
        return config
    print(f"{faces} training faces: batches of {size} instead of {config.batch_size}.")
    return replace(config, batch_size=size)
