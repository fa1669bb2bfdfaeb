"""Logs that cannot fill a disk: so many records a minute, and how many more there were."""

import logging
import time
from collections.abc import Callable

_RECORDS_A_MINUTE = 30


class RateLimit(logging.Filter):
    """Lets so many records a minute pass, and counts the others on the next one's line."""

    def __init__(self, limit: int = _RECORDS_A_MINUTE, clock: Callable = time.monotonic):
        super().__init__()
        self._limit = limit
        self._clock = clock
        self._minute = -1
        self._count = self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record passes."""
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1
        if self._count > self._limit:
            self._left_out += 1
            return False
        if self._left_out:
            record.msg = f"({self._left_out} records before were left out) {record.msg}"
            self._left_out = 0
        return True


def configure() -> None:
    """Log warnings and errors of this process, and of its libraries, to stderr, within limits."""
    handler = logging.StreamHandler()
    handler.addFilter(RateLimit())
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )
