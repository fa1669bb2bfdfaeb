"""Types of command-line arguments that more than one command takes."""

import argparse


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
