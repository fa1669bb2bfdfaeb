"""What the tests of the page share: a running server, Chromium with a fake camera, and readings."""

import asyncio
import os
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from webapp_fakes import frame

from facelines.webapp.app import create_app
from facelines.webapp.server import Server
from facelines.webapp.settings import Settings

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("CI"),
        reason=f"no Chromium at {CHROMIUM}; install it or set CHROMIUM",
    ),
]
ALLOWED = ("--use-fake-ui-for-media-stream",)  # answers the permission question with yes
DENIED = ("--deny-permission-prompts",)
ELSEWHERE = "faces.example"  # a host that is not localhost, for the tests of insecure pages
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
)
PATIENCE = 60_000  # milliseconds until a page that shows nothing is given up
FACES_IN_VIEW = {0: "No face in view", 1: "1 face in view", 2: "2 faces in view"}
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LANDSCAPE_PHONE = {"width": 844, "height": 390}


class RunningServer:
    """The app on a free port, in a thread; it can be stopped and started on the same port."""

    def __init__(self, recognizers):
        self._recognizers = recognizers
        self._port = 0
        self.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}"

    @property
    def insecure_address(self):
        """The same server by a name that browsers do not trust without https."""
        return f"http://{ELSEWHERE}:{self._port}"

    def start(self):
        settings = Settings(
            port=self._port,
            load_share=1000.0,  # admits all on slow machines
            allow_origin=(f"http://{ELSEWHERE}",),
        )
        self.app = create_app(self._recognizers, settings)
        self._server = Server(self.app, settings)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()))
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        self._port = self._server.port

    def stop(self):
        self._server.should_exit = True
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "the server did not stop"


class Browsers:
    """Chromium by its number of faces before the camera and its arguments, each started once."""

    def __init__(self, playwright, cameras):
        self._playwright, self._cameras = playwright, cameras
        self._running = {}

    def __call__(self, faces, arguments):
        key = (faces, arguments)
        if key not in self._running:
            film = f"--use-file-for-fake-video-capture={self._cameras[faces]}"
            self._running[key] = self._playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=[*ARGUMENTS, film, *arguments], timeout=60_000
            )
        return self._running[key]

    def close(self):
        for browser in self._running.values():
            browser.close()


def write_film(path, faces):
    """Write what a camera sees of so many faces, as Chromium's fake camera plays it."""
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n")
        for angle in np.linspace(0, 2 * np.pi, 30, endpoint=False) if faces else (0.0,):
            picture = frame(faces, shift=(12 * np.sin(angle), 8 * np.cos(angle)))
            film.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def write_video(path, seconds=3.0, rate=10):
    """Write a film of the moving astronaut that a browser plays; return its path."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), rate, (640, 480))
    for step in range(int(seconds * rate)):
        writer.write(frame(1, shift=(float(step % 10), 0.0))[..., ::-1].copy())
    writer.release()
    return path


def watch(page, hosts):
    """Return a check that the page asked no other host and logged no unexpected error."""
    strangers, errors = [], []

    def note_request(url):
        if not url.startswith(("data:", "blob:")) and not any(
            f"//{host}/" in url for host in hosts
        ):
            strangers.append(url)

    page.on("request", lambda request: note_request(request.url))
    page.on("websocket", lambda socket: note_request(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda note: errors.append(note.text) if note.type == "error" else None)

    def check():
        expected = page.expected_errors
        assert strangers == []
        assert [error for error in errors if not any(part in error for part in expected)] == []

    return check


def start(page, faces=1):
    """Start the camera and wait until its faces are read."""
    page.click("#start")
    wait_for_status(page, FACES_IN_VIEW[faces])


def wait_for_status(page, text):
    page.wait_for_function(
        "text => document.getElementById('status').textContent.includes(text)", arg=text
    )


def wait_for_text(page, selector, text):
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
        arg=[selector, text],
    )


def choose_reader(page, value):
    page.check(f"#readers input[value={value}]", force=True)


def show_sample(page, name):
    page.get_by_role("button", name=name).click()


def ink(page, selector, area=(0.0, 0.0, 1.0, 1.0), brightest_above=0):
    """Return the share of an area of a canvas, in shares of its sides, that is drawn on."""
    return page.evaluate(
        """([selector, [left, top, right, bottom], least]) => {
          const canvas = document.querySelector(selector);
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(
            left * width, top * height, (right - left) * width, (bottom - top) * height);
          let drawn = 0;
          for (let at = 0; at < data.length; at += 4) {
            const brightest = Math.max(data[at], data[at + 1], data[at + 2]);
            if (data[at + 3] > 0 && brightest > least) drawn += 1;
          }
          return drawn / (data.length / 4);
        }""",
        [selector, area, brightest_above],
    )


def painted(page, colour, selector="#drawing"):
    """Return the share of a canvas that has about this colour, (red, green, blue)."""
    return page.evaluate(
        """([selector, colour]) => {
          const canvas = document.querySelector(selector);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let alike = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (colour.every((level, index) => Math.abs(level - data[at + index]) < 12)) alike += 1;
          }
          return alike / (data.length / 4);
        }""",
        [selector, colour],
    )


def lines_drawn(page, area=(0.0, 0.0, 1.0, 1.0)):
    """Return the share of the drawing that is covered by a face's bright lines."""
    return ink(page, "#drawing", area, brightest_above=120)


def bar_sum(page, model="landmark"):
    return page.evaluate(
        """model => [...document.querySelectorAll(`.bar[data-model=${model}]`)]
          .reduce((sum, bar) => sum + Number(bar.dataset.probability), 0)""",
        model,
    )


def bounds(page, selector):
    """Return left, top, right and bottom of an element, in pixels of the window."""
    box = page.locator(selector).bounding_box()
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def call(page, module, expression, argument=None):
    """Return what an expression of a module's exports `m` and an argument `x` is."""
    return page.evaluate(
        f"async x => {{ const m = await import('/static/js/{module}.js'); return {expression}; }}",
        argument,
    )


def barriers(page):
    """Return what axe finds, as (rule, the elements)."""
    folder = Path(find_spec("axe_playwright_python").origin).parent
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((folder / "axe.min.js").read_text())
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def sideways(page):
    """Return by how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
