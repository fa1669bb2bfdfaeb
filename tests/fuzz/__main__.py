"""Mutated inputs for every door, each within a time and a memory limit.

    python -m tests.fuzz --inputs 1000
    python -m tests.fuzz --seconds 120
    python -m tests.fuzz --door pictures --inputs 100000 --seed 7

Input i of a door is the same on every machine: it follows from the seed, the door and i. Prints a
line for each door, and each find with its number; the exit status is 1 where there is one. A door
runs in a process of its own, so that one that crashes is a find and not the end.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.doors import DOORS, run_named
from tests.fuzz.run import Report


def main() -> int:
    """Run the doors asked for and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--door", choices=DOORS, action="append")
    parser.add_argument("--inputs", type=int, help="for each door")
    parser.add_argument("--seconds", type=float, default=120.0, help="for all doors together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    arguments = parser.parse_args()
    names = arguments.door or list(DOORS)
    seconds = None if arguments.inputs else arguments.seconds / len(names)
    reports = [one(name, arguments, seconds) for name in names]
    return int(any(report.finds for report in reports))


def one(name: str, arguments: argparse.Namespace, seconds: float | None) -> Report:
    """Run one door in a process of its own, print its line, and return its report."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    current = context.Value("q", -1, lock=False)
    job = (name, arguments.seed, arguments.first, arguments.inputs, seconds)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=run_named, args=(*job, Path(folder), current, sender))
        process.start()
        sender.close()
        try:
            report = receiver.recv()
        except EOFError:
            process.join()
            crash = f"input {current.value}: the process ended with {process.exitcode}"
            report = Report(inputs=current.value - arguments.first + 1, finds=[crash])
        process.join()
    print(f"{name:10} {report.text()}, {time.monotonic() - started:.0f} s in all", flush=True)
    for find in report.finds:
        print(f"  {find}", flush=True)
    return report


if __name__ == "__main__":
    sys.exit(main())
