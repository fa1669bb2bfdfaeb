"""`facelines reference make`: pictures of a person at rest, or of any -> a file for --reference."""

import argparse
from pathlib import Path

KINDS = ("neutral", "mean")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(title="actions", dest="action", required=True)
    make = actions.add_parser("make", help="write NAME.json from photos of one person")
    make.add_argument("name", metavar="NAME", type=Path, help="of the file; .json is added")
    make.add_argument("photos", metavar="PHOTO", nargs="+", type=Path, help="photos or folders")
    make.add_argument(
        "--kind",
        choices=KINDS,
        help="the face at rest, or the mean of expressions of every kind; "
        "by default photos are neutral and a folder is the mean of its own",
    )
    make.add_argument("--model", default="landmark", help="a released name or a folder")
    make.add_argument("--overwrite", action="store_true", help="replace a file of this name")


def run(arguments: argparse.Namespace) -> int:
    """Write the reference; return the exit status."""
    from facelines.model.recognizer import Recognizer
    from facelines.model.reference import ReferenceError
    from facelines.model.reference_files import read_reference

    path = arguments.name
    path = path if path.suffix == ".json" else path.with_name(path.name + ".json")
    if path.exists() and not arguments.overwrite:
        raise ReferenceError(f"{path}: exists; give another name, or --overwrite to replace it.")
    recognizer = Recognizer.load(arguments.model)
    reference = read_reference(recognizer, arguments.photos, arguments.kind)
    path.write_text(reference.to_json() + "\n", encoding="utf-8")
    print(f"{path}: {reference.kind}, of {reference.count} face(s); geometry alone, no picture")
    return 0
