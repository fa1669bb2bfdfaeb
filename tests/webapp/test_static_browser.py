"""The page without a server, in a real headless Chromium: it reads as Python reads."""

import base64
import os
import shutil

import cv2
import numpy as np
import pytest
import static_fakes
from page_tools import (
    ALLOWED,
    DENIED,
    NEEDS_BROWSER,
    PATIENCE,
    lines_drawn,
    show_sample,
    start,
    wait_for_status,
    wait_for_text,
    watch,
)

from facelines.model.recognizer import Recognizer
from facelines.preprocessing import fer2013_landmarks, render
from facelines.preprocessing.images import decode_png, encode_png
from facelines.preprocessing.points import eye_distance
from facelines.webapp.site import build

pytestmark = [
    *NEEDS_BROWSER,
    pytest.mark.skipif(
        not shutil.which("npm") and not os.environ.get("CI"),
        reason="needs npm, which fetches the networks' runtime",
    ),
]
FACES = 10_000  # of the embedded set, drawn in the browser

# What the page may differ by from Python: points in eye distances, probabilities.
POINTS_TOLERANCE = 0.005
PROBABILITIES_TOLERANCE = 0.02


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return static_fakes.models(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def site(tmp_path_factory, weights):
    return build(tmp_path_factory.mktemp("site") / "out", weights).folder


@pytest.fixture(scope="module")
def address(site):
    with static_fakes.hosted(site) as address:
        yield address


@pytest.fixture
def open_site(browsers, address):
    """Return a function that opens the site as a visitor with so many faces does.

    At the end no request may have gone to another host, and the console must hold no error.
    """
    contexts, checks = [], []

    def opener(faces=1, arguments=ALLOWED):
        context = browsers(faces, arguments).new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.expected_errors = []
        checks.append(watch(page, (address.split("/")[2],)))
        page.goto(address)
        wait_for_status(page, "The networks are loaded")
        page.wait_for_selector("#readers input", state="attached")
        return page

    try:
        yield opener
        for check in checks:
            check()
    finally:
        for context in contexts:
            context.close()


OPEN_SOURCE = """async () => {
  const { LocalSource } = await import(new URL("static/js/local_source.js", document.baseURI));
  window.render = await import(new URL("static/js/reading/render.js", document.baseURI));
  window.results = [];
  window.problems = [];
  window.source = new LocalSource({
    onState: () => {},
    onResult: (result) => results.push(result),
    onProblem: (problem) => problems.push(problem),
    onLoading: (share) => { window.share = share; },
  });
  window.models = await source.models();
  await source.ready.catch(() => {});
}"""
READ_PHOTO = """async ([data, models]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return source.photo(new File([bytes], "photo.png", { type: "image/png" }), { models });
}"""


@pytest.fixture(scope="module")
def page(browsers, address):
    """A source of results by itself, loaded and then cut off from the network."""
    context = browsers(0, ()).new_context()
    page = open_source(context, address)
    context.set_offline(True)
    yield page
    context.close()


def open_source(context, address):
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.route("**/js/main.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.goto(address)
    page.evaluate(OPEN_SOURCE)
    return page


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def photo(page, gray, name):
    return page.evaluate(READ_PHOTO, [as_base64(encode_png(gray)), [name]])


def shown(face, name):
    """Return a face's points (51, 2), drawing (48, 48) and probabilities, as the page has them."""
    image = decode_png(base64.b64decode(face["drawing"].partition(",")[2]))  # a BMP, in truth
    probabilities = list(face["readings"][name]["probabilities"].values())
    return np.array(face["points"]), image, np.array(probabilities)


def test_loading_is_told_and_ends_without_a_problem(page):
    assert page.evaluate("[share, problems]") == [1, []]


def test_drawings_are_opencvs_byte_for_byte(page):
    points = fer2013_landmarks.load()["points"][:FACES]
    expected = np.array([render.draw(face) for face in points])
    packed = page.evaluate(
        """async (data) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const values = new Float32Array(bytes.buffer);
          const ink = new Uint8Array(values.length / 102 * 288);
          for (let face = 0; face < values.length / 102; face += 1) {
            const points = Array.from({ length: 51 }, (_, index) => (
              [...values.subarray(face * 102 + 2 * index, face * 102 + 2 * index + 2)]
            ));
            render.draw(points).data.forEach((level, pixel) => {
              if (level) ink[face * 288 + (pixel >> 3)] |= 128 >> (pixel & 7);
            });
          }
          let text = "";
          for (let start = 0; start < ink.length; start += 1 << 15) {
            text += String.fromCharCode(...ink.subarray(start, start + (1 << 15)));
          }
          return btoa(text);
        }""",
        as_base64(points.astype("<f4").tobytes()),
    )
    ink = np.frombuffer(base64.b64decode(packed), np.uint8)
    drawn = 255 * np.unpackbits(ink).reshape(expected.shape)
    different = (drawn != expected).any(axis=(1, 2))
    assert len(points) == FACES and not different.any(), f"{different.sum()} faces differ"


def pictures(astronaut, astronaut_crop):
    turn = cv2.getRotationMatrix2D((224, 130), 25, 1)
    return {
        "as it is": astronaut,
        "large": cv2.resize(astronaut, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC),
        "tilted": cv2.warpAffine(astronaut, turn, (512, 512)),
        "a data set's crop": astronaut_crop,
    }


@pytest.mark.parametrize("kind", ["as it is", "large", "tilted", "a data set's crop"])
def test_a_portrait_reads_as_in_python(page, weights, astronaut, astronaut_crop, kind):
    recognizer = Recognizer.load(weights[0])
    gray = pictures(astronaut, astronaut_crop)[kind]
    (expected,) = recognizer(gray)
    (face,) = photo(page, gray, recognizer.name)["faces"]
    points, image, probabilities = shown(face, recognizer.name)
    apart = np.linalg.norm(points - expected.face.points, axis=1)
    assert apart.max() <= POINTS_TOLERANCE * eye_distance(expected.face.points)
    assert np.abs(probabilities - expected.probabilities).max() <= PROBABILITIES_TOLERANCE
    assert face["readings"][recognizer.name]["best"] == expected.best
    assert abs(face["quality"] - expected.face.quality) <= 0.05
    assert (image != expected.face.image).mean() <= 0.002  # a point at a pixel's edge may move


def test_a_clip_is_followed_and_reads_as_in_python(page, weights, astronaut):
    recognizer = Recognizer.load(weights[0])
    shifts = [(6 * step, 3 * step) for step in range(8)]
    frames = [
        cv2.warpAffine(astronaut, np.array([[1, 0, x], [0, 1, y]], float), (640, 512))
        for x, y in shifts
    ]
    results = page.evaluate(
        """async ([frames, model]) => {
          results.length = 0;
          source.configure({ models: [model], smoothing: false });
          source.open();
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [640, 512];
          for (const data of frames) {
            while (!source.isFree) await new Promise((resolve) => { setTimeout(resolve, 5); });
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            canvas.getContext("2d").drawImage(await createImageBitmap(new Blob([bytes])), 0, 0);
            await source.send(canvas);
          }
          source.close();
          return results;
        }""",
        [[as_base64(encode_png(frame)) for frame in frames], recognizer.name],
    )
    assert len(results) == len(frames)
    for frame, result in zip(frames, results, strict=True):
        (expected,), (face,) = recognizer(frame), result["faces"]
        points, _, probabilities = shown(face, recognizer.name)
        apart = np.linalg.norm(points - expected.face.points, axis=1)
        assert face["number"] == 1
        # Followed from the last frame's points, not found anew.
        assert np.median(apart) <= 0.03 * eye_distance(expected.face.points)
        assert np.abs(probabilities - expected.probabilities).max() <= 0.1


def test_a_picture_without_a_face_has_none(page, weights):
    noise = np.random.default_rng(0).integers(100, 140, (240, 320), np.uint8)
    assert photo(page, noise, weights[0].name)["faces"] == []


def test_what_is_no_picture_is_refused_in_a_sentence(page, weights):
    said = page.evaluate(
        """(model) => source.photo(new File(["no picture"], "notes.txt"), { models: [model] })
          .catch((error) => error.message)""",
        weights[0].name,
    )
    assert said == "notes.txt cannot be read. Try JPEG, PNG or WebP."


def test_a_worker_of_the_page_may_not_reach_another_host(page):
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
          const script = `
            self.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
              self.postMessage(effectiveDirective);
            });
            fetch("http://127.0.0.1:9/").catch(() => {});`;
          const worker = new Worker(URL.createObjectURL(new Blob([script])));
          worker.addEventListener("message", ({ data }) => resolve(data));
        })"""
    )
    assert blocked == "connect-src"


def test_a_damaged_network_is_refused_in_a_sentence(browsers, site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "damaged")
    network = copy / "networks" / "face_landmarks_detector.tflite"
    network.write_bytes(network.read_bytes()[:-1] + b"x")
    context = browsers(0, ()).new_context()
    with static_fakes.hosted(copy) as address:
        (problem,) = open_source(context, address).evaluate("problems")
    context.close()
    assert problem.startswith("networks/face_landmarks_detector.tflite is not the file that")


@pytest.mark.parametrize("faces", [0, 1, 2])
def test_a_camera_is_read_in_the_page_cut_off_from_the_network(open_site, address, faces):
    page = open_site(faces)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.context.set_offline(True)
    start(page, faces)
    assert (lines_drawn(page) > 0.02) == (faces > 0)
    page.click("#stop")
    start(page, faces)
    assert not [url for url in requests if not url.startswith("blob:")]


def test_a_denied_camera_is_said_and_a_portrait_is_read_all_the_same(open_site):
    page = open_site(0, DENIED)
    page.click("#start")
    wait_for_text(page, "#problem", "did not allow the camera")
    show_sample(page, "Two people")
    wait_for_status(page, "2 faces in view")


def test_the_page_says_that_frames_stay_in_the_browser(open_site):
    page = open_site(0)
    assert page.is_visible("text=Frames stay in this browser")
    assert not page.is_visible("text=server's memory")
    assert not page.is_visible("text=API")
    assert page.locator("#readers label").all_inner_texts() == ["Shape"]


def test_after_the_first_visit_the_page_opens_without_its_host(browsers, site):
    context = browsers(1, ALLOWED).new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    bodies = []
    page.on("request", lambda request: bodies.append(request.post_data))
    with static_fakes.hosted(site) as address:
        page.goto(address)
        wait_for_status(page, "The networks are loaded")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    wait_for_status(page, "The networks are loaded")
    start(page, 1)
    context.close()
    assert bodies and not any(bodies)
