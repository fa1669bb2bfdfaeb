"""`facelines speed`: how fast it is on this machine, as ratios to yardsticks measured in turn."""

import argparse
import json
from dataclasses import asdict

from facelines.commands.arguments import positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--model", default="landmark", help="a released name or a folder")
    parser.add_argument("--repeats", type=positive, default=60, metavar="N", help="of a median")
    parser.add_argument(
        "--images", type=positive, default=2000, metavar="N", help="to time preprocessing on"
    )
    parser.add_argument(
        "--all", action="store_true", help="also workers, memory and start: minutes more"
    )
    parser.add_argument("--json", action="store_true", help="one object instead of the table")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures; return the exit status."""
    from facelines.benchmark.serving import speed

    figures = []
    if not arguments.json:
        print(f"{'':21} {'ratio':>7} {'must':>6} {'aim':>6}   yardstick (processor time)")
    for figure in speed.measure(
        arguments.model, arguments.repeats, arguments.images, arguments.all
    ):
        figures.append(figure)
        if not arguments.json:
            met = "" if figure.is_met else "  missed"
            print(
                f"{figure.name:21} {figure.value:7.3f} {figure.must:6.2f} {figure.aim:6.2f}   "
                f"{figure.yardstick}{met}",
                flush=True,
            )
    machine = speed.machine()
    if arguments.json:
        print(json.dumps({"machine": machine} | {one.name: asdict(one) for one in figures}))
    else:
        print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()))
    return 0
