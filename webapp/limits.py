"""Who is served: as many live clients as the measured speed allows, and so many uploads."""

import statistics
import threading
from collections import deque

from facelines.webapp.settings import Settings

_REMEMBERED = 256  # frames whose median time counts
_BUSY_RETRY_SECONDS = 3


class Admission:
    """Counts live clients against a capacity that follows the measured time of a frame.

    clients: how many are admitted now.
    """

    retry_seconds = _BUSY_RETRY_SECONDS

    def __init__(self, settings: Settings):
        self.clients = 0
        self._settings = settings
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def measured(self, seconds: float) -> None:
        """Take in how long one frame kept a worker busy."""
        with self._lock:
            self._seconds.append(seconds)

    @property
    def capacity(self) -> int:
        """Clients that can each have `client_rate` answers a second."""
        with self._lock:
            if not self._seconds:
                return self._settings.max_clients
            frame_seconds = statistics.median(self._seconds)
        seconds_to_share = self._settings.load_share * self._settings.workers
        possible = seconds_to_share / (self._settings.client_rate * frame_seconds)
        return max(1, min(self._settings.max_clients, int(possible)))

    def enter(self) -> bool:
        """Take a place, if there is one; who got it must `leave`."""
        if self.clients >= self.capacity:
            return False
        self.clients += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.clients -= 1


class Places:
    """Counts uploads against a fixed limit. For one thread: the event loop's.

    taken: how many places are in use now.
    """

    def __init__(self, limit: int):
        self.taken = 0
        self._limit = limit

    def enter(self) -> bool:
        """Take a place, if there is one; who got it must `leave`."""
        if self.taken >= self._limit:
            return False
        self.taken += 1
        return True

    def leave(self) -> None:
        """Give the place back."""
        self.taken -= 1
