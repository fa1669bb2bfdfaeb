"""The HTTP endpoints: pictures, videos, health, metrics."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse

from facelines.preprocessing.faces import DETECTORS
from facelines.preprocessing.images import ImageError
from facelines.webapp import video
from facelines.webapp.analyzer import Analyzer, UnknownModel
from facelines.webapp.decoding import VideoFrame
from facelines.webapp.errors import BadRequest, size_text
from facelines.webapp.schema import PICTURES
from facelines.webapp.stopwatch import Stopwatch

_MAX_EVERY = 1000
_OPENAPI = Path(__file__).parent / "static" / "openapi.json"


async def upgrade_required(request: Request) -> JSONResponse:
    """Answer a plain request for the socket."""
    message = "This path is a WebSocket; connect with ws:// or wss://."
    return JSONResponse({"error": message}, 426, {"Upgrade": "websocket", "Connection": "Upgrade"})


async def healthz(request: Request) -> JSONResponse:
    """Tell that the process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """Tell whether the networks are loaded."""
    analyzer = _analyzer(request)
    values = {"ready": analyzer.ready, "models": list(analyzer.recognizers)}
    return JSONResponse(values, 200 if analyzer.ready else 503)


async def metrics(request: Request) -> PlainTextResponse:
    """Return the counters in Prometheus' text format."""
    analyzer = _analyzer(request)
    gauges = {
        "facelines_clients": analyzer.admission.clients,
        "facelines_capacity": analyzer.admission.capacity,
        "facelines_queued": analyzer.queued,
        "facelines_picture_uploads": analyzer.picture_places.taken,
        "facelines_video_uploads": analyzer.video_places.taken,
    }
    text = analyzer.metrics.text(gauges)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def openapi(request: Request) -> JSONResponse:
    """Describe this interface (OpenAPI 3.1), with the names of the models that are served."""
    document = json.loads(_OPENAPI.read_text("utf-8"))
    document["components"]["schemas"]["ModelName"]["enum"] = list(_analyzer(request).recognizers)
    return JSONResponse(document)


async def models(request: Request) -> JSONResponse:
    """Describe the loaded models: labels, threshold of uncertainty, measured accuracy."""
    recognizers = _analyzer(request).recognizers
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
    analyzer = _analyzer(request)
    names = _models(request, analyzer)
    pictures, search = _pictures(request), _search(request)
    data = await _upload(request, analyzer.settings.max_picture_bytes)
    watch = Stopwatch()
    try:
        gray = await asyncio.wrap_future(analyzer.decode(data, watch))
    except ImageError as error:
        analyzer.metrics.add("facelines_rejected_total")
        raise BadRequest(400, f"The picture cannot be used: {error}") from error
    job = analyzer.submit(partial(analyzer.picture, gray, names, pictures, watch, **search))
    return JSONResponse(await asyncio.wrap_future(job))


async def predict_video(request: Request) -> StreamingResponse:
    """Read a video frame by frame; the answer is streamed, one JSON object a line."""
    analyzer = _analyzer(request)
    if not video.SUPPORTED:
        raise BadRequest(
            501,
            "This system has no files in memory (memfd), and videos are not written to disk; "
            "send the frames one by one to /api/predict instead.",
        )
    names, every, pictures = _models(request, analyzer), _every(request), _pictures(request)
    data = await _upload(request, analyzer.settings.max_video_bytes)
    frames = analyzer.video_frames(data, every)
    del data  # or a copy of the video stays for as long as the answer lasts
    try:
        first = await _next_frame(analyzer, frames)
    except ImageError as error:
        analyzer.metrics.add("facelines_rejected_total")
        raise BadRequest(400, f"The video cannot be used: {error}") from error
    lines = _video_lines(analyzer, frames, first, names, pictures)
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def _video_lines(
    analyzer: Analyzer,
    frames: Iterator[VideoFrame],
    frame: VideoFrame,
    names: list[str],
    pictures: list[str],
) -> AsyncIterator[str]:
    """Yield a line of JSON for each frame, beginning with one that has been decoded.

    A client that leaves early cancels this; the generator of frames goes with it, and its process.
    """
    tracker = analyzer.tracker(names)
    count, broken = 0, False
    while frame.gray is not None:
        job = analyzer.submit(
            partial(analyzer.follow, frame.gray, tracker, frame.seconds, names, pictures=pictures)
        )
        place = {"frame": frame.index, "seconds": round(frame.seconds, 3)}
        yield json.dumps(place | await asyncio.wrap_future(job)) + "\n"
        count += 1
        try:
            frame = await _next_frame(analyzer, frames)
        except ImageError as error:
            yield json.dumps({"error": f"The video breaks off: {error}"}) + "\n"
            broken = True
            break
    truncated = broken or frame.index > analyzer.settings.max_video_frames
    yield json.dumps({"done": True, "frames": count, "truncated": truncated}) + "\n"


async def _next_frame(analyzer: Analyzer, frames: Iterator[VideoFrame]) -> VideoFrame:
    return await asyncio.wrap_future(analyzer.decoding.submit(next, frames))


def _analyzer(request: Request) -> Analyzer:
    return request.app.state.analyzer


def _models(request: Request, analyzer: Analyzer) -> list[str]:
    try:
        return analyzer.choose(request.query_params.getlist("model"))
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
    announced = request.headers.get("content-length", "0")
    too_large = BadRequest(413, f"More than {size_text(limit)} were sent; make the file smaller.")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    settings = _analyzer(request).settings
    body, started = bytearray(), time.monotonic()
    chunks = request.stream()
    try:
        while True:
            due = started + settings.body_seconds + len(body) / settings.body_rate
            chunk = await asyncio.wait_for(anext(chunks, b""), max(0.0, due - time.monotonic()))
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > limit:
                raise too_large
    except asyncio.TimeoutError as error:
        seconds = time.monotonic() - started
        raise BadRequest(
            408, f"Only {len(body)} bytes arrived in {seconds:.0f} s; send it again."
        ) from error
    except ClientDisconnect as error:
        raise BadRequest(400, "The upload broke off; send it again.") from error


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
