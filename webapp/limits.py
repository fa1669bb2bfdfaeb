"""Who is served: as many live clients as the measured speed allows, and so many uploads."""

import asyncio
import json
import statistics
import threading
from collections import deque

from facelines.webapp.errors import RETRY_SECONDS, BadRequest
from facelines.webapp.settings import Settings

_REMEMBERED = 256  # frames whose median time counts
_LEAST_CLIENTS = 2  # admitted however slow: a busy start must not turn a second visitor away


class Admission:
    """Counts live clients against a capacity that follows the measured time of a frame.

    clients: how many are admitted now.
    """

    retry_seconds = RETRY_SECONDS

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
        return min(self._settings.max_clients, max(_LEAST_CLIENTS, int(possible)))

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


class ConcurrencyLimit:
    """ASGI middleware of a route: refuses a request that finds no place, and ends a long one.

    A request holds its place from before its body is read until its answer, streamed or not, is
    sent or its client has left, `request_seconds` have passed, or the server stops.
    """

    def __init__(self, app, places: Places, stopping: asyncio.Event, seconds: float):
        self._app = app
        self._places = places
        self._stopping = stopping
        self._seconds = seconds

    async def __call__(self, scope, receive, send):
        if not self._places.enter():
            scope["app"].state.analyzer.metrics.add("facelines_refused_total")
            raise BadRequest(503, "The server is busy; try again in a few seconds.")
        try:
            await self._serve(scope, receive, send)
        finally:
            self._places.leave()

    async def _serve(self, scope, receive, send) -> None:
        answer = _Answer(send)
        work = asyncio.ensure_future(self._app(scope, receive, answer.send))
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            done, _ = await asyncio.wait(
                (work, stopped), timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if work in done:
                return work.result()
        finally:
            work.cancel()
            stopped.cancel()
            await asyncio.wait((work, stopped))
        await answer.break_off("The server stops" if stopped in done else "This takes too long")


class _Answer:
    """What of an answer has been sent."""

    def __init__(self, send):
        self._send = send
        self._begun = self._ended = False

    async def send(self, message) -> None:
        self._begun = True
        await self._send(message)
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")

    async def break_off(self, reason: str) -> None:
        """Say why there is no answer, or no more of it."""
        if not self._begun:
            raise BadRequest(503, f"{reason}; send it again.")
        if not self._ended:
            line = json.dumps({"error": f"{reason}; send it again."}) + "\n"
            await self._send({"type": "http.response.body", "body": line.encode()})
