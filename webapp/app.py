"""The web application: one page, one socket, a few endpoints."""

from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from facelines.model.recognizer import Recognizer
from facelines.webapp import api, errors
from facelines.webapp.analyzer import Analyzer
from facelines.webapp.limits import ConcurrencyLimit, Places
from facelines.webapp.live import live
from facelines.webapp.security import Guard
from facelines.webapp.settings import Settings

STATIC = Path(__file__).parent / "static"


def create_app(recognizers: dict[str, Recognizer], settings: Settings) -> Starlette:
    """Return the app.

    Args:
        recognizers: by the name that clients choose them by; the first is the default. They
            share the first one's pipeline settings but for the mesh.
        settings: limits, allowed origins and hosts.
    """
    analyzer = Analyzer(recognizers, settings)

    @asynccontextmanager
    async def lifespan(app: Starlette):
        await anyio.to_thread.run_sync(analyzer.warm_up)
        yield
        analyzer.close()

    app = Starlette(
        routes=_routes(analyzer),
        middleware=_middleware(settings),
        exception_handlers={
            errors.BadRequest: errors.bad_request,
            HTTPException: errors.http_error,
            Exception: errors.server_error,
        },
        lifespan=lifespan,
    )
    app.state.analyzer = analyzer
    return app


def _routes(analyzer: Analyzer) -> list:
    def limited_to(places: Places) -> list[Middleware]:
        seconds = analyzer.settings.request_seconds
        return [Middleware(ConcurrencyLimit, places, analyzer.stopping, seconds)]

    for_pictures = limited_to(analyzer.picture_places)
    for_videos = limited_to(analyzer.video_places)
    return [
        Route("/", _file("index.html")),
        Route("/docs", _file("docs.html")),
        Route("/openapi.json", api.openapi),
        Route("/manifest.webmanifest", _file("manifest.webmanifest", "application/manifest+json")),
        Route("/service-worker.js", _file("service-worker.js")),  # here, for it serves all of /
        Route("/healthz", api.healthz),
        Route("/readyz", api.readyz),
        Route("/metrics", api.metrics),
        Route("/api/models", api.models),
        Route("/api/predict", api.predict, methods=["POST"], middleware=for_pictures),
        Route("/api/predict/video", api.predict_video, methods=["POST"], middleware=for_videos),
        WebSocketRoute("/live", live),
        Route("/live", api.upgrade_required),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _middleware(settings: Settings) -> list[Middleware]:
    guard = Middleware(Guard, settings=settings)
    if not settings.allow_origin:
        return [guard]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.allow_origin,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )
    return [guard, cors]


def _file(name: str, media_type: str | None = None):
    async def endpoint(request):
        return FileResponse(STATIC / name, media_type=media_type)

    return endpoint
