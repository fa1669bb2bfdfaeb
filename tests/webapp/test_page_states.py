"""The page when something is in the way, on other screens, for everybody, and installed."""

import json

import pytest
from page_tools import (
    DENIED,
    DESKTOP,
    LANDSCAPE_PHONE,
    NEEDS_BROWSER,
    PHONE,
    barriers,
    bounds,
    choose_reader,
    lines_drawn,
    show_sample,
    sideways,
    start,
    wait_for_status,
    wait_for_text,
)
from webapp_fakes import frame, jpeg

pytestmark = NEEDS_BROWSER


def test_refused_permission_is_explained_inside_the_stage(open_page):
    page = open_page(1, arguments=DENIED, viewport={"width": 1366, "height": 650})
    page.click("#start")
    wait_for_text(page, "#problem", "did not allow the camera")
    _, top, _, bottom = bounds(page, "#problem")
    _, stage_top, _, stage_bottom = bounds(page, "#stage")
    assert stage_top < top < bottom < stage_bottom <= 650
    assert page.is_visible("#start")
    assert page.is_visible(".sample >> nth=0")


def test_a_page_of_another_host_without_https_is_told_why_there_is_no_camera(open_page, server):
    page = open_page(1, address=server.insecure_address)
    page.expected_errors += ["Cross-Origin-Opener-Policy"]  # such a page is told that it has none
    assert page.evaluate("window.isSecureContext") is False
    page.click("#start")
    wait_for_text(page, "#problem", "--ssl-certfile")
    show_sample(page, "Eileen Collins")
    wait_for_status(page, "1 face in view")
    photo = {"name": "one.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame(1))}
    page.set_input_files("#files", photo)
    page.wait_for_selector(".said")


def test_a_second_tab_is_told_of_the_first(open_page):
    page = open_page(1)
    start(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#readers input", state="attached")
    other.click("#start")
    wait_for_text(other, "#problem", "another tab")


def test_a_dropped_connection_clears_the_verdict_and_comes_back_by_itself(open_page, server):
    page = open_page(1)
    page.expected_errors += ["WebSocket connection to"]
    start(page)
    server.stop()
    try:
        wait_for_status(page, "The connection dropped")
        assert page.inner_text("#answer-first .verdict") == "No face"
        assert page.text_content("#rate") == "–"
        assert page.get_attribute("#bars-first .bar", "data-probability") == ""
        page.wait_for_timeout(200)
        assert lines_drawn(page) == 0
    finally:
        server.start()
    wait_for_status(page, "1 face in view")


def test_a_busy_server_is_explained_and_tried_again(open_page, server):
    page = open_page(1)
    admission = server.app.state.analyzer.admission
    admission.clients += 1000
    try:
        page.click("#start")
        wait_for_status(page, "The server is busy")
    finally:
        admission.clients -= 1000
    wait_for_status(page, "1 face in view")


@pytest.mark.parametrize("viewport", [PHONE, LANDSCAPE_PHONE], ids=["upright", "on its side"])
@pytest.mark.parametrize("reader", ["landmark", "compare"])
def test_a_phone_shows_picture_verdict_and_bars_in_its_first_screen(open_page, viewport, reader):
    page = open_page(1, viewport=viewport)
    choose_reader(page, reader)
    start(page)
    page.evaluate("scrollTo(0, 0)")
    seen = ["#stage", "#seen-first", "#answer-first .verdict", "#bars-first"]
    if reader == "compare":
        seen += ["#seen-second", "#answer-second .verdict", "#bars-second"]
    for selector in seen:
        left, top, right, bottom = bounds(page, selector)
        assert 0 <= left < right <= viewport["width"], selector
        assert 0 <= top < bottom <= viewport["height"], selector
    assert sideways(page) <= 0


@pytest.mark.parametrize("width", [320, 640, 820, 1366])
def test_no_width_scrolls_sideways(open_page, width):
    page = open_page(2, viewport={"width": width, "height": 640})
    start(page, 2)
    page.wait_for_selector("#reference [data-view=rest]")
    assert sideways(page) <= 0
    choose_reader(page, "compare")
    page.click("#details summary")
    page.wait_for_selector("#bars-second .best")
    assert sideways(page) <= 0


@pytest.mark.parametrize(
    "scheme, viewport", [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)]
)
def test_axe_finds_no_barrier_in_any_state(open_page, scheme, viewport):
    page = open_page(2, color_scheme=scheme, viewport=viewport, bypass_csp=True)
    found = {"idle": barriers(page)}
    start(page, 2)
    page.click("#details summary")
    found["live"] = barriers(page)
    choose_reader(page, "compare")
    page.wait_for_selector("#bars-second .best")
    found["comparison"] = barriers(page)
    page.click("#lines")
    found["lines only"] = barriers(page)
    photos = [
        {"name": "pair.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame(2))},
        {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": jpeg(frame(0))},
    ]
    page.set_input_files("#files", photos)
    page.wait_for_selector(".result.note .open")
    found["photos"] = barriers(page)
    for opener, dialog in (
        (".open >> nth=-1", "photo"),
        ("#open-about", "about"),
        ("#share", "card"),
        ("[data-code]", "code"),
    ):
        page.click(opener)
        page.wait_for_selector(f"#{dialog}[open]")
        found[dialog] = barriers(page)
        page.keyboard.press("Escape")
    assert {state: problems for state, problems in found.items() if problems} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_where_the_camera_is_denied(open_page, scheme):
    page = open_page(1, arguments=DENIED, color_scheme=scheme, bypass_csp=True)
    page.click("#start")
    wait_for_text(page, "#problem", "did not allow")
    assert barriers(page) == []


def test_the_legend_follows_the_theme(open_page):
    page = open_page(0, color_scheme="light")
    sad = "getComputedStyle(document.querySelector('#legend li:nth-child(5) i')).backgroundColor"
    light = page.evaluate(sad)
    page.click("#theme")
    page.click("#theme")
    assert page.inner_text("#theme") == "Theme: dark"
    assert page.evaluate(sad) != light


def test_the_page_can_be_installed_and_its_shell_opens_offline(open_page, server):
    page = open_page(0)
    page.expected_errors += ["ERR_CONNECTION_REFUSED"]
    manifest = page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())"
    )
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert page.request.get(server.address + icon["src"]).ok
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    server.stop()
    try:
        page.reload()
        wait_for_text(page, "#problem", "The server does not answer")
        assert page.inner_text("h1") == "Facelines"
    finally:
        server.start()
    kept = page.evaluate(
        "caches.keys().then(([name]) => caches.open(name)).then((cache) => cache.keys())"
        ".then((keys) => keys.map(({ url }) => new URL(url).pathname))"
    )
    private = [path for path in kept if path.startswith(("/api", "/live", "/static/samples"))]
    assert private == []


def test_the_api_page_is_readable_offline_and_accessible(open_page, server):
    page = open_page(0, bypass_csp=True)
    page.goto(f"{server.address}/docs")
    page.wait_for_selector("#schemas h3")
    assert "/api/predict/video" in page.inner_text("#paths")
    assert barriers(page) == []
    assert json.loads(page.request.get(f"{server.address}/openapi.json").text())["openapi"]
