"""`facelines table`: the released models, measured, for the README and docs/results.md."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("prepared", type=Path, help="FER2013 prepared with --ferplus")
    parser.add_argument("--split", default="PublicTest")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="put the short table, or the full one, between the markers that each file has",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and perhaps write the tables; return the exit status."""
    from facelines.benchmark import released_models
    from facelines.benchmark.report import markdown

    places = {path: _marker_of(path) for path in arguments.write}
    measured = released_models.measure(arguments.prepared, arguments.split)
    texts = {
        "results": released_models.summary(measured),
        "results-full": released_models.markdown(measured, arguments.split),
    }
    print(texts["results-full"])
    for path, name in places.items():
        markdown.write_into(path, texts[name], name)
    return 0


def _marker_of(path: Path) -> str:
    """Return which of the two tables a file asks for (ValueError for neither)."""
    from facelines.benchmark.report import markdown

    full = "<!-- results-full:start -->" in path.read_text()
    name = "results-full" if full else "results"
    markdown.check_markers(path, name)
    return name
