"""The page and files: photos as cards, videos on the stage, the same from code."""

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from page_tools import (
    NEEDS_BROWSER,
    call,
    choose_reader,
    lines_drawn,
    start,
    wait_for_status,
    wait_for_text,
    write_video,
)
from webapp_fakes import frame, jpeg

pytestmark = NEEDS_BROWSER


def photo(name, data):
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def test_photos_become_a_card_a_face(open_page):
    page = open_page(0)
    page.expected_errors += ["400 (Bad Request)"]
    photos = [
        photo("pair.jpg", jpeg(frame(2))),
        photo("wall.jpg", jpeg(frame(0))),
        photo("broken.jpg", b"no picture"),
    ]
    page.set_input_files("#files", photos)
    page.wait_for_selector(".result.failed")
    titles = page.locator(".result h3").all_inner_texts()
    assert titles == ["broken.jpg", "wall.jpg", "pair.jpg · 1 of 2", "pair.jpg · 2 of 2"]
    assert "not a picture" in page.inner_text(".result.failed")
    assert "No face was found" in page.locator(".result", has_text="wall.jpg").inner_text()
    first = page.locator(".result", has_text="1 of 2")
    assert "happy" in first.locator(".said").inner_text()
    assert first.locator("svg.lines path").count() == 1
    assert "happy" in first.locator(".small-bars").get_attribute("aria-label")
    width = first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert width <= 240, "a card keeps a small picture"

    with page.expect_download() as saved:
        page.click("#photos-csv")
    rows = list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))
    assert [(row["file"], row["face"], row["label"]) for row in rows] == [
        ("pair.jpg", "1", "happy"),
        ("pair.jpg", "2", "happy"),
        ("wall.jpg", "", ""),
    ]
    first.get_by_role("button", name="Remove").click()
    assert page.locator(".result").count() == 3
    page.click("#photos-clear")
    assert page.locator(".result").count() == 0
    assert not page.is_visible("#photo-tools")


def test_a_photo_is_larger_on_click_and_saved_annotated(open_page):
    page = open_page(0)
    page.set_input_files("#files", photo("pair.jpg", jpeg(frame(2))))
    page.locator(".open").first.click()
    page.wait_for_selector("#photo[open]")
    assert page.inner_text("#photo-text").count("Face") == 2
    with page.expect_download() as saved:
        page.click("#photo-save")
    assert saved.value.suggested_filename == "pair-facelines.png"
    annotated = cv2.imread(str(saved.value.path()))
    assert annotated.shape == (480, 640, 3)
    changed = np.abs(annotated.astype(int) - frame(2)[..., ::-1]).max(axis=-1) > 90
    assert 1000 < changed.sum() < 60_000


def test_compared_photos_have_both_verdicts(open_page):
    page = open_page(0)
    choose_reader(page, "compare")
    page.set_input_files("#files", photo("one.jpg", jpeg(frame(1))))
    page.wait_for_selector(".said >> nth=1")
    said = page.locator(".said").all_inner_texts()
    assert said[0].startswith("Shape: happy")
    assert said[1].startswith("Pixels: sad")


def test_a_picture_can_be_pasted(open_page):
    page = open_page(0)
    page.evaluate(
        """bytes => {
          const file = new File([new Uint8Array(bytes)], "pasted.jpg", { type: "image/jpeg" });
          const clipboardData = new DataTransfer();
          clipboardData.items.add(file);
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        list(jpeg(frame(1))),
    )
    page.wait_for_selector(".result svg")
    assert "happy" in page.inner_text(".said")


def test_a_photo_dropped_anywhere_is_read_and_the_page_stays(open_page):
    page = open_page(0)
    page.evaluate(
        """bytes => {
          const file = new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" });
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(file);
          const drag = (name) => document.querySelector("footer").dispatchEvent(
            new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
          return ["dragover", "drop"].map(drag);
        }""",
        list(jpeg(frame(1))),
    )
    page.wait_for_selector(".result svg")
    assert page.inner_text(".result h3") == "dropped.jpg"
    assert not page.evaluate("document.body.classList.contains('dragging')")


def test_a_video_is_read_on_the_stage_and_the_camera_comes_back_mirrored(open_page, tmp_path):
    page = open_page(1)
    start(page)
    page.set_input_files("#files", write_video(tmp_path / "film.webm"))
    page.wait_for_selector("#live:not(.mirrored)")
    wait_for_status(page, "1 face in view")
    wait_for_status(page, "The video has ended")
    assert "Happy" in page.inner_text("#answer-first .verdict"), "its results stay"
    assert lines_drawn(page) > 0.02
    assert page.locator(".person").count() == 1
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save annotated video").click()
    assert saved.value.suggested_filename == "film-facelines.webm"
    decoded, picture = cv2.VideoCapture(str(saved.value.path())).read()
    assert decoded
    assert picture.shape == (480, 640, 3)
    page.get_by_role("button", name="Back to the camera").click()
    page.wait_for_selector("#live.mirrored")
    wait_for_status(page, "1 face in view")


def test_a_file_that_no_browser_plays_is_explained(open_page):
    page = open_page(0)
    film = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"no film"}
    page.set_input_files("#files", film)
    wait_for_text(page, "#problem", "cannot play film.mp4")


def test_the_code_shown_beside_a_photo_runs(open_page, tmp_path):
    page = open_page(0)
    (tmp_path / "it's me.jpg").write_bytes(jpeg(frame(1)))
    page.set_input_files("#files", tmp_path / "it's me.jpg")
    page.get_by_role("button", name="Code for").click()
    page.wait_for_selector("#code[open]")
    assert page.locator("#code h3").all_inner_texts() == ["curl", "Python", "JavaScript"]
    codes = page.locator("#code pre").all_inner_texts()
    done = subprocess.run(
        [sys.executable, "-c", codes[1]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "'happy'" in done.stdout
    assert "@'it'\\''s me.jpg'" in codes[0]
    names = call(page, "snippets", "Object.values(m.snippets(x, 'a.jpg'))", ["pixel"])
    assert all("model=pixel" in text for text in names)
