"""results.json -> table.md and report.html: nothing is measured, nothing of training needed."""

import json
from pathlib import Path

from facelines.benchmark.report import page, table
from facelines.preprocessing.layout import write_atomically


def write(out: Path, results: dict) -> None:
    """Write results.json, and what is drawn from it, into a folder."""
    for name, text in (
        ("results.json", json.dumps(results, indent=1) + "\n"),
        ("table.md", table.table(results) + "\n"),
        ("report.html", page.page(results)),
    ):
        write_atomically(out / name, text.encode())


def redraw(out: Path) -> dict:
    """Draw an earlier benchmark's table and report again, and return its results.

    Raises:
        ValueError: `out` holds no results.json that a benchmark wrote.
    """
    path = out / "results.json"
    try:
        results = json.loads(path.read_bytes())
        write(out, results)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is missing or was not written by this version's benchmark ({error!r}); "
            "expected the --out of an earlier run."
        ) from error
    return results
