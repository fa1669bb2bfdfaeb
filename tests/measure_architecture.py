"""Print the figures of docs/architecture.md: python -m tests.measure_architecture."""

import ast
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

from tests.test_architecture import MODULES, PATHS, ROOT, imported

PACKAGES = {
    "preprocessing": ("preprocessing", "preprocessing.datasets"),
    "model": ("model",),
    "model.training": ("model.training",),
    "benchmark": ("benchmark", "benchmark.analyses", "benchmark.report", "benchmark.serving"),
    "webapp": ("webapp",),
    "facelines": ("", "commands"),
}


def modules_of(packages: tuple[str, ...]) -> set[str]:
    """Return the modules that lie directly in packages, but for their __init__."""
    parents = {f"facelines.{name}".rstrip(".") for name in packages}
    return {
        name
        for name, path in MODULES.items()
        if name.rpartition(".")[0] in parents and path.name != "__init__.py"
    }


def arrows_within(modules: set[str]) -> int:
    """Return how many imports go from one of these modules to another."""
    return sum(len((imported(MODULES[name], True) & modules) - {name}) for name in modules)


def functions() -> list[tuple[str, int, int]]:
    """Return (place, lines, parameters) of each function; self and cls do not count."""
    found = []
    for path in PATHS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                count = sum(one.arg not in ("self", "cls") for one in given)
                place = f"{path.relative_to(ROOT)}: {node.name}"
                found.append((place, node.end_lineno - node.lineno + 1, count))
    return found


def switches(folder: Path) -> Counter:
    """Return where the formatter is switched off, by file."""
    paths = (path for path in folder.rglob("*.py") if ".venv" not in path.parts)
    counts = Counter({path: path.read_text().count("# fmt: " + "skip") for path in paths})
    return +counts


def main() -> None:
    """Print every figure."""
    for title, packages in PACKAGES.items():
        modules = modules_of(packages)
        print(f"{title}: {len(modules)} modules, {arrows_within(modules)} arrows within")
    lengths = {path: len(path.read_text().splitlines()) for path in PATHS}
    longest = max(lengths, key=lengths.get)
    print(f"longest file: {lengths[longest]} lines, {longest.relative_to(ROOT)}")
    found = functions()
    lines = [count for _, count, _ in found]
    print(f"functions: {len(found)}, median {median(lines):g} lines, 90 %", end=" ")
    print(f"{quantiles(lines, n=10)[-1]:g} lines")
    for what, place in (("lines", 1), ("parameters", 2)):
        most = sorted(found, key=lambda one: -one[place])[:3]
        print(f"most {what}: " + "; ".join(f"{one[place]}, {one[0]}" for one in most))
    off = switches(ROOT)
    print(f"formatter switched off: {sum(off.values())} times in {len(off)} files")


if __name__ == "__main__":
    main()
