"""Types of command-line arguments that more than one command takes."""

import argparse
from collections.abc import Callable


def positive(text: str) -> int:
    """Return a count, at least 1 (argparse.ArgumentTypeError for anything else)."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def port(text: str) -> int:
    """Return a port, 0 (any free one) to 65535 (argparse.ArgumentTypeError for anything else)."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; expected 0 (any free) to 65535")
    return int(text)


def number(low: float, high: float, kind: type = float) -> Callable[[str], float]:
    """Return a type of arguments: numbers from `low` to `high`, whole ones where `kind` is int.

    It raises argparse.ArgumentTypeError for anything else.
    """

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            word = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is no {word} from {low} to {high}")
        return value

    return read
