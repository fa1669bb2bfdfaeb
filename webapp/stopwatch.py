"""Time by stage."""

import time
from collections import defaultdict
from contextlib import contextmanager


class Stopwatch:
    """Adds up the time spent in named stages.

    seconds: wall time of each stage, in the order in which they first ran.
    """

    def __init__(self):
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, stage: str):
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started

    def milliseconds(self) -> dict[str, float]:
        """Return milliseconds by stage, with their `total`."""
        stages = {stage: round(1000 * value, 2) for stage, value in self.seconds.items()}
        return stages | {"total": round(1000 * sum(self.seconds.values()), 2)}
