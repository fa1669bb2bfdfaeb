"""Fixtures of the page's tests: one server, one Chromium a kind, one page a test."""

import pytest
from page_tools import ALLOWED, ELSEWHERE, PATIENCE, Browsers, RunningServer, watch, write_film
from webapp_fakes import FakeRecognizer

from facelines.model import artifact
from facelines.model.recognizer import Recognizer


@pytest.fixture(scope="module")
def server():
    """The app with Shape, as released where it is, and a Pixels that says "sad" of everyone."""
    released = "landmark" in artifact.released()
    shape = Recognizer.load("landmark") if released else FakeRecognizer()
    running = RunningServer({"landmark": shape, "pixel": FakeRecognizer("pixel", says="sad")})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cameras(tmp_path_factory):
    """Paths of films by their number of faces."""
    folder = tmp_path_factory.mktemp("cameras")
    return {faces: write_film(folder / f"{faces}.y4m", faces) for faces in (0, 1, 2)}


@pytest.fixture(scope="module")
def browsers(cameras):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = Browsers(playwright, cameras)
        yield running
        running.close()


@pytest.fixture
def open_page(browsers, server):
    """Return a function that opens the page with a camera of so many faces.

    At the end no request may have gone to another host, and the console must hold no error but
    those that the test put into `page.expected_errors`.
    """
    contexts, checks = [], []

    def opener(faces=1, arguments=ALLOWED, address=server.address, **options):
        context = browsers(faces, arguments).new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.expected_errors = []
        port = server.address.rpartition(":")[2]
        checks.append(watch(page, (f"127.0.0.1:{port}", f"{ELSEWHERE}:{port}")))
        page.goto(address)
        page.wait_for_selector("#readers input", state="attached")
        return page

    try:
        yield opener
        for check in checks:
            check()
    finally:
        for context in contexts:
            context.close()
