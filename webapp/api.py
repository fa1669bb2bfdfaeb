"""The HTTP endpoints: pictures, videos, health, metrics."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from facelines.preprocessing.faces import DETECTORS
from facelines.preprocessing.images import ImageError
from facelines.webapp import video
from facelines.webapp.analyzer import PICTURES, Analyst, UnknownModel
from facelines.webapp.limits import Places

_MAX_EVERY = 1000
_END = object()


class BadRequest(Exception):
    """A request that cannot be answered: HTTP status and one line for the user."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


class Room:
    """ASGI middleware of a route: refuses a request that finds no place.

    A request holds its place from before its body is read until its answer, streamed or not, is
    sent or its client has left.
    """

    def __init__(self, app, places: Places):
        self._app = app
        self._places = places

    async def __call__(self, scope, receive, send):
        if not self._places.enter():
            scope["app"].state.analyst.metrics.add("facelines_refused_total")
            raise BadRequest(503, "The server is busy; try again in a few seconds.")
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.leave()


async def bad_request(request: Request, error: BadRequest) -> JSONResponse:
    """Answer a BadRequest."""
    headers = {"Retry-After": "3"} if error.status == 503 else None
    return JSONResponse({"error": error.message}, error.status, headers)


async def healthz(request: Request) -> JSONResponse:
    """Tell that the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """Tell whether the networks are loaded."""
    analyst = _analyst(request)
    values = {"ready": analyst.ready, "models": list(analyst.recognizers)}
    return JSONResponse(values, 200 if analyst.ready else 503)


async def metrics(request: Request) -> PlainTextResponse:
    """Return the counters in Prometheus' text format."""
    analyst = _analyst(request)
    gauges = {
        "facelines_clients": analyst.admission.clients,
        "facelines_capacity": analyst.admission.capacity,
        "facelines_queued": analyst.queued,
        "facelines_picture_uploads": analyst.picture_places.taken,
        "facelines_video_uploads": analyst.video_places.taken,
    }
    text = analyst.metrics.text(gauges)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def models(request: Request) -> JSONResponse:
    """Describe the loaded models: labels, threshold of uncertainty, measured accuracy."""
    recognizers = _analyst(request).recognizers
    return JSONResponse(
        {
            "models": [
                {
                    "name": name,
                    "labels": list(recognizer.labels),
                    "uncertain_below": recognizer.uncertain_below,
                    "metrics": recognizer.metrics,
                }
                for name, recognizer in recognizers.items()
            ]
        }
    )


async def predict(request: Request) -> JSONResponse:
    """Read every face of a picture, sent as the body or as one file of a form."""
    analyst = _analyst(request)
    names = _models(request, analyst)
    pictures, search = _pictures(request), _search(request)
    data = await _upload(request, analyst.settings.max_picture_bytes)
    job = analyst.submit(partial(analyst.picture, data, names, pictures, **search))
    try:
        return JSONResponse(await asyncio.wrap_future(job))
    except ImageError as error:
        raise BadRequest(400, f"The picture cannot be used: {error}") from error


async def predict_video(request: Request) -> StreamingResponse:
    """Read a video frame by frame; the answer is streamed, one JSON object a line."""
    analyst = _analyst(request)
    if not video.SUPPORTED:
        raise BadRequest(
            501,
            "This system has no files in memory (memfd), and videos are not written to disk; "
            "send the frames one by one to /api/predict instead.",
        )
    names, every = _models(request, analyst), _every(request)
    data = await _upload(request, analyst.settings.max_video_bytes)
    lines = _video_lines(analyst, data, names, every, _pictures(request))
    try:
        first = await _next_line(analyst, lines)
    except ImageError as error:
        raise BadRequest(400, f"The video cannot be used: {error}") from error
    return StreamingResponse(_stream(analyst, first, lines), media_type="application/x-ndjson")


def _video_lines(
    analyst: Analyst, data: bytes, names: list[str], every: int, pictures: list[str]
) -> Iterator[str]:
    with video.in_memory(data, analyst.settings.max_frame_pixels) as path:
        del data  # or a copy of the video stays for as long as the answer lasts
        for values in analyst.video(path, names, every, pictures):
            yield json.dumps(values) + "\n"


async def _stream(analyst: Analyst, first: str, lines: Iterator[str]) -> AsyncIterator[str]:
    # A client that leaves early cancels this; the generator and the video's memory go with it.
    line = first
    while line is not _END:
        yield line
        line = await _next_line(analyst, lines)


async def _next_line(analyst: Analyst, lines: Iterator[str]):
    return await asyncio.wrap_future(analyst.submit(next, lines, _END))


def _analyst(request: Request) -> Analyst:
    return request.app.state.analyst


def _models(request: Request, analyst: Analyst) -> list[str]:
    try:
        return analyst.choose(request.query_params.getlist("model"))
    except UnknownModel as error:
        raise BadRequest(400, str(error)) from error


def _pictures(request: Request) -> list[str]:
    return [name for name in PICTURES if _flag(request, name)]


def _flag(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "0")
    if value not in ("0", "1"):
        raise BadRequest(400, f"{name}={value!r} is not understood; expected 0 or 1.")
    return value == "1"


def _search(request: Request) -> dict:
    """Return how faces are to be looked for, where the request says so."""
    search = {}
    if detector := request.query_params.get("detector"):
        if detector not in DETECTORS:
            expected = ", ".join(DETECTORS)
            raise BadRequest(400, f"detector={detector!r}: expected one of {expected}.")
        search["detector"] = detector
    if min_face := request.query_params.get("min_face"):
        if not re.fullmatch("[0-9]{1,5}", min_face) or not int(min_face):
            raise BadRequest(400, f"min_face={min_face!r}: expected a side in pixels, 1 to 99999.")
        search["min_face"] = int(min_face)
    return search


def _every(request: Request) -> int:
    value = request.query_params.get("every", "1")
    if not re.fullmatch("[0-9]{1,4}", value) or not 1 <= int(value) <= _MAX_EVERY:
        raise BadRequest(400, f"every={value!r}: expected a number from 1 to {_MAX_EVERY}.")
    return int(value)


async def _upload(request: Request, limit: int) -> bytes:
    """Return the bytes sent, as the body itself or as the one file of a multipart form."""
    data = await _body(request, limit)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        data = await _only_file(request, data)
    if not data:
        raise BadRequest(400, "Nothing was sent; expected a file as the body or in a form.")
    return data


async def _body(request: Request, limit: int) -> bytes:
    patience = _analyst(request).settings.idle_seconds
    announced = request.headers.get("content-length", "0")
    too_large = BadRequest(413, f"More than {limit >> 20} MiB were sent; make the file smaller.")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    body = bytearray()
    chunks = request.stream()
    try:
        while chunk := await asyncio.wait_for(anext(chunks, b""), patience):
            body += chunk
            if len(body) > limit:
                raise too_large
    except asyncio.TimeoutError as error:
        raise BadRequest(408, f"Nothing arrived for {patience:g} s; send it again.") from error
    return bytes(body)


async def _only_file(request: Request, body: bytes) -> bytes:
    parser = MultiPartParser(request.headers, _once(body), max_files=2, max_fields=8)
    parser.spool_max_size = len(body) + 1  # Starlette's default would write it to disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise BadRequest(400, f"The form cannot be read ({error}).") from error
    try:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if len(files) != 1:
            raise BadRequest(400, f"The form holds {len(files)} files; expected exactly one.")
        return await files[0].read()
    finally:
        await form.close()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
