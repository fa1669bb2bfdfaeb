"""The imports point one way, and what must not be reached from somewhere is not.

What counts is the closure of imports: a module reaches what its imports reach. Imports within
functions count for direction, and not for the closure: they are the doors to optional parts.
"""

import ast
import functools
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["shape_predictor", "preprocessing", "model", "webapp", "benchmark", "facelines"]
PATHS = sorted(path for package in ORDER for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's dotted name, e.g. facelines.model.recognizer."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts if parts[0] == "facelines" else ("facelines", *parts))


MODULES = {name_of(path): path for path in PATHS}


def imported(path: Path, everywhere: bool) -> set[str]:
    """Return the dotted names that a module imports, `everywhere` or at its top level only."""
    tree = ast.parse(path.read_text())
    names = set()
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def called(path: Path) -> set[str]:
    """Return the names, dotted as they are written, of what a module calls."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}


@functools.cache
def reached(name: str) -> frozenset[str]:
    """Return every module and package that importing a module imports in the end."""
    seen, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in MODULES:
            waiting += imported(MODULES[one], everywhere=False)
            package = one.rpartition(".")[0]
            waiting += [package] if package in MODULES and package != "facelines" else []
    return frozenset(seen)


def packages_reached(name: str) -> set[str]:
    return {one.partition(".")[0] for one in reached(name)}


def room(name: str) -> str:
    """Return the top-level folder of a module of ours."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ORDER else "facelines"


def serves(name: str) -> bool:
    """Tell whether a module belongs to the serving install."""
    return room(name) not in ("benchmark",) and not name.startswith("facelines.model.training")


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_one_way(name):
    level = ORDER.index(room(name))
    for other in imported(MODULES[name], everywhere=True):
        if other in MODULES and other != "facelines":
            assert ORDER.index(room(other)) <= level, f"{name} imports {other}"


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) == "model"])
def test_serving_does_not_know_training(name):
    if not name.startswith("facelines.model.training"):
        found = imported(MODULES[name], everywhere=True)
        assert not [one for one in found if one.startswith("facelines.model.training")]


@pytest.mark.parametrize("name", [name for name in MODULES if serves(name)])
def test_serving_reaches_no_training_package(name):
    heavy = {"keras", "tensorflow", "sklearn", "scipy", "matplotlib", "onnx", "tf2onnx", "skimage"}
    assert not packages_reached(name) & heavy


@pytest.mark.parametrize("name", ["networks", "fit", "batches", "checkpoint", "augmentation"])
def test_training_imports_no_backend_of_keras(name):
    found = imported(MODULES[f"facelines.model.training.{name}"], everywhere=True)
    assert not {one.partition(".")[0] for one in found} & {"tensorflow", "torch", "jax"}


@pytest.mark.parametrize(
    "name", [name for name in MODULES if name.startswith("facelines.benchmark.report")]
)
def test_a_report_is_drawn_without_keras(name):
    assert not packages_reached(name) & {"keras", "tensorflow", "onnx", "onnxruntime", "sklearn"}


@pytest.mark.parametrize(
    "name",
    ["facelines.preprocessing.points", "facelines.preprocessing.render", "facelines.model.metrics"],
)
def test_pure_modules_reach_neither_dlib_nor_a_file(name):
    ours = [one for one in reached(name) if one in MODULES and one != "facelines"]
    for one in ours:
        assert not {"os", "pathlib", "json", "io", "csv"} & imported(MODULES[one], everywhere=True)
        assert not {"open", "print"} & called(MODULES[one])
    assert "dlib" not in packages_reached(name)


@pytest.mark.parametrize("name", ["facelines", "facelines.cli", "facelines.licences"])
def test_the_front_door_is_light(name):
    assert not packages_reached(name) & {"numpy", "cv2", "dlib", "onnxruntime", "pyarrow"}


def test_one_module_decodes_pictures():
    for path in PATHS:
        if path.name != "images.py":
            assert not {"cv2.imdecode", "cv2.imread", "Image.open"} & called(path), path


def test_modules_are_short_and_there_is_no_utils():
    for path in PATHS:
        assert path.stem not in ("utils", "helpers", "common")
        assert len(path.read_text().splitlines()) <= 450, path
