"""One contender of the benchmark: trained or loaded, asked, measured."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from facelines.benchmark import cost, schema, training_cache
from facelines.benchmark.contenders import Contender
from facelines.benchmark.schema import (
    NEEDS_PICTURES,
    Cost,
    Figures,
    Options,
    Row,
    Timing,
    TrainingFacts,
)
from facelines.model import artifact, sources
from facelines.model.evaluate import probabilities_of
from facelines.model.metrics import accuracy_by_share, bootstrap_confusion, evaluate, reliability
from facelines.model.recognizer import Recognizer
from facelines.model.sources import Arrays, SourceError
from facelines.model.training.config import Config
from facelines.model.training.networks import NETWORKS
from facelines.model.training.split import Split
from facelines.preprocessing.labels import label_indices
from facelines.preprocessing.mesh import READ
from facelines.preprocessing.points import POINTS

_QUICK_EPOCHS, _QUICK_MACS, _QUICK_ROWS = 5, 6e11, 1500


@dataclass(frozen=True)
class Evaluation:
    """A contender that has been trained or loaded, ready to answer.

    key: changes with everything that its answers depend on. probabilities: float32 (n, labels) of
    the test rows. trained: its training, None for released weights.
    """

    contender: Contender
    recognizer: Recognizer
    key: str
    probabilities: np.ndarray
    trained: training_cache.Trained | None = None
    spread: tuple[float, ...] = ()

    @property
    def answer(self) -> Callable[[Arrays], np.ndarray]:
        return partial(probabilities_of, self.recognizer)


def train_or_load(
    contender: Contender, split: Split, options: Options
) -> tuple[Evaluation | None, Row]:
    """Train or load one contender; return it, or None where that is not possible, and its row."""
    row: Row = {
        "network": contender.network,
        "sees": contender.sees,
        "title": contender.title,
        "claims": [vars(claim) for claim in contender.claims],
        "learned_votes": bool(contender.config.votes_head or contender.config.ferplus),
    }
    if contender.sees != schema.SHAPE and "pixels" not in split.test:
        return None, {**row, "status": NEEDS_PICTURES}
    if _is_released(contender, split, options):
        evaluation = _load(contender, split, options)
        row["status"] = (
            f"released weights, views of each face averaged: {evaluation.recognizer.views}"
        )
    else:
        budget = _budget(contender, split, options)
        if budget is None:
            return None, {**row, "status": "takes longer than --quick allows; run it without"}
        evaluation = _train(contender, *budget, options)
        row |= _training_facts(evaluation, *budget)
    figures = figures_of(evaluation.probabilities, split)
    return evaluation, {**row, **figures, "cost": _cost(evaluation), "timing": _timing(evaluation)}


def _is_released(contender: Contender, split: Split, options: Options) -> bool:
    wanted = contender.ours or options.quick
    if not wanted or options.seeds > 1 or contender.network not in artifact.released():
        return False
    found = artifact.load(contender.network)
    try:
        sources.check_same_recipe(split.pipeline, found.pipeline, contender.network)
    except SourceError:
        return False
    return found.labels == split.labels


def _load(contender: Contender, split: Split, options: Options) -> Evaluation:
    found = artifact.load(contender.network)
    if options.quick:
        found = replace(found, views=1)  # several views cost several times as much
    recognizer = Recognizer(found, options.workers)
    key = f"{found.network}-{training_cache.hash_of(found.onnx_path)}-{found.views}"
    probabilities = probabilities_of(recognizer, split.test)
    return Evaluation(contender, recognizer, key, probabilities)


def _budget(contender: Contender, split: Split, options: Options) -> tuple[Config, Split] | None:
    """Return the config and the rows of a training, None if --quick has no time for it."""
    config = replace(contender.config, classes=len(split.labels))
    if not options.quick:
        return replace(config, epochs=options.epochs or config.epochs), split
    epochs = options.epochs or min(_QUICK_EPOCHS, config.epochs)
    # A moving average over a few hundred steps must not reach back to the first.
    config = replace(config, epochs=epochs, ema=min(config.ema, 0.97), validation_every=1)
    network = NETWORKS[contender.network](len(split.labels))
    rows = int(_QUICK_MACS / (3 * cost.macs(network) * epochs))  # backward costs twice forward
    return None if rows < _QUICK_ROWS else (config, training_cache.with_rows(split, rows))


def _train(contender: Contender, config: Config, split: Split, options: Options) -> Evaluation:
    start = "random"
    if contender.backbone and not options.quick:
        path, start = training_cache.imagenet_start(contender.backbone, options.cache)
        config = replace(config, start=path)
    seeds = range(1, min(options.seeds, contender.seeds) + 1)
    trained = [
        training_cache.train_or_load(replace(config, seed=seed), split, options.cache, start)
        for seed in seeds
    ]
    first = trained[0]
    recognizer = training_cache.recognizer_of(first, config, split, options.workers)
    truth = label_indices(split.test["label"], split.labels)
    spread = [float(np.mean(one.probabilities.argmax(axis=1) == truth)) for one in trained]
    probabilities = probabilities_of(recognizer, split.test)
    return Evaluation(contender, recognizer, first.folder.name, probabilities, first, tuple(spread))


def _training_facts(evaluation: Evaluation, config: Config, split: Split) -> TrainingFacts:
    trained = evaluation.trained
    return {
        "status": f"trained here: {len(split.train['label'])} faces, epochs: {config.epochs}",
        "start": trained.start,
        "epochs": config.epochs,
        "faces": len(split.train["label"]),
        **learning_of(trained),
        "seeds": list(evaluation.spread),
        "curve": [{k: row[k] for k in row if k != "seconds"} for row in trained.history],
    }


def learning_of(trained: training_cache.Trained) -> dict:
    """Return what a training's history says of its accuracy."""
    scored = [row["accuracy"] for row in trained.history if "accuracy" in row]
    return {
        "training_accuracy": trained.training_accuracy,
        "best_over_last_epoch": max(scored) - scored[-1],
        "gain_of_last_quarter": max(scored) - max(scored[: max(1, 3 * len(scored) // 4)]),
    }


def figures_of(probabilities: np.ndarray, split: Split) -> Figures:
    """Return everything that is measured of probabilities, float (n, labels), on the test rows."""
    test = split.test
    found = evaluate(test["label"], probabilities, split.labels)
    right = probabilities.argmax(axis=1) == label_indices(test["label"], split.labels)
    detected, confidence = test["found"] == "detected", probabilities.max(axis=1)
    said = np.sum(found["confusion"], axis=0)
    return {
        **found,
        **bootstrap_confusion(found["confusion"]),
        "found_only": {"n": int(detected.sum()), "accuracy": float(right[detected].mean())}
        if detected.any()
        else None,
        "reliability": reliability(right, confidence),
        "by_share": accuracy_by_share(right, confidence),
        "most_said": {
            "label": split.labels[int(said.argmax())],
            "share": float(said.max() / said.sum()),
        },
        "ferplus": _against_ferplus(probabilities, split),
    }


def _against_ferplus(probabilities: np.ndarray, split: Split) -> dict | None:
    if not split.test["votes"].any():
        return None
    numbered = {**split.test, "row": np.arange(len(probabilities))}
    rows = sources.relabelled(numbered, split.labels)
    said = np.array(split.labels)[probabilities[rows["row"]].argmax(axis=1)]
    agree = numbered["label"][rows["row"]] == rows["label"]
    return {
        "n": len(said),
        "accuracy": float(np.mean(said == rows["label"])),
        "labels_agree": float(agree.mean()),
    }


def _artifact(evaluation: Evaluation) -> artifact.Artifact:
    trained = evaluation.trained
    return artifact.load(trained.folder if trained else evaluation.contender.network)


def _cost(evaluation: Evaluation) -> Cost:
    made = _artifact(evaluation)
    # A released network comes without its model.keras; its layers say what it costs.
    model = NETWORKS[made.network](len(made.labels))
    return {
        "parameters": model.count_params(),
        "macs": cost.macs(model),
        "views": evaluation.recognizer.views,
        # Rounded: names inside the file grow by a letter from one export to the next.
        "file_mb": round(made.onnx_path.stat().st_size / 1e6, 2),
    }


def _timing(evaluation: Evaluation) -> Timing:
    settings = replace(_artifact(evaluation), views=evaluation.recognizer.views)
    found = cost.timing(Recognizer(settings, threads=1), _blank_inputs(evaluation), threads=1)
    if evaluation.trained is not None:
        found["training_seconds"] = evaluation.trained.seconds
    elif seconds := evaluation.recognizer.metrics.get("training", {}).get("seconds"):
        found["training_seconds"] = seconds  # as its card states it
    return found


def _blank_inputs(evaluation: Evaluation) -> Arrays:
    """Return one face's inputs: time does not depend on what is in them."""
    size = evaluation.recognizer.pipeline.size
    picture = np.zeros((1, size, size), np.uint8)
    points = np.full((1, POINTS, 2), 0.5, np.float32)
    vertices = np.full((1, len(READ), 2), 0.5, np.float32)
    return {"image": picture, "pixels": picture, "points": points, "vertices": vertices}
