"""uvicorn's protocols, which wait for a slow or silent client only so long."""

import asyncio
import json

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from facelines.webapp.errors import RETRY_SECONDS
from facelines.webapp.settings import Settings

_MAX_IDLE_FRAMES = 256  # fragments, pings and pongs for one message
_PIECE = 8 << 10  # bytes that are taken apart before a client can be stopped


def http_protocol(settings: Settings) -> type[H11Protocol]:
    """Return the protocol of HTTP connections: deadlines for heads, and so many at once."""
    # Connections whose request has not arrived, the oldest first.
    silent: dict[H11Protocol, None] = {}

    class HttpProtocol(H11Protocol):
        """Gives up a connection that sends no whole head.

        Of those that have sent none, the oldest makes room for the next: a thousand silent
        sockets take no visitor's place.
        """

        _due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._expect_head()
            if len(silent) > max(1, settings.max_connections // 2):
                next(iter(silent)).give_up()

        def connection_lost(self, exc: Exception | None) -> None:
            self._head_is_there()
            super().connection_lost(exc)

        def handle_events(self) -> None:
            served = len(self.connections) - len({*silent, self})
            self.app = _busy if served >= settings.max_connections else self.config.loaded_app
            super().handle_events()
            if self.conn.their_state is not h11.IDLE:
                self._head_is_there()
            elif self._due is None:
                self._expect_head()

        def handle_websocket_upgrade(self, event: h11.Request) -> None:
            self._head_is_there()
            super().handle_websocket_upgrade(event)

        def give_up(self) -> None:
            """End the connection at once."""
            self._head_is_there()
            self.transport.abort()

        def send_400_response(self, msg: str) -> None:
            """Answer what is no HTTP, in the form of every error."""
            body = json.dumps({"error": msg}).encode()
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
            self.transport.close()

        def _expect_head(self) -> None:
            silent[self] = None
            self._due = self.loop.call_later(settings.header_seconds, self.give_up)

        def _head_is_there(self) -> None:
            silent.pop(self, None)
            if self._due is not None:
                self._due.cancel()
                self._due = None

    return HttpProtocol


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Ends a connection that sends fragments, pings or pongs without end."""

    _idle_frames = 0

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PIECE])

    def handle_cont(self, event) -> None:
        if self._goes_on():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._goes_on():
            super().handle_ping()

    def handle_pong(self, event) -> None:
        if self._goes_on():
            super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        self._idle_frames = 0
        super().send_receive_event_to_app()

    def _goes_on(self) -> bool:
        self._idle_frames += 1
        if self._idle_frames == _MAX_IDLE_FRAMES:
            self.conn.fail(1008, "too many fragments or pings")
            self.handle_parser_exception()
        return self._idle_frames < _MAX_IDLE_FRAMES


async def _busy(scope, receive, send) -> None:
    message = "The server holds as many connections as it can; try again in a few seconds."
    headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
    await JSONResponse({"error": message}, 503, headers)(scope, receive, send)
