"""The camera's socket: JPEG frames in, JSON out; one frame in flight, the newest wins."""

import asyncio
import json
import time
from dataclasses import dataclass, replace

from starlette.websockets import WebSocket, WebSocketDisconnect

from facelines.preprocessing.images import ImageError
from facelines.webapp.analyzer import Analyzer, UnknownModel
from facelines.webapp.references import LiveReferences, reference_message
from facelines.webapp.schema import PICTURES
from facelines.webapp.tracking import Tracker

_TRY_AGAIN_LATER = 1013
_TOO_BIG = 1009
_IDLE = 4000
_POLICY = 1008
_MAX_TEXT = 64 << 10  # characters of a message with settings or references
_MAX_CHOICES = 50  # settings between two frames
_MAX_MODELS = 2


@dataclass(frozen=True)
class Choice:
    """What a client wants of its frames.

    models: one or two names.
    smoothing: whether points and probabilities are smoothed over time.
    pixels: whether each face comes with its 48x48 gray crop too, not only with its drawing.
    """

    models: list[str]
    smoothing: bool = True
    pixels: bool = False

    @property
    def is_well_formed(self) -> bool:
        """Whether the values, which a client sent, are of the right kinds."""
        return (
            isinstance(self.models, list)
            and all(isinstance(name, str) for name in self.models)
            and 1 <= len(self.models) <= _MAX_MODELS
            and isinstance(self.smoothing, bool)
            and isinstance(self.pixels, bool)
        )


async def live(websocket: WebSocket) -> None:
    """Serve one client of `WS /live`, or tell it at once that the server is busy."""
    analyzer: Analyzer = websocket.app.state.analyzer
    await websocket.accept()
    if not analyzer.admission.enter():
        await _refuse(websocket, analyzer)
        return
    try:
        await LiveClient(websocket, analyzer).serve()
    except WebSocketDisconnect:
        pass
    finally:
        analyzer.admission.leave()


async def _refuse(websocket: WebSocket, analyzer: Analyzer) -> None:
    analyzer.metrics.add("facelines_refused_total")
    try:
        await websocket.send_json(
            {
                "type": "busy",
                "message": "The server is reading as many faces as it can; try again soon.",
                "retry_seconds": analyzer.admission.retry_seconds,
            }
        )
        await websocket.close(_TRY_AGAIN_LATER, "busy")
    except WebSocketDisconnect:
        pass


class LiveClient:
    """One admitted client.

    A reader keeps only the newest frame, so a client that sends too fast loses frames instead
    of building up a delay; its next answer says how many (`dropped`).
    """

    def __init__(self, websocket: WebSocket, analyzer: Analyzer):
        self._websocket = websocket
        self._analyzer = analyzer
        self._tracker = Tracker(
            analyzer.pipeline(analyzer.recognizers), analyzer.settings.max_faces
        )
        self._choice = Choice(analyzer.choose([]))
        self._references = LiveReferences()
        self._newest: bytes | None = None
        self._arrived = asyncio.Event()
        self._due = 0.0
        self._choices = 0
        self._received = 0
        self._dropped = 0

    async def serve(self) -> None:
        """Answer frames until the client leaves, or sends none that can be decoded for a while."""
        await self._say_hello()
        self._due = time.monotonic() + self._analyzer.settings.first_frame_seconds
        reader = asyncio.create_task(self._read())
        answerer = asyncio.create_task(self._answer())
        tasks = (reader, answerer)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
                task.add_done_callback(_retrieve)
            # Not gather: cancelled itself, it hides who cancelled it, and anyio asks for that.
            await asyncio.wait(tasks)

    async def _say_hello(self) -> None:
        settings = self._analyzer.settings
        await self._websocket.send_json(
            {
                "type": "hello",
                "models": list(self._analyzer.recognizers),
                "max_frame_bytes": settings.max_frame_bytes,
                "max_frame_pixels": settings.max_frame_pixels,
            }
        )

    async def _read(self) -> None:
        limit = self._analyzer.settings.max_frame_bytes
        while (message := await self._receive()) is not None:
            if message.get("bytes") is None:
                if not await self._choose(message.get("text") or ""):
                    return
            elif len(message["bytes"]) > limit:
                await self._websocket.close(_TOO_BIG, f"a frame may have {limit} bytes")
                return
            else:
                self._keep(message["bytes"])

    async def _receive(self) -> dict | None:
        """Return the next message; None once the client has left, or its time is up."""
        while (patience := self._due - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._websocket.receive(), patience)
            except asyncio.TimeoutError:
                continue  # an answered frame may have given it more time
            return None if message["type"] == "websocket.disconnect" else message
        await self._websocket.close(_IDLE, "no frame for a while; connect again")
        return None

    def _keep(self, frame: bytes) -> None:
        if self._newest is not None:
            self._dropped += 1
            self._analyzer.metrics.add("facelines_dropped_frames_total")
        self._newest = frame
        self._received += 1
        self._arrived.set()

    async def _choose(self, text: str) -> bool:
        """Take the client's choice of models, smoothing, pictures or references.

        Returns whether to go on.
        """
        self._choices += 1
        if len(text) > _MAX_TEXT or self._choices > _MAX_CHOICES:
            await self._websocket.close(_POLICY, "too many or too long settings")
            return False
        try:
            if (values := reference_message(text)) is not None:
                self._references.obey(values)
            else:
                self._choice = choice_of(text, self._analyzer)
        except ValueError as error:
            await self._websocket.send_json({"type": "error", "message": str(error)})
        return True

    async def _answer(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            frame, self._newest = self._newest, None
            number, dropped, self._dropped = self._received, self._dropped, 0
            answer = await self._analyse(frame)
            await self._websocket.send_text(
                json.dumps(answer | {"frame": number, "dropped": dropped})
            )

    async def _analyse(self, frame: bytes) -> dict:
        job = self._analyzer.submit(self._frame_values, frame)
        try:
            values = await asyncio.wrap_future(job)
        except ImageError as error:
            return {"type": "error", "message": f"This frame cannot be used: {error}"}
        self._due = time.monotonic() + self._analyzer.settings.idle_seconds
        self._choices = 0
        return {"type": "result"} | values

    def _frame_values(self, frame: bytes) -> dict:
        choice = self._choice
        pictures = PICTURES if choice.pixels else PICTURES[:1]
        return self._analyzer.frame(
            frame,
            self._tracker,
            choice.models,
            smooth=choice.smoothing,
            pictures=pictures,
            references=self._references,
        )


def _retrieve(task: asyncio.Task) -> None:
    """Look at how a task ended, or asyncio logs that nobody did."""
    if not task.cancelled():
        task.exception()


def choice_of(text: str, analyzer: Analyzer) -> Choice:
    """Return what a settings message chooses.

    Raises:
        ValueError: it is not one; the message says what was expected.
    """
    expected = 'expected {"type": "settings", "models": [one or two names], "smoothing": true}'
    try:
        values = json.loads(text)
        choice = Choice(values["models"], values["smoothing"], values.get("pixels", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"This message cannot be read; {expected}.") from error
    if not choice.is_well_formed:
        raise ValueError(f"These settings cannot be used; {expected}.")
    try:
        return replace(choice, models=analyzer.choose(choice.models))
    except UnknownModel as error:
        raise ValueError(str(error)) from error
