"""`facelines table`: the README's table of the released models, measured."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("prepared", type=Path, help="FER2013 prepared with --ferplus")
    parser.add_argument("--split", default="PublicTest")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put it between the markers")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and perhaps write the table; return the exit status."""
    from facelines.benchmark import released_models

    text = released_models.markdown(
        released_models.measure(arguments.prepared, arguments.split), arguments.split
    )
    print(text)
    if arguments.write:
        released_models.write_into(arguments.write, text)
    return 0
