"""What JavaScript and CSS repeat of the Python code is the same there."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from facelines.model.annotate import PALETTE
from facelines.preprocessing import fer2013_landmarks, pipeline, render
from facelines.preprocessing.points import GROUPS

STATIC = Path(__file__).parents[2] / "webapp" / "static"
SHAPES = (STATIC / "js" / "shapes.js").read_text()


@pytest.mark.parametrize("label", PALETTE)
def test_a_label_has_one_colour(label):
    css = (STATIC / "base.css").read_text()
    assert re.search(rf"--{label}: (#[0-9a-f]{{6}});", css)[1] == PALETTE[label]


def test_the_page_joins_the_groups_that_the_drawing_joins():
    written = re.search(r"STROKES = \[(.*?)\];", SHAPES, re.DOTALL)[1]
    starts_and_ends = {tuple(map(int, pair)) for pair in re.findall(r"\[(\d+), (\d+),", written)}
    nose = GROUPS["nose"]
    bridge = nose.start + 4
    expected = {(one.start, one.stop) for name, one in GROUPS.items() if name != "nose"}
    expected |= {(nose.start, bridge), (bridge, nose.stop)}
    assert starts_and_ends == expected


def test_the_page_has_the_same_median_face():
    written = re.search(r"MEDIAN_FACE = \[(.*?)\n\]", SHAPES, re.DOTALL)[1]
    points = json.loads(f"[{written.strip().rstrip(',')}]")
    assert points == pipeline._BUILT_IN_FACE.tolist()


def test_what_faces_of_one_label_share_is_what_the_data_say():
    """The median of a label's training faces, twice as far from the median of all."""
    arrays = fer2013_landmarks.load()
    training = arrays["split"] == "Training"
    points, labels = arrays["points"][training], arrays["label"][training]
    middle = np.median(points, axis=0)
    written = (STATIC / "js" / "parade.js").read_text()
    found = re.findall(
        r'label: "(\w+)", count: (\d+), points: \[\n(.*?)\n    \]', written, re.DOTALL
    )
    assert {label for label, *_ in found} == set(labels)
    for label, count, rows in found:
        own = points[labels == label]
        expected = np.round(200 * (2 * np.median(own, axis=0) - middle)).astype(int)
        assert int(count) == len(own)
        assert json.loads(f"[{rows.strip().rstrip(',')}]") == expected.tolist()


def test_the_page_places_the_eyes_where_the_drawing_does():
    x, y = re.search(r"EYES = \[([\d.]+), ([\d.]+)\]", SHAPES).groups()
    assert (float(x), float(y)) == tuple(render.EYES)
