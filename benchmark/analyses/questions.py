"""The benchmark's further questions, each answered from trained evaluations; what costs is cached.

Each function returns plain values for results.json, or {"needs": why} where its data is missing.
"""

from dataclasses import replace
from functools import partial

import keras
import numpy as np

from facelines.benchmark import schema, training_cache
from facelines.benchmark.analyses import corruptions, drawings, other_sets, probes
from facelines.benchmark.analyses.label_sets import label_sets
from facelines.benchmark.analyses.point_sources import point_sources
from facelines.benchmark.analyses.references import references
from facelines.benchmark.evaluation import Evaluation
from facelines.benchmark.schema import NOT_QUICK, Options
from facelines.model import sources
from facelines.model.metrics import bootstrap_interval, mcnemar
from facelines.model.sources import Arrays
from facelines.model.training.augmentation import Augmentation
from facelines.model.training.config import Config
from facelines.model.training.networks import NETWORKS
from facelines.model.training.split import Split
from facelines.preprocessing import framings
from facelines.preprocessing.labels import label_indices

_MAPPED = 1 / 50  # of the probe rows, in each class: a map asks 196 times about each face
_NO_PICTURES = {"needs": "a data set with pictures (run.py benchmark --data PREPARED)"}
_DRAWING_CONFIG = Config(
    "picture_48",
    epochs=12,
    batch_size=128,
    learning_rate=2e-3,
    label_smoothing=0.05,
    augmentation=Augmentation(
        mirror=0.5,
        pixel_rotation=0,
        pixel_scale=0,
        pixel_shift=0,
        contrast=0,
        brightness=0,
        erase=0,
    ),
)


def all_of(
    evaluations: dict[str, Evaluation],
    arrays: Arrays,
    others: dict[str, Arrays],
    split: Split,
    options: Options,
) -> dict:
    """Return every section that the data allows; the others say what they need.

    Args:
        arrays: every row of the data, those of other labels too.
        others: as from `other_sets.load`.
    """
    probed = {name: evaluations[name] for name in schema.PROBED if name in evaluations}
    asked = {
        "parts": partial(parts, probed, split, options),
        "drawings": partial(drawing_ablation, split, options),
        "worst": partial(worst, probed, split),
        "collapse": partial(collapse, evaluations, split),
        "corruptions": partial(corruption, probed, split, options),
        "framings": partial(framing, probed, split, options),
        "sources": partial(point_sources, split, options),
        "maps": partial(maps, probed, split, options),
        "cross": partial(other_sets.cross, evaluations, others, split, options),
        "folds": partial(other_sets.folds, options, split),
        "label_sets": partial(label_sets, evaluations, arrays, split, options),
        "identity": partial(other_sets.identity, others),
        "references": partial(references, evaluations, others, split),
    }
    wanted = options.sections or schema.SECTIONS
    return {name: ask() if name in wanted else schema.LEFT_OUT for name, ask in asked.items()}


def _some(rows: Arrays, count: int) -> Arrays:
    """Return at most `count` rows, the same ones every time."""
    chosen = np.random.default_rng(0).permutation(len(rows["label"]))[:count]
    return sources.select(rows, np.sort(chosen))


# What each model looks at, and where it errs


def parts(probed: dict[str, Evaluation], split: Split, options: Options) -> dict:
    """Accuracy of every network of shapes without brows, eyes, nose or mouth."""
    sources_of_points = [name for name in ("points", "vertices") if name in split.train]
    means = {name: split.train[name].mean(axis=0) for name in sources_of_points}
    rows = _some(split.test, options.probe_rows)
    truth = label_indices(rows["label"], split.labels)
    found = {
        name: probes.group_ablation(evaluation.answer, rows, truth, means, split.pipeline)
        for name, evaluation in probed.items()
        if evaluation.contender.sees == schema.SHAPE
    }
    if not found:
        return {"needs": "a network that sees the shape"}
    return {"n": len(truth), "models": found}


def maps(probed: dict[str, Evaluation], split: Split, options: Options) -> dict:
    """Occlusion maps by class of the decisive pair and ours: where hiding hurts the true label."""
    if options.quick:
        return NOT_QUICK
    wanted = {"pixel_cnn": "pixels", "landmark_cnn": "image", "pixel": "pixels"}
    names = [name for name in wanted if name in probed]
    if not names:
        return {"needs": f"{', '.join(wanted)} or more of them"}
    faces = max(1, round(options.probe_rows * _MAPPED))
    shown = {
        label: _some(sources.select(split.test, split.test["label"] == label), faces)
        for label in split.labels
    }

    def compute(name):
        print(f"maps: {name}", flush=True)
        found = {}
        for label, rows in shown.items():
            truth = label_indices(rows["label"], split.labels)
            fall = probes.occlusion_map(probed[name].answer, rows, truth, wanted[name])
            found[label] = np.round(fall, 4).tolist()
        return found

    key = [faces, training_cache.hash_of_rows(split.test)]
    found = {
        name: training_cache.cached(
            options.cache,
            "maps",
            [probed[name].key, *key],
            partial(compute, name),
            ("benchmark/analyses/probes.py",),
        )
        for name in names
    }
    mean_face = np.round(split.train["points"].mean(axis=0), 3).tolist()
    return {"faces": faces, "mean_face": mean_face, "models": found}


def worst(probed: dict[str, Evaluation], split: Split) -> dict:
    """The surest mistakes, as points to draw: no photograph leaves the data set."""
    found, truth = {}, label_indices(split.test["label"], split.labels)
    for ours, published in (("landmark", "landmark_cnn"), ("pixel", "pixel_cnn")):
        name = ours if ours in probed else published
        if name not in probed:
            continue
        mistakes = probes.worst_mistakes(probed[name].probabilities, truth, split.labels)
        found[name] = [
            {**one, "points": np.round(split.test["points"][one["row"]], 3).tolist()}
            for one in mistakes
        ]
    return {"models": found} if found else {"needs": "a trained network"}


def drawing_ablation(split: Split, options: Options) -> dict:
    """Train one small network a way of drawing, and say what each one scores on the test rows.

    All share the network, the recipe, the seed and the faces; a drawing is fed in as a picture
    and only mirrored. Each is compared with its rival on the same images (`p`, McNemar's test).
    One with the jaw needs the pictures, and says so without them.
    """
    epochs = options.epochs or _DRAWING_CONFIG.epochs
    if options.quick:
        split = training_cache.with_rows(split, schema.QUICK_ROWS)
        epochs = options.epochs or schema.QUICK_EPOCHS
    truth = label_indices(split.test["label"], split.labels)
    found, right = [], {}
    for variant in drawings.VARIANTS:
        if variant.jaw and "pixels" not in split.train:
            found.append({"name": variant.name, **_NO_PICTURES})
            continue
        print(f"drawing: {variant.name}", flush=True)
        drawn = replace(
            split,
            train=drawings.as_pictures(split.train, variant, options.workers),
            test=drawings.as_pictures(split.test, variant, options.workers),
        )
        config = replace(
            _DRAWING_CONFIG,
            network=f"picture_{variant.size}",
            classes=len(split.labels),
            epochs=epochs,
        )
        trained = training_cache.train_or_load(config, drawn, options.cache)
        right[variant.name] = trained.probabilities.argmax(axis=1) == truth
        found.append(
            {
                "name": variant.name,
                "accuracy": float(right[variant.name].mean()),
                "interval": bootstrap_interval(right[variant.name]),
                "rival": variant.rival,
                "p": mcnemar(right[variant.name], right[variant.rival])["p"],
            }
        )
    return {"faces": len(split.train["label"]), "epochs": epochs, "variants": found}


def collapse(evaluations: dict[str, Evaluation], split: Split) -> dict:
    """Why VGG19 collapses: what 16 random convolutions leave of the faces before the first step.

    Returns:
        for each of the plain and the mended network: `size`, the mean of its features, and
        `spread`, how far they differ between faces, as a share of it. Features that are the same
        for every face can only learn how common each label is.
    """
    names = [name for name in ("vgg19_plain", "vgg19") if name in evaluations]
    if len(names) < 2:
        return {"needs": "both vgg19_plain and vgg19"}
    rows = _some(split.test, 64)
    found = {}
    for name in names:
        keras.utils.set_random_seed(1)
        model = NETWORKS[name](len(split.labels))
        upto = keras.Model(model.inputs, model.get_layer("features").output)
        # As in training: batch normalisation normalises only there, before anything is learned.
        features = np.asarray(upto(sources.network_features(rows, model), training=True))
        size = float(np.abs(features).mean())
        spread = float(features.std(axis=0).mean()) / max(size, 1e-12)
        found[name] = {"size": size, "spread": spread}
    return found


# Where the shape wins


def corruption(probed: dict[str, Evaluation], split: Split, options: Options) -> dict:
    """Return accuracies on corrupted pictures, the whole pipeline run from the picture on."""
    if "pixels" not in split.test:
        return _NO_PICTURES
    if options.quick:
        return NOT_QUICK
    rows = _some(split.test, options.probe_rows)
    accuracy = partial(_accuracy, truth=label_indices(rows["label"], split.labels))

    def compute(kind):
        print(f"corruption: {kind.name}", flush=True)
        harmed = corruptions.corrupted(rows, kind, split.pipeline, options.workers)
        return {
            "unit": kind.unit,
            "levels": list(kind.levels),
            "found": [float(np.mean(one["found"] == "detected")) for one in harmed],
            "models": {
                name: [accuracy(evaluation, one) for one in harmed]
                for name, evaluation in probed.items()
            },
        }

    key = [
        {name: evaluation.key for name, evaluation in probed.items()},
        training_cache.hash_of_rows(rows),
    ]
    code = ("benchmark/analyses/corruptions.py", "preprocessing/*.py")
    kinds = {
        kind.name: training_cache.cached(
            options.cache,
            "corruption",
            [kind.name, kind.levels, *key],
            partial(compute, kind),
            code,
        )
        for kind in corruptions.CORRUPTIONS
    }
    clean = {name: accuracy(evaluation, rows) for name, evaluation in probed.items()}
    return {"n": len(rows["label"]), "clean": clean, "kinds": kinds}


def _accuracy(evaluation: Evaluation, rows: Arrays, truth: np.ndarray) -> float:
    return float(np.mean(evaluation.answer(rows).argmax(axis=1) == truth))


def framing(probed: dict[str, Evaluation], split: Split, options: Options) -> dict:
    """Return accuracies on the test pictures squashed, cut closer, padded and turned.

    Every picture goes through the whole pipeline again. All test faces are asked, since the
    differences are small.
    """
    if "pixels" not in split.test:
        return _NO_PICTURES
    if options.quick:
        return NOT_QUICK
    rows = split.test
    truth = label_indices(rows["label"], split.labels)

    def compute(name):
        print(f"framing: {name}", flush=True)
        pictures = [framings.FIXED[name](gray) for gray in rows["pixels"]]
        faces = corruptions.read_again(pictures, split.pipeline, options.workers)
        framed = corruptions.as_rows(faces, rows["label"])
        return {
            "found": float(np.mean(framed["found"] == "detected")),
            "models": {who: _accuracy(one, framed, truth) for who, one in probed.items()},
        }

    key = [
        {name: evaluation.key for name, evaluation in probed.items()},
        training_cache.hash_of_rows(rows),
    ]
    code = ("benchmark/analyses/corruptions.py", "preprocessing/*.py")
    kinds = {
        name: training_cache.cached(
            options.cache, "framing", [name, *key], partial(compute, name), code
        )
        for name in framings.FIXED
    }
    clean = {name: _accuracy(evaluation, rows, truth) for name, evaluation in probed.items()}
    return {"n": len(truth), "clean": clean, "kinds": kinds}
