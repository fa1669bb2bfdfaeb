"""Take the pictures of docs/images/ from the released models and the portraits of the page.

    python tests/webapp/webapp_screenshots.py [--folder docs/images] [--all]

--all takes every other state too (tablet, denied, dropped ...), to be looked at.
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "webapp")]

from page_tools import (  # noqa: E402
    ALLOWED,
    DENIED,
    DESKTOP,
    LANDSCAPE_PHONE,
    PATIENCE,
    PHONE,
    Browsers,
    RunningServer,
    choose_reader,
    show_sample,
    start,
    wait_for_status,
    wait_for_text,
    write_film,
    write_video,
)
from PIL import Image  # noqa: E402

from facelines.webapp.server import load_recognizers  # noqa: E402
from facelines.webapp.settings import Settings  # noqa: E402

TABLET = {"width": 820, "height": 1180}
SHORT = {"width": 1366, "height": 650}
MAX_BYTES = 60_000
HISTORY_SECONDS = 8
FILM_SECONDS = 6.4
FILM_FRAMES = 16
FILM_AREA, FILM_SIZE = (16, 84, 944, 644), (720, 434)
SAMPLES = ROOT / "webapp" / "static" / "samples"


@dataclass(frozen=True)
class Shot:
    """One state of the page: what is before the camera, the screen, and how to get there."""

    reach: Callable
    viewport: dict
    scheme: str = "light"
    faces: int = 1
    arguments: tuple = ALLOWED
    whole: bool = False


def settle(page):
    """Wait until the faces in view, if any, have been read by the models now chosen."""
    page.wait_for_timeout(1500)
    if page.inner_text("#status").startswith(("1 ", "2 ")):
        page.wait_for_selector("#bars-first .best")
        if page.is_visible("#seen-second"):
            page.wait_for_selector("#bars-second .best")


def live(faces=1, seconds=1.0, then=lambda page: None):
    def reach(page):
        start(page, faces)
        then(page)
        page.wait_for_timeout(1000 * seconds)
        settle(page)

    return reach


def sample(name, seconds=1.0, then=lambda page: None):
    def reach(page):
        show_sample(page, name)
        wait_for_status(page, "in view")
        page.wait_for_timeout(1000 * seconds)
        settle(page)
        then(page)
        settle(page)

    return reach


def compare(page):
    choose_reader(page, "compare")


def click(selector):
    return lambda page: page.click(selector)


def denied(page):
    page.click("#start")
    wait_for_text(page, "#problem", "did not allow")


def photos(page):
    names = ("pair.webp", "hopper.webp", "collins.webp")
    page.set_input_files("#files", [SAMPLES / name for name in names])
    page.wait_for_selector(".result >> nth=3")
    page.wait_for_selector(".result.note", state="detached")
    page.locator(".uploads").scroll_into_view_if_needed()


def changed(view, smiling=1.6):
    """Play the clip, take the face at rest and wait for the smile."""

    def reach(page):
        show_sample(page, "A short clip")
        wait_for_status(page, "in view")
        moment = "at => Math.abs(document.getElementById('video').currentTime - at) < 0.15"
        page.wait_for_function(moment, arg=2.4)  # in 3 seconds the clip is at rest
        page.click("#reference button")
        wait_for_text(page, "#reference", "Forget")
        page.click(f"[data-view={view}]")
        page.wait_for_function(moment, arg=smiling)

    return reach


def dropped(page):
    """Lose the connection for good."""
    sockets = []

    def route(socket):
        if sockets:
            socket.close()
        else:
            sockets.append(socket)
            socket.connect_to_server()

    page.route_web_socket("**/live", route)
    start(page)
    sockets[0].close()
    wait_for_status(page, "The connection dropped")


def ended_film(page):
    with tempfile.TemporaryDirectory() as folder:
        page.set_input_files("#files", write_video(Path(folder) / "film.webm"))
        wait_for_status(page, "The video has ended")


DOCS = {
    "page-idle": Shot(lambda page: page.wait_for_timeout(4500), DESKTOP),
    "page-live": Shot(live(seconds=HISTORY_SECONDS), DESKTOP, whole=True),
    "page-dark": Shot(live(2, HISTORY_SECONDS), DESKTOP, "dark", faces=2, whole=True),
    "page-compare": Shot(sample("Grace Hopper", then=compare), DESKTOP),
    "page-lines": Shot(live(2, then=click("#lines")), DESKTOP, "dark", faces=2),
    "page-photos": Shot(photos, {"width": 1280, "height": 760}),
    "page-phone": Shot(live(), PHONE),
    "page-landscape": Shot(live(), LANDSCAPE_PHONE, "dark"),
    "page-reference": Shot(changed("arrows"), {"width": 1280, "height": 820}, "dark"),
    "page-denied": Shot(denied, SHORT, arguments=DENIED),
    "page-card": Shot(sample("Eileen Collins", then=click("#share")), DESKTOP),
}
OTHERS = {
    "idle-phone": Shot(lambda page: None, PHONE),
    "idle-landscape": Shot(lambda page: None, LANDSCAPE_PHONE, "dark"),
    "tablet": Shot(live(), TABLET),
    "short": Shot(live(), SHORT),
    "narrow": Shot(live(), {"width": 320, "height": 640}, "dark", whole=True),
    "rest": Shot(changed("rest"), DESKTOP),
    "now": Shot(changed("now"), DESKTOP, "dark"),
    "arrows-phone": Shot(changed("arrows"), PHONE),
    "arrows-landscape": Shot(changed("arrows"), LANDSCAPE_PHONE, "dark"),
    "dropped": Shot(dropped, DESKTOP),
    "no-face": Shot(live(0), DESKTOP, "dark", faces=0),
    "two-compared": Shot(live(2, then=compare), DESKTOP, faces=2),
    "compare-phone": Shot(sample("Grace Hopper", then=compare), PHONE, "dark"),
    "compare-landscape": Shot(sample("Grace Hopper", then=compare), LANDSCAPE_PHONE),
    "leaning": Shot(sample("Grace Hopper"), DESKTOP),
    "pair": Shot(sample("Two people"), DESKTOP, "dark"),
    "exact": Shot(live(then=click("#exact")), DESKTOP),
    "lines-phone": Shot(live(then=click("#lines")), PHONE, "dark"),
    "details": Shot(live(then=click("#details summary")), DESKTOP, whole=True),
    "code": Shot(click("[data-code]"), DESKTOP, "dark"),
    "about": Shot(click("#open-about"), DESKTOP),
    "ended": Shot(ended_film, DESKTOP),
    "clip": Shot(sample("A short clip", 7), DESKTOP, "dark", whole=True),
}


def opened(browsers, address: str, shot: Shot):
    """Return a new page of a shot's screen, with its models loaded."""
    browser = browsers(shot.faces, shot.arguments)
    context = browser.new_context(viewport=shot.viewport, color_scheme=shot.scheme)
    page = context.new_page()
    page.set_default_timeout(4 * PATIENCE)
    page.goto(address)
    page.wait_for_selector("#readers input", state="attached")
    return page


def picture_of(page, whole: bool = False) -> Image.Image:
    """Return the page as it looks now."""
    # The fake camera is named after its film's path, which says nothing to a reader.
    page.evaluate("document.querySelector('#camera option').textContent = 'Camera 1'")
    return Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")


def save_small(picture: Image.Image, path: Path) -> None:
    """Save a picture in the best of a few qualities that keeps it under MAX_BYTES."""
    for quality in (72, 60, 48, 36):
        picture.save(path, quality=quality, method=6)
        if path.stat().st_size < MAX_BYTES:
            return


def take(browsers, address: str, shot: Shot, path: Path) -> None:
    """Bring the page into one state and save its picture."""
    page = opened(browsers, address, shot)
    shot.reach(page)
    save_small(picture_of(page, shot.whole), path)
    page.context.close()


def film(browsers, address: str, path: Path) -> None:
    """Save the short clip being read, and what moves in it, as an animated picture."""
    shot = Shot(changed("arrows"), {"width": 960, "height": 820}, "dark")
    page = opened(browsers, address, shot)
    shot.reach(page)
    page.wait_for_function("() => document.getElementById('video').currentTime < 0.3")
    seen = []
    for index in range(FILM_FRAMES):
        moment = FILM_SECONDS * index / FILM_FRAMES
        page.wait_for_function(
            "at => document.getElementById('video').currentTime >= at", arg=moment
        )
        seen.append(picture_of(page).crop(FILM_AREA).resize(FILM_SIZE, Image.LANCZOS))
    duration = round(1000 * FILM_SECONDS / FILM_FRAMES)
    how = {"duration": duration, "loop": 0, "quality": 55, "method": 6}
    encoded = io.BytesIO()  # it takes a while: broken off in a file, it would leave none
    seen[0].save(encoded, "WEBP", save_all=True, append_images=seen[1:], **how)
    path.write_bytes(encoded.getvalue())
    page.context.close()


def main() -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", nargs="*", help="names of pictures")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    shots = DOCS | (OTHERS if arguments.all or arguments.only else {})
    wanted = {name: shot for name, shot in shots.items() if name in (arguments.only or shots)}
    server = RunningServer(load_recognizers(Settings().model))
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            cameras = {
                faces: write_film(Path(folder) / f"{faces}.y4m", faces) for faces in (0, 1, 2)
            }
            browsers = Browsers(playwright, cameras)
            for name, shot in wanted.items():
                path = arguments.folder / f"{name}.webp"
                take(browsers, server.address, shot, path)
                print(path, path.stat().st_size)
            if not arguments.only or "page-clip" in arguments.only:
                film(browsers, server.address, arguments.folder / "page-clip.webp")
            browsers.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
