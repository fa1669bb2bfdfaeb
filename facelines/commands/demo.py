"""`facelines demo`: the first look: a photo, its drawing, a prediction, the web app."""

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, default=Path("out/demo"))


def run(arguments: argparse.Namespace) -> int:
    """Show everything once; return the exit status."""
    from facelines.demo import demonstrate

    demonstrate(arguments.out)
    if not sys.stdout.isatty():  # a script's run must end by itself
        print("Web app: facelines webapp")
        return 0
    from facelines.cli import main

    return main(["webapp"])
