"""Types of command-line arguments that more than one command takes."""

import argparse
import math
from collections.abc import Callable

from facelines.preprocessing.ray_engine import ENGINES, Cluster


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


def add_engine(parser) -> None:
    """Declare where the work is done (see `cluster_of`).

    Args:
        parser: an ArgumentParser, or a group of its arguments.
    """
    parser.add_argument("--engine", choices=ENGINES, default="processes")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="with --engine ray: a running head node (else RAY_ADDRESS, else this machine's)",
    )
    parser.add_argument(
        "--resources",
        type=_amounts,
        metavar="NAME=AMOUNT,...",
        help="with --engine ray: what a task occupies, CPU=1 by default",
    )


def cluster_of(arguments: argparse.Namespace) -> Cluster | None:
    """Return the cluster asked for, None for processes of this machine.

    Raises:
        ValueError: a cluster is described, and the engine is another.
    """
    if arguments.engine == "ray":
        return Cluster(arguments.address, arguments.resources or {})
    for name in ("address", "resources"):
        if getattr(arguments, name) is not None:
            raise ValueError(f"--{name} is for --engine ray; add it, or leave --{name} out.")
    return None


def _amounts(text: str) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for part in text.split(","):
        name, _, amount = (piece.strip() for piece in part.partition("="))
        try:
            is_fine = name and name not in amounts and 0 <= float(amount) < math.inf
        except ValueError:
            is_fine = False
        if not is_fine:
            raise argparse.ArgumentTypeError(f"{text!r}: expected something like CPU=2,faces=1")
        amounts[name] = float(amount)
    return amounts
