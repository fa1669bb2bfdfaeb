"""Measure the page in Chromium: time to the first face, memory of photos, label changes of a clip.

    python tests/webapp/page_measures.py [--clip talking.mkv] [--photos 50]
    python tests/webapp/page_measures.py --site out/site

With --site: how long the page without a server takes until it is ready, and its answers a second.
One JSON line for each. A measurement, not a test: other programs on the machine disturb it.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "webapp")]

from page_tools import (  # noqa: E402
    ALLOWED,
    Browsers,
    RunningServer,
    start,
    write_film,
)
from static_fakes import hosted  # noqa: E402
from webapp_fakes import frame, jpeg  # noqa: E402

from facelines.preprocessing.images import video_frames  # noqa: E402
from facelines.webapp.server import load_recognizers  # noqa: E402
from facelines.webapp.settings import Settings  # noqa: E402

STARTS = 7
PHOTO_SIZE = (4000, 3000)  # 12 megapixels
CLIP_SECONDS = 60
SITE_FRAMES = 200
PATIENCE = 600_000  # milliseconds

FIRST_FACE = """() => new Promise((resolve) => {
  const drawing = document.getElementById("drawing");
  const started = performance.now();
  const look = () => {
    if (!drawing.getAttribute("aria-label").startsWith("Drawing of face")) {
      requestAnimationFrame(look);
      return;
    }
    requestAnimationFrame(() => resolve(performance.now() - started)); // it is painted
  };
  document.getElementById("start").click();
  look();
})"""
COUNT_WORDS = """(seconds) => new Promise((resolve) => {
  const verdict = document.querySelector("#answer-first .verdict");
  const said = [];
  new MutationObserver(() => {
    const word = verdict.querySelector(".word")?.textContent;
    if (word && word !== said.at(-1)) said.push(word);
  }).observe(verdict, { childList: true, subtree: true, characterData: true });
  setTimeout(() => resolve(said), 1000 * seconds);
})"""
SITE_READY = """() => new Promise((resolve) => {
  const status = document.getElementById("status");
  const look = () => {
    if (status.textContent.startsWith("The networks are loaded")) resolve(performance.now());
    else setTimeout(look, 5);
  };
  look();
})"""
SITE_SPEED = """async (frames) => {
  const { LocalSource } = await import(new URL("static/js/local_source.js", document.baseURI));
  const taken = [];
  const source = new LocalSource({
    onState: () => {}, onProblem: () => {}, onLoading: () => {},
    onResult: ({ faces }, ms) => { if (faces.length === 1) taken.push(ms); },
  });
  const [{ name }] = await source.models();
  await source.ready;
  source.configure({ models: [name], smoothing: true });
  source.open();
  const portrait = new Image();
  portrait.src = new URL("static/samples/collins.webp", document.baseURI);
  await portrait.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 480];
  const context = canvas.getContext("2d");
  for (let index = 0; index < frames; index += 1) {
    while (!source.isFree) await new Promise((resolve) => { setTimeout(resolve, 1); });
    context.drawImage(portrait, 8 * Math.sin(index / 6), 5 * Math.cos(index / 6));
    await source.send(canvas);
  }
  source.close();
  return taken;
}"""


def main() -> None:
    """Print each measurement as it is made."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, help="a film of one face, played in a loop")
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--site", type=Path, help="a folder made by `facelines webapp --static`")
    arguments = parser.parse_args()
    if arguments.site:
        with sync_playwright() as playwright:
            print(json.dumps(site_speed(Browsers(playwright, {0: "none"}), arguments.site)))
        return
    server = RunningServer(load_recognizers(Settings().model))
    try:
        with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
            folder = Path(name)
            cameras = {1: write_film(folder / "1.y4m", 1)}
            if arguments.clip:
                cameras["clip"] = write_clip(folder / "clip.y4m", arguments.clip)
            browsers = Browsers(playwright, cameras)
            print(json.dumps(first_face(opened(browsers, server, 1))), flush=True)
            if arguments.clip:
                print(json.dumps(label_changes(opened(browsers, server, "clip"))), flush=True)
            photos = write_photos(folder, arguments.photos)
            print(json.dumps(photo_memory(opened(browsers, server, 1), photos)), flush=True)
            browsers.close()
    finally:
        server.stop()


def opened(browsers, server, camera):
    page = browsers(camera, ALLOWED).new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(server.address)
    page.wait_for_selector("#readers input", state="attached")
    return page


def first_face(page) -> dict:
    """Return the milliseconds from the click on "Start the camera" to the first face drawn."""
    times = []
    for _ in range(STARTS):
        times.append(page.evaluate(FIRST_FACE))
        page.click("#stop")
    page.context.close()
    return {
        "first_face_ms": round(statistics.median(times)),
        "of": [round(time) for time in times],
    }


def label_changes(page) -> dict:
    """Return how often the words of the verdict and its label change in a minute."""
    start(page)
    said = page.evaluate(COUNT_WORDS, CLIP_SECONDS)
    rate = float(page.text_content("#rate"))
    page.context.close()
    labels = [words.lower().removeprefix("leaning ") for words in said]
    changes = sum(one != other for one, other in zip(labels, labels[1:], strict=False))
    return {"label_changes": changes, "word_changes": len(said) - 1, "frames_a_second": rate}


def photo_memory(page, photos: list[Path]) -> dict:
    """Return the MiB of the page's process after photos were read, and at its peak meanwhile."""
    before = renderer(page)
    page.set_input_files("#files", photos)
    page.wait_for_function(
        "count => document.querySelectorAll('.result:not(.note)').length >= count", arg=len(photos)
    )
    page.wait_for_timeout(3000)
    after = renderer(page)
    page.context.close()
    return {
        "photos": len(photos),
        "renderer_mib": after["VmRSS"],
        "peak_mib": after["VmHWM"],
        "before_mib": before["VmRSS"],
    }


def site_speed(browsers, site: Path) -> dict:
    """Return the milliseconds until a first visitor's page is ready, and its answers a second."""
    ready = []
    with hosted(site) as address:
        for _ in range(3):
            page = browsers(0, ()).new_context().new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            ready.append(page.evaluate(SITE_READY))
            page.context.close()
        page = browsers(0, ()).new_context().new_page()
        page.set_default_timeout(PATIENCE)
        page.route("**/js/main.js", lambda route: route.fulfill(content_type="text/javascript"))
        page.goto(address)
        taken = page.evaluate(SITE_SPEED, SITE_FRAMES)
    browsers.close()
    return {
        "ready_ms": round(statistics.median(ready)),
        "answer_ms": round(statistics.median(taken), 1),
        "answers_a_second": round(1000 / statistics.mean(taken[SITE_FRAMES // 10 :]), 1),
        "answers": len(taken),
    }


def renderer(page) -> dict[str, int]:
    """Return the memory of the page's process, MiB by the kernel's names."""
    session = page.context.browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    ids = [process["id"] for process in processes if process["type"] == "renderer"]
    found = [memory(process) for process in ids if os.path.exists(f"/proc/{process}")]
    return max(found, key=lambda one: one["VmRSS"])


def memory(process: int) -> dict[str, int]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return {name: int(values[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM")}


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write different photos of one face, as a camera of 12 megapixels takes them."""
    noise = np.random.default_rng(0)
    paths = []
    for index in range(count):
        large = cv2.resize(frame(1, shift=(index, 0)), PHOTO_SIZE, interpolation=cv2.INTER_CUBIC)
        grain = noise.integers(0, 12, (750, 1000, 1), np.uint8)
        large = cv2.add(large, cv2.resize(grain, PHOTO_SIZE)[..., None].repeat(3, axis=2))
        paths.append(folder / f"{index}.jpg")
        paths[-1].write_bytes(jpeg(large))
    return paths


def write_clip(path: Path, clip: Path) -> Path:
    """Write a film as Chromium's fake camera plays it, over and over."""
    frames = [image for _, image in video_frames(clip)]
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode())
        for image in frames:
            planes = cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420)
            film.write(b"FRAME\n" + planes.tobytes())
    return path


if __name__ == "__main__":
    main()
