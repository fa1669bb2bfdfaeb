"""Run a door: mutate, try, measure."""

import random
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutate import mutated

SECONDS = 1.0  # of processor time; a busy machine's waiting is no find
MEBIBYTES = 300
_MAX_FINDS = 20
_STATUS = Path("/proc/self/status")  # Linux; getrusage there counts what the parent had, too


@dataclass(frozen=True)
class Door:
    """Where bytes of strangers come in.

    seeds: inputs that are right, which mutation starts from.
    enter: takes the bytes; raises `refusals` where they are no use.
    """

    seeds: list[bytes]
    enter: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...] = ()


@dataclass
class Report:
    """What a run of a door showed."""

    inputs: int = 0
    taken: int = 0
    slowest: float = 0.0
    most_memory: float = 0.0
    finds: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return a line of figures."""
        return (
            f"{self.inputs} inputs, {self.taken} taken, slowest {self.slowest:.2f} s, "
            f"at most {self.most_memory:.0f} MiB more, {len(self.finds)} finds"
        )


def run_door(
    door: Door,
    name: str,
    seed: int = 0,
    first: int = 0,
    inputs: int | None = None,
    seconds: float | None = None,
    current=None,
) -> Report:
    """Try mutated inputs, so many or for so long, and report.

    current: a shared number that is told which input is tried, for the case that it crashes.
    """
    report = Report()
    for one in door.seeds:
        _try(door, one)  # what is loaded once is not an input's cost
    end = time.monotonic() + seconds if seconds else float("inf")
    number = first
    while (inputs is None or number < first + inputs) and time.monotonic() < end:
        if current is not None:
            current.value = number
        data = mutated(random.Random(f"{seed}-{name}-{number}"), door.seeds)
        _measure(door, data, number, report)
        if len(report.finds) >= _MAX_FINDS:
            break
        number += 1
    return report


def _measure(door: Door, data: bytes, number: int, report: Report) -> None:
    before, started = _peak(), time.process_time()
    taken, fault = _try(door, data)
    seconds, memory = time.process_time() - started, _peak() - before
    report.inputs += 1
    report.taken += taken
    report.slowest = max(report.slowest, seconds)
    report.most_memory = max(report.most_memory, memory)
    if seconds > SECONDS:
        fault = f"{seconds:.1f} s"
    if memory > MEBIBYTES:
        fault = f"{memory:.0f} MiB more"
    if fault:
        report.finds.append(f"input {number}: {fault}")


def _try(door: Door, data: bytes) -> tuple[bool, str]:
    """Return whether the input was taken, and what went wrong."""
    try:
        door.enter(data)
    except door.refusals:
        return False, ""
    except MemoryError:
        return False, "MemoryError"
    except BaseException as error:
        return False, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return True, ""


def _peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    if _STATUS.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
