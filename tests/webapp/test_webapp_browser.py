"""The page in a real headless Chromium, with a fake camera that plays the astronaut."""

import asyncio
import itertools
import json
import os
import threading
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from webapp_fakes import FakeRecognizer, frame, jpeg

from facelines.model import artifact
from facelines.model.recognizer import Recognizer
from facelines.webapp.app import create_app
from facelines.webapp.server import Server
from facelines.webapp.settings import Settings

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("CI"),
        reason=f"no Chromium at {CHROMIUM}; install it or set CHROMIUM",
    ),
]
ALLOWED = ("--use-fake-ui-for-media-stream",)  # answers the permission question with yes
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 20_000  # milliseconds until a page that shows nothing is given up
FACES_IN_VIEW = {0: "No face in view", 1: "1 face in view", 2: "2 faces in view"}


class RunningServer:
    """The app on a free port, in a thread; it can be stopped and started on the same port."""

    def __init__(self, recognizers):
        self._recognizers = recognizers
        self._port = 0
        self.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}"

    def start(self):
        settings = Settings(port=self._port, load_share=1000.0)  # admits all on slow machines
        self._server = Server(create_app(self._recognizers, settings), settings)
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


@pytest.fixture(scope="module")
def server():
    released = "landmark" in artifact.released()
    first = Recognizer.load("landmark") if released else FakeRecognizer()
    running = RunningServer({"landmark": first, "second": FakeRecognizer("second")})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def playwright():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def cameras(tmp_path_factory):
    """Paths of films by their number of faces, as Chromium's fake camera plays them."""
    folder = tmp_path_factory.mktemp("cameras")
    return {faces: write_film(folder / f"{faces}.y4m", faces) for faces in (0, 1, 2)}


def write_film(path, faces):
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W640 H480 F15:1 Ip A1:1 C420jpeg\n")
        for angle in np.linspace(0, 2 * np.pi, 30, endpoint=False) if faces else (0.0,):
            picture = frame(faces, shift=(12 * np.sin(angle), 8 * np.cos(angle)))
            film.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


@pytest.fixture
def open_page(playwright, server, cameras):
    """Return a function that opens the page with a camera of so many faces.

    At the end no request may have gone to another host, and the console must hold no error but
    those that the test put into `page.expected_errors`.
    """
    with opened(playwright, server, cameras) as opener:
        yield opener


@contextmanager
def opened(playwright, server, cameras):
    browsers, checks = [], []

    def opener(faces=1, arguments=ALLOWED, **context):
        film = f"--use-file-for-fake-video-capture={cameras[faces]}"
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*ARGUMENTS, film, *arguments], timeout=60_000
        )
        browsers.append(browser)
        page = browser.new_context(**context).new_page()
        page.set_default_timeout(PATIENCE)
        page.expected_errors = []
        checks.append(watch(page, server))
        page.goto(server.address)
        page.wait_for_selector("#model option", state="attached")
        return page

    try:
        yield opener
        for check in checks:
            check()
    finally:
        for browser in browsers:
            browser.close()


def watch(page, server):
    strangers, errors = [], []
    host = server.address.removeprefix("http://")

    def note_request(url):
        if not url.startswith(("data:", "blob:")) and f"//{host}/" not in url:
            strangers.append(url)

    page.on("request", lambda request: note_request(request.url))
    page.on("websocket", lambda socket: note_request(socket.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda note: errors.append(note.text) if note.type == "error" else None)

    def check():
        unexpected = [
            error
            for error in errors
            if not any(expected in error for expected in page.expected_errors)
        ]
        assert strangers == []
        assert unexpected == []

    return check


def start(page, faces=1):
    page.click("#start")
    wait_for_status(page, FACES_IN_VIEW[faces])


def wait_for_status(page, text):
    page.wait_for_function(
        "text => document.getElementById('status').textContent.includes(text)", arg=text
    )


def white_pixels(page):
    """Return how many of the drawing's 48 x 48 pixels are white."""
    return page.evaluate(
        """() => {
          const canvas = document.getElementById("drawing");
          const { data } = canvas.getContext("2d").getImageData(0, 0, 48, 48);
          return data.filter((value, index) => index % 4 === 0 && value === 255).length;
        }"""
    )


def overlay_ink(page, area):
    """Return the share of an area (left, top, right, bottom), in VGA pixels, that is drawn on."""
    return page.evaluate(
        """([left, top, right, bottom]) => {
          const canvas = document.getElementById("overlay");
          const scale = canvas.width / 640;
          const [x, y] = [left * scale, top * scale];
          const [width, height] = [(right - left) * scale, (bottom - top) * scale];
          const { data } = canvas.getContext("2d").getImageData(x, y, width, height);
          return data.filter((value, index) => index % 4 === 3 && value > 0).length
            / (data.length / 4);
        }""",
        area,
    )


def bar_sum(page, model="landmark"):
    return page.evaluate(
        """model => [...document.querySelectorAll(`.bar[data-model=${model}]`)]
          .reduce((sum, bar) => sum + Number(bar.dataset.probability), 0)""",
        model,
    )


def test_one_face_is_boxed_drawn_and_read(open_page):
    page = open_page(1)
    start(page)
    page.click("#mirror")  # off: then the overlay has the camera's own coordinates
    page.wait_for_timeout(400)
    around_face, elsewhere = (190, 50, 330, 195), (400, 240, 640, 480)
    assert overlay_ink(page, around_face) > 0.03
    assert overlay_ink(page, elsewhere) == 0
    page.click("#mirror")
    page.wait_for_timeout(400)
    assert overlay_ink(page, (310, 50, 450, 195)) > 0.03, "the overlay is mirrored too"
    assert 80 < white_pixels(page) < 700
    assert bar_sum(page) == pytest.approx(1, abs=0.002)
    assert page.locator("#faces button").count() == 1
    assert "face 1:" in page.get_attribute("#overlay", "aria-label")
    assert float(page.inner_text("#rate")) > 0
    assert "decode" in page.inner_text("#stage-times")
    assert "%" in page.inner_text("#shares")


def test_two_faces_are_told_apart_and_can_be_chosen(open_page):
    page = open_page(2)
    start(page, 2)
    buttons = page.locator("#faces button")
    assert buttons.count() == 2
    assert buttons.nth(0).get_attribute("aria-pressed") == "true"
    page.keyboard.press("n")
    page.wait_for_selector("#faces button[data-number='2'][aria-pressed='true']")
    colours = {button.locator("i").get_attribute("style") for button in buttons.all()}
    assert len(colours) == 2


def test_without_a_face_the_page_says_what_to_do(open_page):
    page = open_page(0)
    start(page, 0)
    assert "Look towards the camera" in page.inner_text("#status")
    assert page.inner_text("#verdict") == "No face"
    assert white_pixels(page) == 0


def test_two_models_side_by_side_and_the_session_as_files(open_page):
    page = open_page(1)
    start(page)
    page.select_option("#second-model", "second")
    page.wait_for_selector(".bar.best[data-model=second]")
    assert bar_sum(page, "second") == pytest.approx(1, abs=0.002)
    assert bar_sum(page, "landmark") == pytest.approx(1, abs=0.002)
    with page.expect_download() as saved:
        page.click("#save-csv")
    header, first, *_ = Path(saved.value.path()).read_text().splitlines()
    assert header == "seconds,run,face,model,emotion,angry,fear,happy,neutral,sad,surprise"
    assert first.split(",")[1:4] == ["1", "1", "landmark"]
    assert sum(map(float, first.split(",")[5:])) == pytest.approx(1, abs=0.002)
    with page.expect_download() as saved:
        page.click("#save-json")
    readings = json.loads(Path(saved.value.path()).read_text())["readings"]
    assert readings[0]["face"] == 1
    page.click("#stop")
    page.click("#clear-session")
    assert page.is_disabled("#save-csv")


def test_a_face_of_another_run_or_model_is_another_one(open_page):
    page = open_page(1)
    start(page)
    page.click("#stop")
    start(page)
    page.select_option("#model", "second")
    page.wait_for_selector(".bar.best[data-model=second]")
    with page.expect_download() as saved:
        page.click("#save-csv")
    rows = [line.split(",") for line in Path(saved.value.path()).read_text().splitlines()[1:]]
    who = [key for key, _ in itertools.groupby(row[1:4] for row in rows)]
    assert who == [["1", "1", "landmark"], ["2", "1", "landmark"], ["2", "1", "second"]]


def test_the_session_sums_up_one_face_of_one_run_and_model(open_page):
    shown = open_page(0).evaluate(
        """async () => {
          const { Session } = await import("/static/js/history.js");
          const session = new Session();
          const readings = [[1, "landmark", "happy"], [2, "landmark", "sad"], [2, "pixel", "fear"]];
          readings.forEach(([run, model, emotion], index) => {
            const face = { number: 1, readings: { [model]: { emotion, probabilities: {} } } };
            session.record({ faces: [face] }, run, model, 1000 * index);
          });
          return readings.map(([run, model]) => {
            const who = { run, face: 1, model };
            const minute = session.lastMinute(who, 3000).readings.map(({ emotion }) => emotion);
            return [session.shares(who), minute, session.dominant(who)];
          });
        }"""
    )
    assert shown == [[[[name, 1]], [name], name] for name in ("happy", "sad", "fear")]


def test_refused_permission_is_explained(open_page):
    page = open_page(1, arguments=("--deny-permission-prompts",))
    page.click("#start")
    wait_for_status(page, "did not allow the camera")
    assert page.is_visible("#start")


def test_an_insecure_page_is_explained(open_page):
    page = open_page(1)
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.click("#start")
    wait_for_status(page, "--ssl-certfile")


def test_a_second_tab_is_told_of_the_first(open_page):
    page = open_page(1)
    start(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#model option", state="attached")
    other.click("#start")
    wait_for_status(other, "another tab")


def test_a_dropped_connection_comes_back_by_itself(open_page, server):
    page = open_page(1)
    page.expected_errors += ["WebSocket connection to"]
    start(page)
    server.stop()
    wait_for_status(page, "The connection dropped")
    server.start()
    wait_for_status(page, "1 face in view")


def test_a_busy_server_is_explained_and_tried_again(open_page, server):
    page = open_page(1)
    admission = server._server.config.app.state.analyst.admission
    admission.clients += 1000
    try:
        page.click("#start")
        wait_for_status(page, "The server is busy")
    finally:
        admission.clients -= 1000
    wait_for_status(page, "1 face in view")


def test_photos_are_read_annotated_and_saved(open_page):
    page = open_page(1)
    page.expected_errors += ["400 (Bad Request)"]
    page.set_input_files(
        "#files",
        [
            {"name": "pair.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame(2))},
            {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame(0))},
            {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"},
        ],
    )
    page.wait_for_selector(".result.failed")
    texts = dict(
        zip(
            page.locator(".result h3").all_inner_texts(),
            page.locator(".result p").all_inner_texts(),
            strict=True,
        )
    )
    assert texts["pair.jpg"].count("Face") == 2
    assert "No face was found" in texts["wall.jpg"]
    assert "not a picture" in texts["broken.jpg"]
    with page.expect_download() as saved:
        page.locator(".result", has_text="pair.jpg").get_by_role("button").click()
    assert saved.value.suggested_filename == "pair-facelines.png"
    annotated = cv2.imread(str(saved.value.path()))
    assert annotated.shape == (480, 640, 3)
    changed = np.abs(annotated.astype(int) - frame(2)[..., ::-1]).max(axis=-1) > 90
    assert 1000 < changed.sum() < 60_000


def test_a_video_file_plays_on_the_stage_and_is_read(open_page, tmp_path):
    path = tmp_path / "film.webm"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), 10, (640, 480))
    for step in range(60):
        writer.write(frame(1, shift=(float(step % 10), 0.0))[..., ::-1].copy())
    writer.release()
    page = open_page(1)
    page.set_input_files("#files", path)
    wait_for_status(page, "1 face in view")
    assert white_pixels(page) > 80
    assert page.get_attribute("#mirror", "aria-pressed") == "false"
    wait_for_status(page, "The video has ended")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download annotated video").click()
    assert saved.value.suggested_filename == "film-facelines.webm"
    decoded, picture = cv2.VideoCapture(str(saved.value.path())).read()
    assert decoded
    assert picture.shape == (480, 640, 3)


def test_a_file_that_no_browser_plays_is_explained(open_page):
    page = open_page(1)
    film = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"no film"}
    page.set_input_files("#files", film)
    wait_for_status(page, "cannot play film.mp4")


def test_a_picture_can_be_pasted(open_page):
    page = open_page(1)
    page.evaluate(
        """bytes => {
          const file = new File([new Uint8Array(bytes)], "pasted.jpg", { type: "image/jpeg" });
          const clipboardData = new DataTransfer();
          clipboardData.items.add(file);
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(jpeg(frame(1))),
    )
    page.wait_for_selector(".result canvas")
    assert "Face 1" in page.inner_text(".result p")


def test_everything_works_by_keyboard_alone(open_page):
    page = open_page(1)
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    everything = {"open-help", "open-about", "theme", "start", "mirror", "smoothing", "model",
                  "second-model", "camera", "files"}  # fmt: skip
    assert everything <= reached
    page.focus("#start")
    page.keyboard.press("Enter")
    wait_for_status(page, "1 face in view")
    page.keyboard.press("p")
    wait_for_status(page, "Paused")
    page.keyboard.press("p")
    wait_for_status(page, "1 face in view")
    page.keyboard.press("o")
    assert page.get_attribute("#smoothing", "aria-pressed") == "false"
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("s")
    wait_for_status(page, "Stopped")
    page.focus("#open-about")
    page.keyboard.press("Enter")
    page.wait_for_selector("#about[open]")
    assert "EU AI Act" in page.inner_text("#about")


@pytest.mark.parametrize(
    "scheme, viewport",
    [
        ("light", {"width": 1280, "height": 900}),
        ("dark", {"width": 1280, "height": 900}),
        ("dark", {"width": 390, "height": 844}),
    ],
)
def test_axe_finds_no_serious_barrier(open_page, scheme, viewport):
    page = open_page(1, color_scheme=scheme, viewport=viewport, bypass_csp=True)
    start(page)
    page.wait_for_timeout(300)
    assert serious_barriers(page) == []
    page.click("#open-about")
    assert serious_barriers(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, "the page scrolls sideways"


def test_the_api_page_is_readable_offline_and_accessible(open_page, server):
    page = open_page(1, bypass_csp=True)
    page.goto(f"{server.address}/docs")
    page.wait_for_selector("#schemas h3")
    assert "/api/predict/video" in page.inner_text("#paths")
    assert serious_barriers(page) == []


def serious_barriers(page):
    folder = Path(find_spec("axe_playwright_python").origin).parent
    page.evaluate((folder / "axe.min.js").read_text())
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        (finding["id"], [node["html"] for node in finding["nodes"]])
        for finding in found
        if finding["impact"] in ("serious", "critical")
    ]
