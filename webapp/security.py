"""Headers on every answer; which hosts and origins are served."""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketClose

from facelines.webapp.settings import Settings

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
ANY_HOST = ("0.0.0.0", "::", "")
_POLICY_VIOLATION = 1008


class Guard:
    """ASGI middleware: refuses strange hosts and origins, and sets the security headers.

    The Host header is checked because a page elsewhere can point its own name at 127.0.0.1
    (DNS rebinding): its Origin and Host then agree, yet it is not this app's page.
    """

    def __init__(self, app, settings: Settings):
        self._app = app
        self._settings = settings
        self._hosts = _hosts(settings)

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        with_headers = _sender_with_headers(send)
        if problem := self._problem(scope):
            if scope["type"] == "websocket":
                refusal = WebSocketClose(_POLICY_VIOLATION, problem)
            else:
                refusal = JSONResponse({"error": problem}, 403)
            return await refusal(scope, receive, with_headers)
        return await self._app(scope, receive, with_headers)

    def _problem(self, scope) -> str | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            name, origin_host = urlsplit(f"//{host}").hostname, urlsplit(origin or "").netloc
        except ValueError:
            return f"Host {host!r} or Origin {origin!r} cannot be read."
        if not self._serves(name):
            return f"Host {host!r} is not served here; name it with --allow-origin or --host."
        reading = scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS")
        if reading or origin is None or origin in self._settings.allow_origin:
            return None
        if origin_host == host:
            return None
        return f"Origin {origin!r} may not use this server; allow it with --allow-origin."

    def _serves(self, name: str | None) -> bool:
        # An address cannot be rebound, so a server that listens on all of them takes any.
        every_address = self._settings.host in ANY_HOST
        return name in self._hosts or (every_address and _is_address(name))


def _hosts(settings: Settings) -> set[str]:
    """Return the names that the Host header may hold, in lower case."""
    hosts = {urlsplit(origin).hostname for origin in settings.allow_origin}
    if settings.host in ANY_HOST:
        return hosts.union(_LOOPBACK, _own_names())
    return hosts.union(_LOOPBACK if settings.host in _LOOPBACK else (settings.host.lower(),))


def _own_names() -> set[str]:
    """Return the names by which a local network may know this machine, in lower case.

    What the machine itself is called; no name server is asked.
    """
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return {name, short, f"{short}.local"}


def _is_address(name: str | None) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _sender_with_headers(send):
    async def sender(message):
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sender
