"""The benchmark on other label sets: asked among fewer labels, and trained on fewer or more."""

from dataclasses import replace

from facelines.benchmark import contenders, schema, training_cache
from facelines.benchmark.contenders import Contender
from facelines.benchmark.evaluation import Evaluation, learning_of
from facelines.benchmark.schema import Options
from facelines.model import sources
from facelines.model.metrics import bootstrap_interval
from facelines.model.sources import Arrays
from facelines.model.training.split import Split
from facelines.preprocessing.labels import LABEL_SETS, label_indices

# Networks to train again, by the number of labels: published on so many and done in minutes, and
# one that sees the shape. `--classes` trains everyone.
TRAINED = {3: ("conv_pair",), 7: ("points_mlp", "conv_pair", "baseline", "baseline_augmented")}


def label_sets(
    evaluations: dict[str, Evaluation], arrays: Arrays, split: Split, options: Options
) -> dict:
    """Accuracy on every label set but the benchmark's own, on the test faces that it names.

    Args:
        arrays: every row of the data, so that a larger set finds its labels.

    Returns:
        for each set's size, as a string: {"needs"}, or {labels, n, asked, trained}; `asked` says
        of each evaluation how often the likeliest *of these labels* is right, `trained` of networks
        that were trained on them. Both hold accuracy and accuracy_interval by network.
    """
    return {
        str(size): _one_set(labels, evaluations, arrays, split, options)
        for size, labels in sorted(LABEL_SETS.items())
        if labels != split.labels
    }


def _one_set(
    labels: tuple[str, ...],
    evaluations: dict[str, Evaluation],
    arrays: Arrays,
    split: Split,
    options: Options,
) -> dict:
    named = replace(
        split,
        train=sources.in_label_set(sources.training_rows(arrays), labels),
        test=sources.in_label_set(sources.validation_rows(arrays), labels),
        labels=labels,
    )
    if missing := sorted(set(labels) - set(named.train["label"])):
        return {"needs": f"faces labelled {', '.join(missing)} (preprocess with --classes 7)"}
    asked = evaluations if set(labels) <= set(split.labels) else {}
    found = {
        "labels": list(labels),
        "n": len(named.test["label"]),
        "asked": {name: _asked(evaluation, named, split) for name, evaluation in asked.items()},
        "trained": {
            contender.network: _trained(contender, named, options)
            for contender in _to_train(named, options)
        },
    }
    if not found["asked"] and not found["trained"]:
        return {"needs": "a run without --quick, and a network that is trained on them"}
    return found


def _asked(evaluation: Evaluation, named: Split, split: Split) -> dict:
    rows = [row for row, label in enumerate(split.test["label"]) if label in named.labels]
    columns = [split.labels.index(label) for label in named.labels]
    said = evaluation.probabilities[rows][:, columns].argmax(axis=1)
    return _figures(said == label_indices(named.test["label"], named.labels))


def _to_train(named: Split, options: Options) -> list[Contender]:
    if options.quick:
        return []
    return [
        contender
        for contender in contenders.contenders()
        if contender.network in TRAINED.get(len(named.labels), ())
        if not options.only or contender.network in options.only
        if contender.sees == schema.SHAPE or "pixels" in named.test
    ]


def _trained(contender: Contender, named: Split, options: Options) -> dict:
    config = replace(
        contender.config,
        classes=len(named.labels),
        epochs=options.epochs or contender.config.epochs,
    )
    trained = training_cache.train_or_load(config, named, options.cache)
    right = trained.probabilities.argmax(axis=1) == label_indices(named.test["label"], named.labels)
    return {**_figures(right), "epochs": config.epochs, **learning_of(trained)}


def _figures(right) -> dict:
    return {"accuracy": float(right.mean()), "accuracy_interval": bootstrap_interval(right)}
