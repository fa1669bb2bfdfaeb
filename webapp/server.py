"""Start the web app: load the released models, listen, print the address."""

import asyncio
import webbrowser
from dataclasses import replace
from pathlib import Path

import uvicorn

from facelines.model import artifact
from facelines.model.artifact import ArtifactError
from facelines.model.recognizer import Recognizer
from facelines.webapp import logs, network
from facelines.webapp.app import create_app
from facelines.webapp.protocols import WebSocketProtocol, http_protocol
from facelines.webapp.security import ANY_HOST
from facelines.webapp.settings import Settings

_BACKLOG = 128  # asyncio tries, and logs, as many times at once where file descriptors run out
_ORDER = ("landmark-ferplus", "pixel-ferplus", "fused-ferplus", "landmark", "pixel", "fused")


def serve(settings: Settings, *, open_page: bool = False) -> None:
    """Serve until interrupted; open the page in the user's browser once it can be, if asked to.

    Raises:
        ArtifactError: the model asked for does not exist or does not fit this version.
    """
    logs.configure()
    app = create_app(load_recognizers(settings.model), settings)
    Server(app, settings, open_page).run()


def load_recognizers(default: str) -> dict[str, Recognizer]:
    """Return the default recognizer and every released one that shares its pipeline.

    Raises:
        ArtifactError: the default cannot be loaded.
    """
    first = Recognizer.load(default)
    recognizers = {first.name: first}
    for name in sorted(artifact.released(), key=_rank):
        if name not in recognizers:
            other = Recognizer.load(name)
            # Faces are found and drawn once for all models; the mesh is added where one needs it.
            if replace(other.pipeline, mesh=False) == replace(first.pipeline, mesh=False):
                recognizers[name] = other
    return recognizers


def address(settings: Settings, port: int) -> str:
    """Return the address to open in a browser."""
    scheme = "https" if settings.ssl_certfile else "http"
    host = "localhost" if settings.host in ANY_HOST else settings.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def open_to_others(settings: Settings, port: int) -> list[str]:
    """Return the lines that say what listening on all of this machine's addresses means."""
    if settings.host not in ANY_HOST:
        return []
    lines = [
        "It listens on every address of this machine: whoever reaches it can use it, for there is "
        "no login."
    ]
    others = [address(replace(settings, host=host), port) for host in network.addresses()]
    if others:
        lines.append(f"From another machine: {', '.join(others)}")
    if not settings.ssl_certfile:
        lines.append(
            "Browsers lend their camera only to https and to localhost: for other machines give "
            "--ssl-certfile and --ssl-keyfile."
        )
    return lines


class Server(uvicorn.Server):
    """uvicorn, which says where it listens once it does."""

    def __init__(self, app, settings: Settings, open_page: bool = False):
        super().__init__(_uvicorn_config(app, settings))
        self._app = app
        self._settings = settings
        self._open_page = open_page

    @property
    def port(self) -> int:
        """The port that it listens on, also where port 0 was asked for."""
        return self.servers[0].sockets[0].getsockname()[1]

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        if self.started:
            page = address(self._settings, self.port)
            print(f"Facelines: {page} (Ctrl+C stops it)", flush=True)
            for line in open_to_others(self._settings, self.port):
                print(line, flush=True)
            if self._open_page and not await asyncio.to_thread(webbrowser.open, page):
                print("No browser was found; open the address yourself.", flush=True)

    async def shutdown(self, sockets=None) -> None:
        """Answer what is in flight for a while, then end it with 503."""
        stopping = self._app.state.analyzer.stopping
        asyncio.get_running_loop().call_later(self._settings.drain_seconds, stopping.set)
        await super().shutdown(sockets)


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _uvicorn_config(app, settings: Settings) -> uvicorn.Config:
    for path in filter(None, (settings.ssl_certfile, settings.ssl_keyfile)):
        if not Path(path).is_file():
            raise ArtifactError(f"{path}: no such file; expected a PEM certificate or key.")
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.ssl_certfile,
        ssl_keyfile=settings.ssl_keyfile,
        http=http_protocol(settings),
        ws=WebSocketProtocol,
        backlog=_BACKLOG,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_size=settings.max_frame_bytes + 1024,
        ws_per_message_deflate=False,  # JPEG does not shrink, and answers are small
        timeout_graceful_shutdown=int(settings.drain_seconds) + 3,
    )
