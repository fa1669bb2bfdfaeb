"""`facelines predict`: photos, folders and videos -> a line for each face."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--model", default="landmark", help="a released name or a folder")
    parser.add_argument("--annotate", type=Path, metavar="DIR", help="draw on copies in DIR")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print a line a face; return the exit status (1 where nothing could be read)."""
    from facelines.model.predict_files import predict_paths
    from facelines.model.recognizer import Recognizer

    recognizer = Recognizer.load(arguments.model)
    rows, passed_over = [], Counter()
    for row in predict_paths(recognizer, arguments.paths, arguments.annotate, passed_over):
        rows.append(row)
        print(_row_text(row))
    nothing_read = all(row.error and not row.error.startswith("no face ") for row in rows)
    if arguments.annotate and not nothing_read:
        print(f"\nAnnotated copies are in {arguments.annotate}")
    if passed_over:
        each = ", ".join(f"{why} {count}" for why, count in sorted(passed_over.items()))
        print(f"{passed_over.total()} files passed over ({each})", file=sys.stderr)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
    return 1 if nothing_read else 0


def _row_text(row) -> str:
    where = row.path if row.time is None else f"{row.path} {row.time:7.2f} s"
    if row.error:
        return row.error if row.error.startswith(row.path) else f"{where}: {row.error}"
    left, top, right, bottom = row.box
    return (
        f"{where}  face {row.face}  {row.emotion:<9} {100 * row.confidence:5.1f} %  "
        f"box {left:.0f},{top:.0f} to {right:.0f},{bottom:.0f}  quality {row.quality:.2f}"
    )
