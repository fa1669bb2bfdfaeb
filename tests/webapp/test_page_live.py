"""The page with a camera, a portrait or a clip: picture, drawing, verdict, comparison, people."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from page_tools import (
    DENIED,
    DESKTOP,
    NEEDS_BROWSER,
    bar_sum,
    bounds,
    choose_reader,
    ink,
    lines_drawn,
    painted,
    show_sample,
    start,
    wait_for_status,
    wait_for_text,
)
from PIL import Image

pytestmark = NEEDS_BROWSER
REST, ARROWS, NOW = (0x5D, 0x7A, 0x94), (0xFF, 0xB4, 0x54), (0xF4, 0xF1, 0xEA)  # colours

# A front and a back camera, which Chromium's fake ones are not.
PHONE_CAMERAS = """
  const devices = navigator.mediaDevices;
  const [enumerate, request] = ["enumerateDevices", "getUserMedia"].map((name) => (
    devices[name].bind(devices)));
  devices.enumerateDevices = async () => (
    [...await enumerate(), { kind: "videoinput", deviceId: "back", label: "Back" }]);
  devices.getUserMedia = ({ video }) => {
    window.facing = video.facingMode;
    return request({ video: true });
  };
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function getSettings() {
    return { ...settings.call(this), facingMode: window.facing };
  };
"""


def saved_rows(page):
    with page.expect_download() as saved:
        page.click("#save-csv")
    return list(csv.DictReader(Path(saved.value.path()).read_text().splitlines()))


def test_one_face_is_boxed_drawn_and_read(open_page):
    page = open_page(1)
    start(page)
    page.click("#details summary")
    page.click("#mirror")  # off: then the overlay has the camera's own coordinates
    page.wait_for_timeout(300)
    around_face, elsewhere = (0.29, 0.1, 0.52, 0.41), (0.65, 0.5, 1.0, 0.85)
    assert ink(page, "#overlay", around_face) > 0.03
    assert ink(page, "#overlay", elsewhere) == 0
    page.click("#mirror")
    page.wait_for_timeout(300)
    assert ink(page, "#overlay", (0.48, 0.1, 0.71, 0.41)) > 0.03, "the overlay is mirrored too"
    assert lines_drawn(page) > 0.02
    assert bar_sum(page) == pytest.approx(1, abs=0.002)
    assert "Happy" in page.inner_text("#answer-first .verdict")
    assert "face 1: happy" in page.get_attribute("#overlay", "aria-label")
    assert float(page.inner_text("#rate")) > 0
    assert "decode" in page.inner_text("#stage-times")


def test_before_anyone_is_there_the_drawing_shows_what_labels_share(open_page):
    page = open_page(0)
    captions = "What [\\d,]+ faces labelled “\\w+” share, doubled"
    page.wait_for_function(
        "caption => RegExp(caption).test(document.getElementById('drawing-tag').textContent)",
        arg=captions,
    )
    assert lines_drawn(page) > 0.01
    start(page, 0)
    assert page.is_hidden("#drawing-tag")
    assert lines_drawn(page) == 0


def test_drawing_and_picture_stand_side_by_side_at_equal_height(open_page):
    page = open_page(1, viewport=DESKTOP)
    _, stage_top, stage_right, stage_bottom = bounds(page, "#stage")
    left, top, _, bottom = bounds(page, "#seen-first")
    assert (top, bottom) == (stage_top, stage_bottom)
    assert 0 < left - stage_right < 40
    assert bottom - top > 400


def test_lines_only_hide_the_picture_and_fill_its_place(open_page):
    page = open_page(2, viewport=DESKTOP)
    start(page, 2)
    page.keyboard.press("l")
    page.wait_for_timeout(400)
    left, _, right, _ = bounds(page, "#seen-first")
    assert right - left > 1100
    assert page.evaluate("getComputedStyle(document.getElementById('stage')).opacity") == "0"
    halves = (0, 0, 0.5, 1), (0.5, 0, 1, 1)
    assert all(lines_drawn(page, half) > 0.01 for half in halves), "a drawing for each face"
    page.keyboard.press("l")
    assert bounds(page, "#stage")[2] > 400


def test_the_exact_pixels_are_one_click_away(open_page):
    page = open_page(1, viewport=DESKTOP)
    show_sample(page, "Eileen Collins")
    wait_for_status(page, "1 face in view")
    page.click("#exact")
    assert "48 × 48 pixels" in page.inner_text("#drawing-tag")
    shades = page.wait_for_function(
        """() => {
          const canvas = document.getElementById("drawing");
          const side = Math.floor(Math.min(canvas.width, canvas.height) / 48) * 48;
          const [left, top] = [(canvas.width - side) / 2, (canvas.height - side) / 2];
          const { data } = canvas.getContext("2d").getImageData(left, top, side, side);
          const pixel = side / 48;
          const shades = [...Array(48 * 48).keys()].map((at) => {
            const [x, y] = [at % 48, Math.floor(at / 48)].map((part) => (part + 0.5) * pixel);
            return data[4 * (Math.floor(y) * side + Math.floor(x))];
          });
          return shades.every((shade) => shade === 0 || shade === 255) && shades;
        }"""
    ).json_value()
    assert set(shades) == {0, 255}
    assert 80 < shades.count(255) < 700


def test_a_card_has_no_photograph_unless_asked(open_page, tmp_path):
    page = open_page(1)
    show_sample(page, "Eileen Collins")
    wait_for_status(page, "1 face in view")
    page.click("#share")

    def saved_card():
        with page.expect_download() as saved:
            page.click("#card-save")
        with Image.open(saved.value.path()) as picture:
            return np.asarray(picture.convert("RGB")).astype(int)

    def colour(card):
        left = card[:, :630]
        return (left.max(axis=-1) - left.min(axis=-1)).max()

    card = saved_card()
    assert card.shape == (630, 1200, 3)
    assert colour(card) < 30, "white lines on black alone"
    assert (card[:, :630] > 200).mean() > 0.01
    page.check("#card-photo")
    assert colour(saved_card()) > 100
    with page.expect_download() as saved:
        page.click("#card-svg")
    assert Path(saved.value.path()).read_text().startswith("<svg")
    assert "guess from geometry" in page.get_attribute("#card-picture", "aria-label")


def test_samples_work_without_a_camera(open_page):
    page = open_page(1, arguments=DENIED)
    page.click("#start")
    wait_for_text(page, "#problem", "did not allow the camera")
    names = page.locator(".sample").all_inner_texts()
    assert len(names) == 4
    show_sample(page, "Eileen Collins")
    wait_for_status(page, "1 face in view")
    page.click("#stop")
    show_sample(page, "Two people")
    wait_for_status(page, "2 faces in view")
    page.click("#stop")
    show_sample(page, "A short clip")
    wait_for_status(page, "1 face in view")
    assert page.evaluate("document.getElementById('video').loop")


def test_a_neutral_face_is_taken_and_the_change_from_it_is_drawn(open_page):
    page = open_page(1, viewport=DESKTOP)
    start(page)
    page.get_by_role("button", name="This is my neutral face").click()
    wait_for_text(page, "#reference", "Look neutral: 3")
    wait_for_text(page, "#reference", "Forget my neutral face")
    page.wait_for_selector("[data-view=arrows][aria-pressed=true]")
    page.click("#stop")
    assert page.is_hidden("#reference")
    show_sample(page, "A short clip")  # of somebody else, so every point has moved
    page.click("[data-view=rest]")
    page.wait_for_timeout(300)
    assert painted(page, REST) > 0.005
    assert painted(page, ARROWS) == painted(page, NOW) == 0
    page.click("[data-view=arrows]")
    page.wait_for_timeout(300)
    assert painted(page, REST) > 0.002
    assert painted(page, ARROWS) > 0.002
    assert painted(page, NOW) > 0.01, "and the face as it is now"
    page.click("[data-view=now]")
    page.wait_for_timeout(300)
    assert painted(page, REST) == painted(page, ARROWS) == 0
    page.get_by_role("button", name="Forget my neutral face").click()
    wait_for_text(page, "#reference", "This is my neutral face")


def test_a_countdown_ends_with_the_camera(open_page):
    page = open_page(1)
    start(page)
    take = page.locator("#reference > button")
    take.click()
    assert take.is_disabled()
    page.click("#stop")
    start(page)
    assert take.is_enabled()
    assert take.inner_text() == "This is my neutral face"


def test_a_portrait_which_cannot_move_offers_no_reference(open_page):
    page = open_page(0)
    show_sample(page, "Eileen Collins")
    wait_for_status(page, "1 face in view")
    assert page.is_hidden("#reference")


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
    assert page.inner_text("#answer-first .verdict") == "No face"
    assert lines_drawn(page) == 0
    assert page.is_disabled("#share")


def test_the_slider_turns_a_label_into_a_leaning(open_page):
    page = open_page(1)
    choose_reader(page, "pixel")
    start(page)
    wait_for_text(page, "#answer-first .verdict", "Sad")
    page.click("#details summary")
    assert not page.is_visible("#threshold-reset")
    page.fill("#threshold", "0.4")
    note = "answers 75 % of test faces and is right on 60 %"
    assert note in page.inner_text("#threshold-note"), "between the card's rows"
    page.fill("#threshold", "0.98")
    wait_for_text(page, "#answer-first .verdict", "Leaning sad")
    page.wait_for_selector(".bar.leaning[data-label=sad]")
    assert "leaning sad" in page.get_attribute("#overlay", "aria-label")
    page.click("#threshold-reset")
    wait_for_text(page, "#answer-first .verdict", "Sad")


def test_shape_and_pixels_are_compared_with_what_each_sees(open_page):
    page = open_page(1, viewport=DESKTOP)
    start(page)
    choose_reader(page, "compare")
    page.wait_for_selector("#bars-second .bar.best[data-label=sad]")
    assert page.locator(".reader:visible").all_inner_texts() == ["Shape", "Pixels"]
    assert "Happy" in page.inner_text("#answer-first .verdict")
    assert "Sad" in page.inner_text("#answer-second .verdict")
    assert "They disagree: Shape says happy, Pixels says sad." == page.inner_text("#agreement")
    assert bar_sum(page, "pixel") == pytest.approx(1, abs=0.002)
    grays = page.evaluate(
        """() => {
          const canvas = document.getElementById("crop");
          const { data } = canvas.getContext("2d").getImageData(0, 0, 48, 48);
          return [...Array(48 * 48).keys()].map((at) => [...data.slice(4 * at, 4 * at + 3)]);
        }"""
    )
    assert all(red == green == blue for red, green, blue in grays)
    assert len({red for red, *_ in grays}) > 40, "the gray crop"
    tops = {bounds(page, selector)[1] for selector in ("#stage", "#seen-first", "#seen-second")}
    assert len(tops) == 1

    both = [row for row in saved_rows(page) if row["disagree"] == "1"]
    assert {(row["model"], row["label"]) for row in both} == {
        ("landmark", "happy"),
        ("pixel", "sad"),
    }
    with page.expect_download() as saved:
        page.click("#save-json")
    readings = json.loads(Path(saved.value.path()).read_text())["readings"]
    assert {reading["model"] for reading in readings if reading["disagree"]} == {
        "landmark",
        "pixel",
    }


def test_models_have_plain_names_and_accuracies(open_page):
    page = open_page(0)
    names = page.locator("#readers span").all_inner_texts()
    assert names == ["Shape", "Pixels", "Compare"]
    assert "Right on" in page.inner_text("#model-line")
    assert "landmark" not in page.inner_text("main")


def test_the_session_as_files_tells_runs_and_models_apart(open_page):
    page = open_page(1)
    start(page)
    page.click("#stop")
    start(page)
    choose_reader(page, "pixel")
    page.wait_for_selector(".bar.best[data-model=pixel]")
    rows = saved_rows(page)
    assert list(rows[0])[:7] == ["seconds", "run", "face", "model", "emotion", "label", "disagree"]
    labels = ("angry", "fear", "happy", "neutral", "sad", "surprise")
    assert sum(float(rows[0][label]) for label in labels) == pytest.approx(1, abs=0.002)
    who = list(dict.fromkeys((row["run"], row["face"], row["model"]) for row in rows))
    assert who == [("1", "1", "landmark"), ("2", "1", "landmark"), ("2", "1", "pixel")]
    page.click("#stop")
    page.click("#clear-session")
    assert page.is_disabled("#save-csv")


def test_every_person_has_a_line_with_values_under_the_pointer_and_a_replay(open_page):
    page = open_page(2)
    start(page, 2)
    page.wait_for_selector(".person >> nth=1")
    page.wait_for_timeout(1500)
    assert page.locator(".person .name").all_inner_texts() == ["Face 1", "Face 2"]
    assert "%" in page.locator(".person .ring").nth(1).get_attribute("aria-label")
    strip = page.locator(".strip").nth(1)
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.move(box["x"] + box["width"] * (1 - 1 / 60), box["y"] + 10)
    assert "1 s ago: happy" in page.locator(".values").nth(1).inner_text()
    assert "Face 2, 1 s ago" in page.inner_text("#drawing-tag")
    page.mouse.move(box["x"] + 2, box["y"] + 10)
    assert "not in view" in page.locator(".values").nth(1).inner_text()
    page.mouse.move(5, 5)
    page.wait_for_selector("#drawing-tag", state="hidden")
    strip.focus()
    page.keyboard.press("ArrowLeft")
    assert "1 s ago" in page.locator(".values").nth(1).inner_text()
    page.keyboard.press("Tab")

    page.click("#replay")
    wait_for_text(page, "#drawing-tag", "Face 1,")
    assert page.inner_text("#replay") == "End the replay"
    wait_for_text(page, "#replay", "Replay the minute")
    assert not page.is_visible("#drawing-tag")


def test_a_phones_back_camera_is_one_press_away_and_not_mirrored(open_page):
    page = open_page(1)
    page.add_init_script(PHONE_CAMERAS)
    page.reload()
    page.wait_for_selector("#readers input", state="attached")
    start(page)
    assert page.evaluate("facing") == "user"
    page.wait_for_selector("#live.mirrored")
    page.click("#flip")
    page.wait_for_selector("#live:not(.mirrored)")
    wait_for_status(page, "1 face in view")
    assert page.evaluate("facing") == "environment"
    page.click("#flip")
    page.wait_for_selector("#live.mirrored")


def test_focus_stays_after_start_and_stop(open_page):
    page = open_page(1)
    page.focus("#start")
    page.keyboard.press("Enter")
    wait_for_status(page, "1 face in view")
    assert page.evaluate("document.activeElement.id") == "stop"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "start"


def test_everything_works_by_keyboard_alone(open_page):
    page = open_page(1)
    page.focus("#details summary")
    page.keyboard.press("Enter")
    page.focus("h1")
    reached = set()
    page.evaluate("document.activeElement.blur()")
    for _ in range(50):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.value"))
    everything = {
        "open-help",
        "open-about",
        "theme",
        "start",
        "exact",
        "lines",
        "landmark",
        "mirror",
        "smoothing",
        "camera",
        "threshold",
        "files",
    }
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
    page.keyboard.press("c")
    page.wait_for_selector("#card[open]")
    page.keyboard.press("Escape")
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
