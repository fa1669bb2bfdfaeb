"""Whose landmarks carry the label: dlib's, the mesh's, or both? Trainings that differ in it."""

from dataclasses import replace

from facelines.benchmark import schema, training_cache
from facelines.benchmark.schema import Options
from facelines.configs.families import POINTS
from facelines.model.metrics import bootstrap_interval, mcnemar
from facelines.model.training.split import Split
from facelines.preprocessing.labels import label_indices
from facelines.preprocessing.mesh import READ_LANDMARKS

_NETWORKS = {
    "dlib": "points_mlp",
    "Face Mesh V2": "landmark_mesh_look",
    schema.BOTH: "landmark_points",
}
_CONFIG = replace(POINTS, epochs=16, learning_rate=1.2e-3, label_smoothing=0.05, ema=0.997)


def point_sources(split: Split, options: Options) -> dict:
    """Train a network on dlib's points, one on the mesh's, and one on both: one recipe and seed.

    `p` is McNemar's test against both, on the same images.
    """
    if split.pipeline.landmarker != "mean" or "vertices" not in split.train:
        return {"needs": "a set of both sources' points, as the default recipe prepares it"}
    epochs = options.epochs or _CONFIG.epochs
    if options.quick:
        split = training_cache.with_rows(split, schema.QUICK_ROWS)
        epochs = options.epochs or schema.QUICK_EPOCHS
    config = replace(_CONFIG, classes=len(split.labels), epochs=epochs)
    truth, right = label_indices(split.test["label"], split.labels), {}
    for name, network in _NETWORKS.items():
        print(f"source of points: {name}", flush=True)
        seen = _of_dlib(split) if network == "points_mlp" else split
        trained = training_cache.train_or_load(
            replace(config, network=network), seen, options.cache
        )
        right[name] = trained.probabilities.argmax(axis=1) == truth
    found = [
        {
            "name": name,
            "accuracy": float(hits.mean()),
            "interval": bootstrap_interval(hits),
            "p": mcnemar(hits, right[schema.BOTH])["p"],
        }
        for name, hits in right.items()
    ]
    return {"faces": len(split.train["label"]), "epochs": epochs, "variants": found}


def _of_dlib(split: Split) -> Split:
    """Return a split whose points are dlib's alone: the recipe's are their mean with the mesh's."""
    train, test = (
        {**rows, "points": 2 * rows["points"] - rows["vertices"][:, READ_LANDMARKS]}
        for rows in (split.train, split.test)
    )
    return replace(split, train=train, test=test)
