"""`facelines doctor`: what is installed, and what to do where something is missing."""

import argparse

from facelines.licences import LICENCES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: none."""


def run(arguments: argparse.Namespace) -> int:
    """Print the report; return the exit status (1 where something needed is missing)."""
    from facelines.doctor import report

    lines, healthy = report()
    print("\n".join([*lines, "", LICENCES]))
    return 0 if healthy else 1
