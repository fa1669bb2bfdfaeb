"""Clients that send slowly, silently, endlessly or not at all take nobody else's place."""

import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from webapp_fakes import FakeRecognizer, frame, jpeg, start_cold
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from facelines.webapp.app import create_app
from facelines.webapp.logs import RateLimit
from facelines.webapp.network import addresses
from facelines.webapp.server import Server, open_to_others
from facelines.webapp.settings import Settings

pytestmark = pytest.mark.sockets
HERE = Path(__file__).parent
PATIENCE = 120
SETTINGS = Settings(port=0, load_share=1000.0, header_seconds=0.3, drain_seconds=0.2)
SERVE = (
    f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]\n"
    "from webapp_fakes import FakeRecognizer, start_cold\n"
    "from facelines.webapp import app, logs, server, settings\n"
    "logs.configure()\n"
    "start_cold()\n"
    "settings = settings.Settings(port=0, drain_seconds=0.2)\n"
    "server.Server(app.create_app({'fake': FakeRecognizer()}, settings), settings).run()\n"
)


@pytest.fixture(scope="module", autouse=True)
def cold():
    """No network is loaded before one is needed: most of these tests need none."""
    with pytest.MonkeyPatch.context() as patch:
        start_cold(patch.setattr)
        yield


@contextlib.contextmanager
def running(settings=SETTINGS):
    """Yield a server that runs in a thread of its own."""
    server = Server(create_app({"fake": FakeRecognizer()}, settings), settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield server
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def server():
    with running() as server:
        yield server


def until(condition):
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def raw(server, data=b""):
    """Return a socket that has sent some bytes."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    one.sendall(data)
    return one


def everything(one):
    """Return what a socket receives until its other end closes it."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := one.recv(1 << 16):
            received += piece
    one.close()
    return received


def get(server, path="/healthz"):
    """Return (status, JSON, headers) of a request."""
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, json.load(answer), answer.headers


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_connection_that_sends_no_whole_head_is_ended(server, sent):
    assert everything(raw(server, sent)) == b""


def test_a_second_head_has_its_deadline_too(server):
    head = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert everything(raw(server, head + head[:20])).count(b"200 OK") == 1


def test_silent_connections_take_no_visitors_place():
    settings = replace(SETTINGS, header_seconds=PATIENCE, max_connections=40)
    with running(settings) as server:
        silent = [raw(server) for _ in range(200)]
        assert get(server)[0] == 200
        for one in silent:
            one.close()


def test_one_connection_too_many_is_told_to_come_back():
    with running(replace(SETTINGS, header_seconds=PATIENCE, max_connections=1)) as server:
        upload = raw(
            server, b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
        )
        until(lambda: server.server_state.tasks)
        status, body, headers = get(server)
        assert (status, set(body), headers["Retry-After"]) == (503, {"error"}, "3")
        upload.close()


def test_a_body_that_drips_is_given_up():
    with running(replace(SETTINGS, body_seconds=0.3)) as server:
        upload = raw(
            server, b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\n"
        )
        upload.settimeout(0.05)
        answer = b""
        while not answer:
            upload.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                answer = upload.recv(1 << 16)
        upload.close()
    assert b" 408 " in answer


@pytest.mark.parametrize("message", ['{"models": ["fake"], "smoothing": true}', b"no picture", ""])
def test_only_frames_that_can_be_decoded_keep_a_place(message):
    with running(replace(SETTINGS, first_frame_seconds=0.5)) as server:
        with connect(f"ws://127.0.0.1:{server.port}/live") as live:
            live.recv()
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    live.send(message)
                    time.sleep(0.1)
            assert closed.value.rcvd.code == 4000


def test_a_frame_gives_more_time():
    seconds = 4.0
    FakeRecognizer()(frame(0)[..., 0])  # so that no network has to be loaded meanwhile
    settings = replace(SETTINGS, first_frame_seconds=seconds, idle_seconds=PATIENCE)
    with running(settings) as server, connect(f"ws://127.0.0.1:{server.port}/live") as live:
        live.recv()
        live.send(jpeg(frame(0)))
        assert json.loads(live.recv())["type"] == "result"
        with pytest.raises(TimeoutError):
            live.recv(timeout=seconds)
        live.send(jpeg(frame(0)))
        assert json.loads(live.recv())["type"] == "result"


@pytest.mark.parametrize(
    "first, piece",
    [
        pytest.param(b"\x02\x80\0\0\0\0", b"\x00\x80\0\0\0\0", id="empty fragments"),
        pytest.param(b"", b"\x89\x80\0\0\0\0", id="pings"),
        pytest.param(b"", b"\x8a\x80\0\0\0\0", id="pongs"),
        pytest.param(b"", b'\x81\x82\0\0\0\0""', id="settings"),
    ],
)
def test_a_flood_of_frames_that_say_nothing_is_ended(server, first, piece):
    one = raw(
        server,
        b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    one.recv(1 << 16)
    with contextlib.suppress(OSError):
        one.sendall(first + 100_000 * piece)
    everything(one)  # which waits for the server to close it
    assert get(server)[0] == 200


@pytest.mark.parametrize(
    "path, status", [("/nowhere", 404), ("/api/predict", 405), ("/live", 426), ("/static/x", 404)]
)
def test_every_error_has_one_form(server, path, status):
    found, body, _ = get(server, path)
    assert (found, set(body)) == (status, {"error"})


def test_what_is_no_http_is_answered_in_the_same_form(server):
    answer = everything(raw(server, b"\x16\x03\x01 what\r\n\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head and set(json.loads(body)) == {"error"}


def test_a_request_in_flight_is_told_to_come_back_when_the_server_stops():
    with running() as server:
        upload = raw(
            server,
            b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nhalf",
        )
        until(lambda: server.server_state.tasks)
        server.should_exit = True
        answer = everything(upload)
    assert b" 503 " in answer and b"retry-after: 3" in answer.lower()


@contextlib.contextmanager
def process(**options):
    """Yield (a server's process, its port)."""
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    ) as running:
        try:
            yield running, int(running.stdout.readline().split()[1].rpartition(":")[2])
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_without_a_traceback(number):
    with process() as (server, port):
        upload = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        upload.sendall(
            b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nhalf"
        )
        with connect(f"ws://127.0.0.1:{port}/live") as live:
            live.recv()
            server.send_signal(number)
            assert b" 503 " in everything(upload)
            with pytest.raises(ConnectionClosed):
                live.recv()
        _, errors = server.communicate(timeout=PATIENCE)
    assert number == signal.SIGINT or "Traceback" not in errors


def test_few_file_descriptors_fill_no_log():
    def few():
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

    with process(preexec_fn=few) as (server, port):
        sockets = []
        for _ in range(200):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            sockets.append(one)
        time.sleep(3)
        for one in sockets:
            one.close()
        address = f"http://127.0.0.1:{port}/healthz"
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            assert answer.status == 200
        server.terminate()
        _, errors = server.communicate(timeout=PATIENCE)
    assert len(errors) < 100_000


def test_a_log_has_so_many_records_a_minute_and_says_how_many_more_there_were():
    now = 0.0
    limit = RateLimit(2, clock=lambda: now)
    record = logging.LogRecord("a", logging.WARNING, "", 0, "broken", None, None)
    assert [limit.filter(record) for _ in range(5)] == [True, True, False, False, False]
    now = 60.0
    assert limit.filter(record)
    assert record.getMessage() == "(3 records before were left out) broken"


def test_listening_on_every_address_says_what_it_means():
    assert open_to_others(Settings(), 8000) == []
    text = "\n".join(open_to_others(Settings(host="0.0.0.0"), 8000))
    assert "no login" in text and "https" in text
    assert all(f"http://{one}:8000" in text for one in addresses())
