"""The imports point one way, and what must not be imported somewhere is not."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["shape_predictor", "preprocessing", "model", "webapp"]
PURE = {"preprocessing/render.py", "model/evaluate.py"}
MODULES = sorted(
    path for package in ORDER for path in (ROOT / package).rglob("*.py") if path.is_file()
)


def imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    level = ORDER.index(path.relative_to(ROOT).parts[0])
    assert not packages(path) & {"run", *ORDER[level + 1 :]}


@pytest.mark.parametrize("package", ["preprocessing", "webapp", "shape_predictor"])
def test_only_model_knows_keras(package):
    for path in (ROOT / package).rglob("*.py"):
        allowed = {"tensorflow"} if path.name == "export.py" else set()  # writes TFRecords
        assert not packages(path) & ({"keras", "tensorflow"} - allowed), path


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_do_no_input_or_output(name):
    source = (ROOT / name).read_text()
    assert not packages(ROOT / name) & {"os", "pathlib", "json", "io", "csv"}
    assert "open(" not in source and "print(" not in source


def test_one_module_decodes_pictures():
    for path in MODULES:
        if path.name == "images.py":
            continue
        assert "imdecode(" not in path.read_text() and "imread(" not in path.read_text(), path


def test_modules_are_short_and_there_is_no_utils():
    for path in MODULES:
        assert path.stem not in ("utils", "helpers", "common")
        assert len(path.read_text().splitlines()) <= 450, path
