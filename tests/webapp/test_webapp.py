"""The server: endpoints, limits, origins, headers, the live socket."""

import asyncio
import base64
import itertools
import json
import multiprocessing
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from starlette.formparsers import MultiPartParser
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from webapp_fakes import FakeRecognizer, frame, jpeg, png, start_cold

from facelines.preprocessing.pipeline import Pipeline
from facelines.webapp import schema, security, video
from facelines.webapp.analyzer import Analyzer
from facelines.webapp.app import STATIC, create_app
from facelines.webapp.limits import Admission
from facelines.webapp.server import Server, address
from facelines.webapp.settings import Settings

ROOT = Path(__file__).parents[2]
BASE = "http://127.0.0.1"
LIVE = "ws://127.0.0.1/live"
# Two clients however slow the machine is: a share of 1000 times its time is never used up.
SETTINGS = Settings(
    max_picture_bytes=1 << 20, max_frame_bytes=200_000, max_clients=2, load_share=1000.0
)


def make_app(settings=SETTINGS):
    recognizers = {name: FakeRecognizer(name, Pipeline(passes=2)) for name in ("landmark", "pixel")}
    return create_app(recognizers, settings)


def make_client(settings=SETTINGS):
    return TestClient(make_app(settings), base_url=BASE)


def make_async_client(app):
    """Return a client for requests that go on at the same time."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


@pytest.fixture(scope="module", autouse=True)
def cold():
    """No network is loaded before it is needed: many of these tests start an app of their own."""
    with pytest.MonkeyPatch.context() as patch:
        start_cold(patch.setattr)
        yield


@pytest.fixture(scope="module")
def client(cold):
    with make_client() as client:
        yield client


@pytest.fixture(scope="module")
def talking_video(tmp_path_factory):
    """Six frames of the moving astronaut as an AVI file's bytes."""
    path = tmp_path_factory.mktemp("video") / "face.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for step in range(6):
        writer.write(frame(1, shift=(4.0 * step, 0.0))[..., ::-1].copy())
    writer.release()
    return path.read_bytes()


@pytest.mark.parametrize("faces", [0, 1, 2])
def test_predict_finds_every_face(client, faces):
    answer = client.post("/api/predict?drawing=1", content=png(frame(faces)))
    assert answer.status_code == 200
    values = answer.json()
    assert (values["width"], values["height"]) == (640, 480)
    assert len(values["faces"]) == faces
    assert set(values) == set(schema.Picture.__annotations__)
    for face in values["faces"]:
        assert set(face) == {*schema.FoundFace.__annotations__, "readings", "drawing"}
        assert len(face["points"]) == 51
        reading = face["readings"]["landmark"]
        assert set(reading) == set(schema.Reading.__annotations__)
        assert sum(reading["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert reading["probabilities"][reading["best"]] == reading["confidence"]
        assert has_ink(face["drawing"])


def decoded(data_url):
    data = base64.b64decode(data_url.removeprefix("data:image/png;base64,"))
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (48, 48)
    return picture


def has_ink(data_url):
    drawing = decoded(data_url)
    assert set(np.unique(drawing)) == {0, 255}
    return 50 < (drawing == 255).sum() < 1000


def test_predict_puts_the_box_on_the_face(client):
    face = client.post("/api/predict", content=jpeg(frame(1))).json()["faces"][0]
    left, top, right, bottom = face["box"]
    assert (left + right) / 2 == pytest.approx(260, abs=12)
    assert (top + bottom) / 2 == pytest.approx(138, abs=12)
    assert right - left == pytest.approx(120, rel=0.15)
    assert "drawing" not in face, "only on request"


def test_a_form_is_read_like_a_body(client):
    picture = png(frame(1))
    by_body = client.post("/api/predict", content=picture).json()["faces"]
    by_form = client.post("/api/predict", files={"file": ("face.png", picture)}).json()["faces"]
    assert by_form == by_body


def test_a_large_form_is_not_spooled_to_disk(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    too_long_to_stay = bytes(3 * MultiPartParser.spool_max_size)
    with make_client(replace(SETTINGS, max_picture_bytes=16 << 20)) as client:
        answer = client.post("/api/predict", files={"file": ("a.png", too_long_to_stay)})
    assert (answer.status_code, "not a picture" in answer.json()["error"]) == (400, True)


def test_two_models_read_the_same_face(client):
    answer = client.post("/api/predict?model=pixel&model=landmark", content=jpeg(frame(1)))
    assert list(answer.json()["faces"][0]["readings"]) == ["pixel", "landmark"]


@pytest.mark.parametrize(
    "query, content, status, message",
    [
        ("", b"", 400, "Nothing was sent"),
        ("", b"no picture", 400, "not a picture"),
        ("", jpeg(frame(1))[:2000], 400, "damaged"),
        ("", b"GIF89a" + bytes(50), 400, "expected one of JPEG, PNG, WEBP"),
        ("", bytes((1 << 20) + 1), 413, "More than 1 MiB"),
        ("?model=other", b"x", 400, "expected one of landmark, pixel"),
        ("?drawing=yes", b"x", 400, "expected 0 or 1"),
    ],
)
def test_bad_requests_are_explained(client, query, content, status, message):
    answer = client.post(f"/api/predict{query}", content=content)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_too_large_a_body_without_a_length_is_refused(client):
    chunks = (bytes(100_000) for _ in range(20))
    assert client.post("/api/predict", content=chunks).status_code == 413


def test_too_many_pixels_are_refused_before_decoding(client):
    bomb = png(np.zeros((6000, 6000, 3), np.uint8))
    assert len(bomb) < 200_000
    answer = client.post("/api/predict", content=bomb)
    assert answer.status_code == 400
    assert "6000x6000 pixels" in answer.json()["error"]


def test_a_form_of_two_files_is_refused(client):
    files = [("a", ("a.png", b"1")), ("b", ("b.png", b"2"))]
    answer = client.post("/api/predict", files=files)
    assert (answer.status_code, "exactly one" in answer.json()["error"]) == (400, True)


def test_only_so_many_uploads_are_taken_in_at_once():
    app = make_app(replace(SETTINGS, max_pictures=2))

    async def post_five():
        go_on = asyncio.Event()

        async def slow_picture():
            yield jpeg(frame(1))
            await go_on.wait()

        async with make_async_client(app) as client:
            posts = [
                asyncio.create_task(client.post("/api/predict", content=slow_picture()))
                for _ in range(5)
            ]
            for answer in itertools.islice(asyncio.as_completed(posts, timeout=120), 3):
                refused = await answer
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
            assert "\nfacelines_picture_uploads 2\n" in (await client.get("/metrics")).text
            go_on.set()
            answers = await asyncio.gather(*posts)
            assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503]
            assert "\nfacelines_picture_uploads 0\n" in (await client.get("/metrics")).text
            assert (await client.post("/api/predict", content=b"x")).status_code == 400

    asyncio.run(post_five())


def test_busy_live_clients_do_not_keep_pictures_out():
    app = make_app()

    async def post_behind_frames():
        go_on = threading.Event()
        for _ in range(4 * SETTINGS.max_pictures):
            app.state.analyzer.submit(go_on.wait)  # as a live frame does
        asyncio.get_running_loop().call_later(0.1, go_on.set)
        try:
            async with make_async_client(app) as client:
                return await client.post("/api/predict", content=jpeg(frame(0)))
        finally:
            go_on.set()

    assert asyncio.run(post_behind_frames()).status_code == 200


def test_an_upload_that_stops_arriving_gives_up_its_place():
    app = make_app(replace(SETTINGS, body_seconds=0.1))

    async def stalled():
        yield b"the first bytes"
        await asyncio.Event().wait()

    async def post():
        async with make_async_client(app) as client:
            upload = client.post("/api/predict", content=stalled())
            return await asyncio.wait_for(upload, timeout=120)

    answer = asyncio.run(post())
    assert (answer.status_code, "Only 15 bytes arrived" in answer.json()["error"]) == (408, True)
    assert app.state.analyzer.picture_places.taken == 0


@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_a_video_is_streamed_face_by_face(client, talking_video):
    answer = client.post("/api/predict/video?every=2&drawing=1", content=talking_video)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert lines[-1] == {"done": True, "frames": 3, "truncated": False}
    assert [line["frame"] for line in lines[:-1]] == [0, 2, 4]
    assert [line["seconds"] for line in lines[:-1]] == [0.0, 0.2, 0.4]
    assert [face["number"] for line in lines[:-1] for face in line["faces"]] == [1, 1, 1]


@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_a_video_leaves_no_open_file(client, talking_video):
    client.post("/api/predict/video", content=talking_video)
    assert open_videos() == 0


@pytest.mark.parametrize("limit, frames, truncated", [(4, 2, True), (6, 3, False)])
@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_a_video_too_long_to_be_read_whole_says_so(talking_video, limit, frames, truncated):
    with make_client(replace(SETTINGS, max_video_frames=limit)) as client:
        answer = client.post("/api/predict/video?every=2", content=talking_video)
    last = json.loads(answer.text.splitlines()[-1])
    assert last == {"done": True, "frames": frames, "truncated": truncated}


@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_a_video_that_breaks_off_says_so(client, talking_video):
    answer = client.post("/api/predict/video", content=talking_video[: len(talking_video) // 2])
    *frames, error, last = [json.loads(line) for line in answer.text.splitlines()]
    assert 0 < len(frames) < 6 and "breaks off" in error["error"]
    assert last == {"done": True, "frames": len(frames), "truncated": True}


@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_a_video_keeps_its_place_until_its_client_leaves(talking_video):
    app = make_app(replace(SETTINGS, max_videos=1))

    async def post_and_leave():
        """Send a video as uvicorn hands it over, read one line and go."""
        left = asyncio.Event()
        body = [{"type": "http.request", "body": talking_video}]

        async def receive():
            if body:
                return body.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message.get("body"):
                assert multiprocessing.active_children(), "the video has its process"
                refused = await client.post("/api/predict/video", content=talking_video)
                assert refused.status_code == 503
                left.set()
                await asyncio.Event().wait()  # nobody reads any more

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "POST",
            "path": "/api/predict/video",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")],
        }
        async with make_async_client(app) as client:
            await asyncio.wait_for(app(scope, receive, send), timeout=120)
            assert left.is_set()
            again = await client.post("/api/predict/video", content=talking_video)
            assert again.status_code == 200

    asyncio.run(post_and_leave())
    assert open_videos() == 0
    app.state.analyzer.close()


def open_videos():
    """Return how many videos this process holds as files in memory."""
    links = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return sum("memfd:video" in link for link in links)


@pytest.mark.parametrize("content", [b"#EXTM3U\n/etc/passwd\n", b"\x1a\x45\xdf\xa3 and no more"])
@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_what_is_no_video_is_refused(client, content):
    answer = client.post("/api/predict/video", content=content)
    assert answer.status_code == 400
    assert "The video cannot be used" in answer.json()["error"]
    assert "/proc" not in answer.json()["error"]


@pytest.mark.parametrize("every", ["0", "1001", "-1", "²", "9" * 5000])
@pytest.mark.skipif(not video.SUPPORTED, reason="this system has no memfd")
def test_every_is_a_number_in_range(client, every):
    answer = client.post("/api/predict/video", params={"every": every}, content=b"x")
    assert answer.status_code == 400
    assert "expected a number from 1 to 1000" in answer.json()["error"]


def test_a_video_without_memory_files_is_not_written_to_disk(client, monkeypatch, talking_video):
    monkeypatch.setattr(video, "SUPPORTED", False)
    answer = client.post("/api/predict/video", content=talking_video)
    assert answer.status_code == 501
    assert "/api/predict" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/static/js/main.js", "/healthz"])
def test_every_answer_has_the_security_headers(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "origin, host, status",
    [
        (None, "127.0.0.1:8000", 200),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", 200),
        ("http://localhost:8000", "localhost:8000", 200),
        ("https://friend.example", "127.0.0.1:8000", 200),
        ("https://evil.example", "127.0.0.1:8000", 403),
        ("http://127.0.0.1:9999", "127.0.0.1:8000", 403),
        ("null", "127.0.0.1:8000", 403),
        ("http://evil.example", "evil.example", 403),  # DNS rebinding
        (None, "[", 403),
        ("http://[", "127.0.0.1:8000", 403),
    ],
)
def test_only_known_origins_and_hosts_are_served(origin, host, status):
    settings = replace(SETTINGS, allow_origin=("https://friend.example",))
    headers = {"host": host} | ({"origin": origin} if origin else {})
    with make_client(settings) as client:
        answer = client.post("/api/predict", content=jpeg(frame(0)), headers=headers)
        assert answer.status_code == status
        if status == 200:
            with client.websocket_connect(LIVE, headers=headers) as socket:
                assert socket.receive_json()["type"] == "hello"
        else:
            with (
                pytest.raises(WebSocketDisconnect),
                client.websocket_connect(LIVE, headers=headers),
            ):
                pass


@pytest.mark.parametrize(
    "host, status",
    [
        ("192.168.1.20:8000", 200),
        ("[fe80::1]:8000", 200),
        ("localhost:8000", 200),
        ("desk:8000", 200),
        ("DESK.home.example", 403),
        ("desk.local", 200),
        ("friend.example", 200),
        ("evil.example", 403),  # DNS rebinding
        ("desk.evil.example", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_every_address_but_not_every_name_is_served(monkeypatch, wildcard, host, status):
    monkeypatch.setattr(security.socket, "gethostname", lambda: "Desk")
    settings = replace(SETTINGS, host=wildcard, allow_origin=("https://friend.example",))
    headers = {"host": host, "origin": f"http://{host}"}
    answer = make_client(settings).post("/api/predict", content=jpeg(frame(0)), headers=headers)
    assert answer.status_code == status


def test_health_readiness_and_counters(client):
    client.post("/api/predict", content=jpeg(frame(1)))
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"ready": True, "models": ["landmark", "pixel"]}
    text = client.get("/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values["facelines_faces_total"]) >= 1
    assert float(values['facelines_stage_seconds_total{stage="decode"}']) > 0
    assert float(values["facelines_clients"]) == 0


def test_readiness_is_refused_before_the_networks_are_loaded():
    assert make_client().get("/readyz").status_code == 503


def test_openapi_document_names_every_endpoint_and_fits_the_answers(client):
    document = client.get("/openapi.json").json()
    page = {"/", "/docs", "/openapi.json", "/static", "/manifest.webmanifest", "/service-worker.js"}
    assert set(document["paths"]) == {route.path for route in client.app.routes} - page
    answer = client.post("/api/predict?drawing=1&pixels=1", content=jpeg(frame(1))).json()
    schemas = document["components"]["schemas"]
    assert schemas["ModelName"]["enum"] == ["landmark", "pixel"]
    assert set(answer) == set(schemas["Picture"]["properties"])
    assert set(answer["faces"][0]) == set(schemas["Face"]["properties"]) - {"number"}
    reading = answer["faces"][0]["readings"]["landmark"]
    assert set(reading) == set(schemas["Reading"]["properties"])


def test_about_is_told_the_measured_accuracy(client):
    models = client.get("/api/models").json()["models"]
    assert [model["name"] for model in models] == ["landmark", "pixel"]
    assert models[0]["metrics"]["accuracy"] == 0.5


def test_live_frames_are_answered_in_turn(client):
    with client.websocket_connect(LIVE) as socket:
        assert socket.receive_json()["models"] == ["landmark", "pixel"]
        socket.send_json({"type": "settings", "models": ["landmark", "pixel"], "smoothing": True})
        for index in range(3):
            socket.send_bytes(jpeg(frame(1, shift=(3.0 * index, 0.0))))
            answer = socket.receive_json()
            assert (answer["type"], answer["frame"]) == ("result", index + 1)
            (face,) = answer["faces"]
            assert face["number"] == 1
            assert set(face["readings"]) == {"landmark", "pixel"}
            assert has_ink(face["drawing"])
            for reading in face["readings"].values():
                assert sum(reading["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_the_gray_crop_comes_with_live_faces_on_request(client):
    settings = {"type": "settings", "models": ["pixel"], "smoothing": True}
    with client.websocket_connect(LIVE) as socket:
        socket.receive_json()
        for pixels in (False, True):
            socket.send_json(settings | {"pixels": pixels})
            socket.send_bytes(jpeg(frame(1)))
            (face,) = socket.receive_json()["faces"]
            assert ("pixels" in face) == pixels
    assert len(np.unique(decoded(face["pixels"]))) > 40


def test_a_client_that_floods_gets_the_newest_frame_and_the_count_of_the_others(client):
    pictures = [jpeg(frame(1))] * 12 + [jpeg(frame(0))]
    with client.websocket_connect(LIVE) as socket:
        socket.receive_json()
        for picture in pictures:
            socket.send_bytes(picture)
        answered, dropped = 0, 0
        while answered + dropped < len(pictures):
            answer = socket.receive_json()
            answered, dropped = answered + 1, dropped + answer["dropped"]
        assert answer["frame"] == len(pictures)
        assert dropped > 0


@pytest.mark.parametrize(
    "message, explanation",
    [
        ("no json", "cannot be read"),
        ('{"type": "settings"}', "cannot be read"),
        ('{"models": ["other"], "smoothing": true}', "No model 'other'"),
        ('{"models": [], "smoothing": true}', "one or two names"),
        ('{"models": ["landmark"], "smoothing": 1}', "one or two names"),
        ('{"models": ["landmark"], "smoothing": true, "pixels": 1}', "one or two names"),
        ("[]", "cannot be read"),
        ('{"models": [["landmark"]], "smoothing": true}', "one or two names"),
        pytest.param("[" * 4_000, "cannot be read", id="nested too deeply"),
    ],
)
def test_settings_that_make_no_sense_are_explained_and_change_nothing(client, message, explanation):
    with client.websocket_connect(LIVE) as socket:
        socket.receive_json()
        socket.send_text(message)
        answer = socket.receive_json()
        assert answer["type"] == "error"
        assert explanation in answer["message"]
        socket.send_bytes(jpeg(frame(0)))
        assert socket.receive_json()["type"] == "result"


def test_a_bad_frame_is_explained_and_the_next_one_is_read(client):
    with client.websocket_connect(LIVE) as socket:
        socket.receive_json()
        socket.send_bytes(b"no picture")
        answer = socket.receive_json()
        assert (answer["type"], answer["frame"]) == ("error", 1)
        socket.send_bytes(jpeg(frame(1)))
        assert len(socket.receive_json()["faces"]) == 1


def test_too_large_a_frame_ends_the_connection(client):
    with client.websocket_connect(LIVE) as socket:
        socket.receive_json()
        socket.send_bytes(bytes(SETTINGS.max_frame_bytes + 1))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 1009


def test_a_silent_client_gives_up_its_place():
    with make_client(replace(SETTINGS, first_frame_seconds=0.1)) as client:
        with client.websocket_connect(LIVE) as socket:
            socket.receive_json()
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_json()
    assert closed.value.code == 4000


def test_one_client_too_many_is_told_that_the_server_is_busy_and_later_let_in(client):
    with client.websocket_connect(LIVE) as first, client.websocket_connect(LIVE) as second:
        assert first.receive_json()["type"] == second.receive_json()["type"] == "hello"
        with client.websocket_connect(LIVE) as third:
            answer = third.receive_json()
            assert (answer["type"], answer["retry_seconds"]) == ("busy", 3)
            with pytest.raises(WebSocketDisconnect) as closed:
                third.receive_json()
        assert closed.value.code == 1013
    with client.websocket_connect(LIVE) as again:
        assert again.receive_json()["type"] == "hello"


@pytest.mark.parametrize(
    "frame_seconds, capacity", [(None, 32), (0.001, 32), (0.011, 10), (0.05, 2), (1.0, 2)]
)
def test_capacity_follows_the_measured_time_of_a_frame(frame_seconds, capacity):
    admission = Admission(Settings(workers=2, client_rate=10, load_share=0.6, max_clients=32))
    if frame_seconds:
        admission.measured(frame_seconds)
    assert admission.capacity == capacity


@pytest.mark.parametrize(
    "values, message",
    [
        ({"max_clients": 0}, "at least 1"),
        ({"ssl_certfile": "cert.pem"}, "belong together"),
        ({"allow_origin": ("faces.example",)}, "is no origin"),
        ({"allow_origin": ("https://faces.example/",)}, "is no origin"),
    ],
)
def test_settings_that_cannot_work_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Settings(**values)


def test_serving_never_imports_tensorflow():
    code = "import sys, webapp.server; print({'tensorflow', 'keras'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (ran.stdout, ran.stderr) == ("set()\n", "")


@pytest.mark.parametrize(
    "settings, port, shown",
    [
        (Settings(), 8000, "http://127.0.0.1:8000"),
        (Settings(host="0.0.0.0"), 80, "http://localhost:80"),
        (Settings(host="::1"), 81, "http://[::1]:81"),
        (Settings(ssl_certfile="a.pem", ssl_keyfile="b.pem"), 443, "https://127.0.0.1:443"),
    ],
)
def test_the_address_printed_is_one_to_open(settings, port, shown):
    assert address(settings, port) == shown


@pytest.mark.parametrize("asked", [True, False])
def test_the_page_is_opened_in_the_browser_where_asked_for(monkeypatch, capsys, asked):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda page: opened.append(page) or True)
    settings = Settings(port=0)
    running = Server(make_app(settings), settings, open_page=asked)

    async def start_and_stop():
        asyncio.get_running_loop().call_later(0.1, setattr, running, "should_exit", True)
        await running.serve()

    asyncio.run(start_and_stop())
    printed = capsys.readouterr().out
    assert len(opened) == asked
    assert all(page in printed for page in opened)


def test_the_service_worker_keeps_every_module_of_the_page():
    worker = (STATIC / "service-worker.js").read_text()
    modules = {path.stem for path in (STATIC / "js").glob("*.js")} - {"docs"}
    listed = re.search(r"MODULES = \[(.*?)\]", worker, re.DOTALL).group(1)
    assert set(re.findall(r'"(\w+)"', listed)) == modules


def test_an_app_needs_a_recognizer():
    with pytest.raises(ValueError, match="at least one"):
        create_app({}, SETTINGS)


def test_the_mesh_is_asked_only_where_a_chosen_model_takes_it():
    recognizers = {
        "landmark": FakeRecognizer("landmark", Pipeline()),
        "pixel": FakeRecognizer("pixel", Pipeline(mesh=False)),
    }
    analyzer = Analyzer(recognizers, Settings())
    assert analyzer.pipeline(["landmark"]).mesh and analyzer.pipeline(["pixel", "landmark"]).mesh
    assert not analyzer.pipeline(["pixel"]).mesh
    analyzer.close()
