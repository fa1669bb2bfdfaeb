"""`facelines card`: artifacts' cards, written anew from their metrics."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("artifacts", nargs="+")


def run(arguments: argparse.Namespace) -> int:
    """Write the cards and print their paths; return the exit status."""
    from facelines.model.training.export import rewrite_card

    for name in arguments.artifacts:
        print(rewrite_card(name))
    return 0
