"""The page's modules by themselves: placing labels, verdicts, shapes, names, the session."""

import numpy as np
import pytest
from page_tools import NEEDS_BROWSER, call

from facelines.preprocessing import render
from facelines.preprocessing.pipeline import _BUILT_IN_FACE

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def page(browsers, server):
    context = browsers(0, ()).new_context()
    page = context.new_page()
    page.goto(server.address)
    yield page
    context.close()


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("seed", range(12))
def test_labels_are_inside_the_picture_off_eyes_and_off_each_other(page, seed):
    generator = np.random.default_rng(seed)
    faces = []
    for _ in range(int(generator.integers(1, 6))):
        side = generator.uniform(40, 220)
        left = generator.uniform(-0.4 * side, 640 - 0.6 * side)  # also at and over every edge
        top = generator.uniform(-0.4 * side, 480 - 0.6 * side)
        box = [left, top, left + side, top + side]
        eyes = [left + 0.15 * side, top + 0.2 * side, left + 0.85 * side, top + 0.5 * side]
        size = [float(generator.uniform(80, 220)), 28]
        faces.append({"box": box, "eyes": eyes, "size": size})
    placed = call(page, "labels", "m.placeLabels(x, [640, 480], [[0, 0, 150, 40]])", faces)
    labels = [
        [at["x"], at["y"], at["x"] + face["size"][0], at["y"] + face["size"][1]]
        for at, face in zip(placed, faces, strict=True)
    ]
    for index, label in enumerate(labels):
        assert 0 <= label[0] < label[2] <= 640 and 0 <= label[1] < label[3] <= 480
        assert not any(overlap(label, face["eyes"]) for face in faces)
        assert not any(overlap(label, other) for other in labels[:index])
        assert not overlap(label, [0, 0, 150, 40]), "under the status"


def test_a_label_keeps_its_place_while_it_can(page):
    face = {"box": [300, 200, 400, 300], "eyes": [315, 220, 385, 250], "size": [100, 28]}
    kept = call(page, "labels", "m.placeLabels(x, [640, 480])", [face | {"before": 2}])
    first = call(page, "labels", "m.placeLabels(x, [640, 480])", [face])
    assert (kept[0]["place"], first[0]["place"]) == (2, 0)


@pytest.mark.parametrize("seed", range(4))
def test_shapes_are_normalised_as_the_pipeline_does_it(page, seed):
    generator = np.random.default_rng(seed)
    angle, size = generator.uniform(-1, 1), generator.uniform(0.2, 4)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = _BUILT_IN_FACE + generator.normal(0, 6, _BUILT_IN_FACE.shape)
    points[31:] += (0, 60 * generator.uniform())  # a mouth wide open leaves the square
    points = size * points @ turn + (200, 100)
    shown = call(page, "shapes", "m.normalise(x)", points.tolist())
    np.testing.assert_allclose(shown, render.normalise(points), atol=1e-4)


def test_smooth_lines_go_through_every_point(page):
    path = call(page, "shapes", "m.smoothPath(m.MEDIAN_FACE)")
    points = call(page, "shapes", "m.MEDIAN_FACE")
    ends = {
        tuple(float(part) for part in piece.rstrip("Z").split()[-2:])
        for piece in path.replace("M", "C").split("C")
        if piece
    }
    assert {(round(x, 3), round(y, 3)) for x, y in points} <= ends


VERDICTS = """(() => {
  const verdict = new m.Verdict();
  return x.map(([ms, label, confidence]) => {
    const reading = { label, best: label, probabilities: { happy: 1 - confidence } };
    reading.probabilities[label] = confidence;
    return m.inWords(verdict.update(reading, 0.6, ms));
  });
})()"""


def test_a_verdict_at_the_threshold_does_not_flicker(page):
    generator = np.random.default_rng(0)
    frames = [
        [40 * index, "neutral", float(0.6 + generator.normal(0, 0.06))] for index in range(500)
    ]
    said = call(page, "verdict", VERDICTS, frames)
    changes = sum(before != after for before, after in zip(said, said[1:], strict=False))
    assert changes <= 4
    assert set(said) <= {"neutral", "leaning neutral"}


def test_a_new_label_is_said_at_once(page):
    frames = [[0, "neutral", 0.9], [40, "neutral", 0.9], [80, "happy", 0.8], [120, "sad", 0.4]]
    said = call(page, "verdict", VERDICTS, frames)
    assert said == ["neutral", "neutral", "happy", "leaning sad"]


def test_the_figure_beside_a_held_label_falls_no_faster_than_the_label(page):
    """Or it says "happy 7 %" while the smile fades."""
    fading = [[0, 0.96], [40, 0.4], [80, 0.07]]
    shown = call(
        page,
        "verdict",
        """(() => {
          const verdict = new m.Verdict();
          return x.map(([ms, happy]) => {
            const probabilities = { happy, neutral: 1 - happy };
            return verdict.update({ label: "happy", probabilities }, 0.6, ms);
          });
        })()""",
        fading,
    )
    assert [one["confidence"] for one in shown] == [happy for _, happy in fading]
    assert shown[-1]["mean"] > 0.75


def test_the_held_label_of_the_source_is_believed(page):
    reading = {"label": "sad", "best": "happy", "probabilities": {"sad": 0.4, "happy": 0.6}}
    said = call(page, "verdict", "new m.Verdict().update(x, 0.3)", reading)
    assert (said["label"], said["confidence"], said["certain"]) == ("sad", 0.4, True)


@pytest.mark.parametrize(
    "names, readers",
    [
        (["landmark-ferplus"], ["Shape"]),
        (["landmark-ferplus", "pixel", "fused"], ["Shape", "Pixels", "Both", "Compare"]),
        (["landmark", "landmark_cnn"], ["Shape"]),
        (["landmark_cnn", "landmark"], ["Drawing", "Shape"]),
        (["my-own", "landmark"], ["my-own", "Shape"]),
    ],
)
def test_readers_have_plain_names_and_own_models_keep_theirs(page, names, readers):
    shown = call(page, "names", "new m.Choice(x.map((name) => ({ name }))).readers", names)
    assert [reader["name"] for reader in shown] == readers


def test_a_kind_without_the_chosen_labels_is_read_by_those_that_it_has(page):
    names = ["landmark-ferplus", "landmark", "pixel"]
    chosen = call(
        page,
        "names",
        "(() => { const choice = new m.Choice(x.map((name) => ({ name })));"
        " choice.reader = 'compare'; return choice.chosen.map(({ model }) => model.name); })()",
        names,
    )
    assert chosen == ["landmark-ferplus", "pixel"]


def test_no_face_is_marked_in_white(page):
    colours = call(page, "shapes", "[1, 2, 3, 4, 5, 6, 7, 8].map(m.faceColour)")
    assert len(set(colours)) == 8
    assert "#ffffff" not in colours


def test_the_session_sums_up_one_face_of_one_run_and_model(page):
    shown = call(
        page,
        "history",
        """(() => {
          const session = new m.Session();
          const readings = [[1, "landmark", "happy"], [2, "landmark", "sad"], [2, "pixel", "fear"]];
          readings.forEach(([run, model, label], index) => {
            const verdicts = [{ model, label, certain: true, confidence: 1 }];
            const face = { number: 1, verdicts, readings: { [model]: { probabilities: {} } } };
            session.record([face], run, 1000 * index);
          });
          return readings.map(([run, model]) => {
            const who = { run, face: 1, model };
            const minute = session.lastMinute(who, 3000).readings.map(({ emotion }) => emotion);
            return [session.shares(who), minute, session.dominant(who)];
          });
        })()""",
    )
    assert shown == [[[[name, 1]], [name], name] for name in ("happy", "sad", "fear")]


def test_past_shapes_can_be_seen_again_for_a_minute(page):
    shown = call(
        page,
        "history",
        """(() => {
          const session = new m.Session();
          for (let second = 0; second < 100; second += 1) {
            const face = { number: 1, verdicts: [], shape: [[second, 0]] };
            session.record([face], 1, 1000 * second);
          }
          return [99, 50.4, 150].map((at) => session.shapeAt({ run: 1, face: 1 }, at));
        })()""",
    )
    assert shown == [[[99, 0]], [[50, 0]], None]


def test_text_in_csv_is_quoted(page):
    text = call(page, "history", "m.toCsv([['a,b', 'c\"d', 1]])")
    assert text == '"a,b","c""d",1\n'
