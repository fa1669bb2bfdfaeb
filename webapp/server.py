"""Start the web app: load the released models, listen, print the address."""

import asyncio
import webbrowser
from dataclasses import replace
from pathlib import Path

import uvicorn

from facelines.model import artifact
from facelines.model.artifact import ArtifactError
from facelines.model.recognizer import Recognizer
from facelines.webapp.app import create_app
from facelines.webapp.settings import Settings

_ORDER = ("landmark-ferplus", "pixel-ferplus", "fused-ferplus", "landmark", "pixel", "fused")


def serve(settings: Settings, *, open_page: bool = False) -> None:
    """Serve until interrupted; open the page in the user's browser once it can be, if asked to.

    Raises:
        ArtifactError: the model asked for does not exist or does not fit this version.
    """
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
    host = "localhost" if settings.host in ("0.0.0.0", "::", "") else settings.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class Server(uvicorn.Server):
    """uvicorn, which says where it listens once it does."""

    def __init__(self, app, settings: Settings, open_page: bool = False):
        super().__init__(_uvicorn_config(app, settings))
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
            if self._open_page and not await asyncio.to_thread(webbrowser.open, page):
                print("No browser was found; open the address yourself.", flush=True)


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
        log_level="warning",
        access_log=False,
        server_header=False,
        ws_max_queue=1,  # more would only hide a backlog
        ws_max_size=settings.max_frame_bytes + 1024,
        ws_per_message_deflate=False,  # JPEG does not shrink, and answers are small
        timeout_graceful_shutdown=3,
    )
