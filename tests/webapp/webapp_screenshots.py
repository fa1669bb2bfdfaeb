"""Take the pictures of docs/images/ from the released model.

    python tests/webapp/webapp_screenshots.py [--folder docs/images] [--all]

--all takes the other states too (phone, two faces, no face, refused permission), to be looked at.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "webapp")]

from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from test_webapp_browser import ALLOWED, RunningServer, opened, start, write_film  # noqa: E402

from facelines.webapp.server import load_recognizers  # noqa: E402
from facelines.webapp.settings import Settings  # noqa: E402

WIDE = {"width": 1280, "height": 1240}
PHONE = {"width": 390, "height": 844}
SECONDS_OF_HISTORY = 25
PICTURES = {  # name -> (faces, colour scheme, viewport, seconds of history)
    "webapp-light": (1, "light", WIDE, SECONDS_OF_HISTORY),
    "webapp-dark": (2, "dark", WIDE, SECONDS_OF_HISTORY),
}
OTHER_PICTURES = {
    "phone": (1, "light", PHONE, 5),
    "no-face": (0, "dark", WIDE, 2),
    "refused": (None, "light", WIDE, 1),
}


def take(opener, path: Path, faces: int | None, scheme: str, viewport: dict, seconds: int) -> None:
    """Open the page in one state and save its picture."""
    refused = faces is None
    arguments = ("--deny-permission-prompts",) if refused else ALLOWED
    page = opener(faces or 0, arguments, color_scheme=scheme, viewport=viewport)
    if refused:
        page.click("#start")
    else:
        start(page, faces)
    page.wait_for_timeout(1000 * seconds)
    # The fake camera is named after its film's path, which says nothing to a reader.
    page.evaluate("document.querySelector('#camera option').textContent = 'Camera 1'")
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(path, quality=90, method=6)
    page.context.browser.close()


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    wanted = PICTURES | (OTHER_PICTURES if arguments.all else {})
    server = RunningServer(load_recognizers(Settings().model))
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            cameras = {
                faces: write_film(Path(folder) / f"{faces}.y4m", faces) for faces in (0, 1, 2)
            }
            with opened(playwright, server, cameras) as opener:
                for name, (faces, scheme, viewport, seconds) in wanted.items():
                    path = arguments.folder / f"{name}.webp"
                    take(opener, path, faces, scheme, viewport, seconds)
                    print(path)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
