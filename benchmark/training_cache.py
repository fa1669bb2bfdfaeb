"""One training of the benchmark, cached by the hash of its data, its config and the code."""

import ast
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from facelines.model import inputs, sources
from facelines.model.artifact import Artifact, save_settings
from facelines.model.recognizer import Recognizer
from facelines.model.reference import training_references
from facelines.model.sources import Arrays
from facelines.model.training.checkpoint import predict
from facelines.model.training.config import Config
from facelines.model.training.export import export
from facelines.model.training.fit import fit
from facelines.model.training.network_file import read_network
from facelines.model.training.networks import NETWORKS
from facelines.model.training.split import Split
from facelines.preprocessing.layout import write_atomically

ROOT = Path(__file__).parent.parent
CODE = (  # what a training's result depends on; the report may change without a new training
    "model/inputs.py",
    "model/training/augmentation.py",
    "model/training/batches.py",
    "model/training/checkpoint.py",
    "model/training/config.py",
    "model/training/fit.py",
    "model/training/initialization.py",
    "model/training/networks.py",
    "model/training/published.py",
    "preprocessing/landmarks.py",
    "preprocessing/pipeline.py",
    "preprocessing/points.py",
    "preprocessing/render.py",
)
_NETWORKS = ("networks.py", "published.py")  # only their layers: a network counts as its graph
_SEEN_AGAIN = 2000  # training faces that training accuracy is measured on


@dataclass(frozen=True)
class Trained:
    """A finished training.

    folder: holds model.keras and trial.json. probabilities: float32 (n, labels), of the test
    rows, by Keras. history: `fit`'s. seconds: of all epochs. training_accuracy: on up to 2,000
    training faces as they are, unaugmented. start: where its first weights came from, in words.
    """

    folder: Path
    probabilities: np.ndarray
    history: list[dict]
    seconds: float
    training_accuracy: float
    start: str


def train_or_load(config: Config, split: Split, cache: Path, start: str = "random") -> Trained:
    """Train a network, or return what an earlier call with equal data, config and code left.

    An interrupted training goes on from its last epoch.

    Args:
        cache: a folder for all trainings, each in its own subfolder.
        start: said of the first weights in the report.

    Raises:
        ValueError: as `train.fit`.
    """
    folder = cache / f"{config.network}-{key_of(config, split)}"
    if not (folder / "trial.json").is_file():
        model, history = fit(split, config, folder / "run", resume=True)
        _finish(model, history, config, split, folder, start)
    facts = json.loads((folder / "trial.json").read_text())
    probabilities = np.load(folder / "probabilities.npy")
    return Trained(
        folder,
        probabilities,
        facts["history"],
        facts["seconds"],
        facts["training_accuracy"],
        facts["start"],
    )


def _finish(model, history, config: Config, split: Split, folder: Path, start: str) -> None:
    seen = np.random.default_rng(0).permutation(len(split.train["label"]))[:_SEEN_AGAIN]
    again = sources.select(split.train, np.sort(seen))
    found = np.array(split.labels)[_probabilities(model, again).argmax(axis=1)]
    model.save(folder / "model.keras")
    np.save(folder / "probabilities.npy", _probabilities(model, split.test))
    facts = {
        "config": asdict(config),
        "history": history,
        "seconds": sum(row["seconds"] for row in history),
        "training_accuracy": float(np.mean(found == again["label"])),
        "start": start,
    }
    shutil.rmtree(folder / "run")  # checkpoints are four times the network
    write_atomically(
        folder / "trial.json", json.dumps(facts, indent=1).encode()
    )  # last: it says "finished"


def cached(cache: Path, name: str, parts: list, compute: Callable[[], object], code: tuple = ()):
    """Return what `compute` gives as plain values, from a file if an earlier call had equal parts.

    Args:
        parts: everything that the result depends on, as plain values.
        code: patterns of the files whose code it depends on besides the trainings' own.
    """
    key = json.dumps([*parts, code_version(*code)], default=str)
    path = cache / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(compute()).encode())
    return json.loads(path.read_text())


def _probabilities(model: keras.Model, rows: Arrays) -> np.ndarray:
    return predict(model, sources.network_features(rows, model))


def recognizer_of(trained: Trained, config: Config, split: Split, threads: int = 1) -> Recognizer:
    """Return a training's network in ONNX Runtime, exported where it is not yet."""
    known = training_references(split.train, split.labels)
    artifact = Artifact(
        trained.folder, split.labels, split.pipeline, config.network, references=known
    )
    if not (trained.folder / "pipeline.json").is_file():
        export(read_network(trained.folder / "model.keras"), trained.folder)
        save_settings(artifact)
    return Recognizer(artifact, threads)


def key_of(config: Config, split: Split) -> str:
    """Return 16 hexadecimal digits that change with the data, the config or the code.

    A start's content counts, and not where it lies.
    """
    digest = hashlib.sha256()
    given = asdict(config)
    if config.start:
        given["start"] = hash_of(Path(config.start))
    for part in (given, split.labels, asdict(split.pipeline)):
        digest.update(json.dumps(part).encode())
    for rows in (split.train, split.test):
        digest.update(hash_of_rows(rows).encode())
    digest.update(graph_of(NETWORKS[config.network](len(split.labels))).encode())
    digest.update(code_version().encode())
    return digest.hexdigest()[:16]


def graph_of(model: keras.Model) -> str:
    """Return a network's graph as JSON, its layers named by their places.

    A layer without a name of its own gets another one each time that it is made.
    """
    places = {layer.name: f"layer {place}" for place, layer in enumerate(model.layers)}

    def placed(value):
        if isinstance(value, dict):
            return {key: placed(one) for key, one in value.items()}
        if isinstance(value, list):
            return [placed(one) for one in value]
        return places.get(value, value) if isinstance(value, str) else value

    return json.dumps(placed(json.loads(model.to_json())))


def hash_of(path: Path) -> str:
    """Return 16 hexadecimal digits of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def hash_of_rows(rows: Arrays) -> str:
    """Return 16 hexadecimal digits of rows: what a network sees and learns, and their folds."""
    digest = hashlib.sha256()
    for name in ("label", "split", "votes", *inputs.NAMES):
        if name in rows:
            digest.update(f"{name} {rows[name].dtype} {rows[name].shape}".encode())
            digest.update(np.ascontiguousarray(rows[name]).tobytes())
    return digest.hexdigest()[:16]


def code_version(*more: str) -> str:
    """Return a hash of the code that a training's result depends on.

    Comments, docstrings and layout do not count: it is taken of the syntax tree.

    Args:
        more: patterns of further files, as paths within the repository.
    """
    digest = hashlib.sha256()
    for path in (path for name in (*CODE, *more) for path in sorted(ROOT.glob(name))):
        tree = ast.parse(path.read_text())
        if path.name in _NETWORKS:
            tree.body = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value = ast.Constant(None)
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def imagenet_start(backbone: str, cache: Path) -> tuple[str, str]:
    """Return a saved backbone with ImageNet weights, and what to say of it.

    Returns:
        the path of a model.keras for `Config.start` ("" where the weights cannot be had), and
        one phrase for the report.
    """
    path = cache / f"{backbone}-imagenet.keras"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            model = getattr(keras.applications, backbone)(include_top=False, weights="imagenet")
        except Exception as error:  # get_file raises a bare Exception without a network
            print(f"{backbone}: {error}", flush=True)
            return "", "from scratch: ImageNet weights could not be downloaded"
        model.save(path)
    return str(path), "from ImageNet weights"


def with_rows(split: Split, count: int) -> Split:
    """Return the split with at most `count` training rows, the same ones every time."""
    total = len(split.train["label"])
    if count >= total:
        return split
    chosen = np.sort(np.random.default_rng(0).permutation(total)[:count])
    return replace(split, train=sources.select(split.train, chosen))
