"""What more than one command prints."""

import shlex
import sys


def print_figures(figures: dict, name: str) -> None:
    """Print an artifact's metrics for a person."""
    from facelines.model.format import figures_text

    print(figures_text(figures, name))


def this_command() -> str:
    """Return the command line as it was given, for cards and reports."""
    return shlex.join(["facelines", *sys.argv[1:]])
