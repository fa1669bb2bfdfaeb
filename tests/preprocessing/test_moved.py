import json
from dataclasses import replace

import numpy as np
import pytest
from test_prepare import faces, write_csv, write_tree

from facelines.preprocessing import shards
from facelines.preprocessing.moved import References
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import load_in_parts, load_prepared, read_manifest
from facelines.preprocessing.samples import DatasetError

PIPELINE = Pipeline(detector="none", passes=1)
USAGES = ["Training", "PublicTest"] * 3


def by_row(arrays):
    """Move each face by as many hundredths as its source's name is long, points and vertices."""
    return [
        {
            "points": np.full((51, 2), len(source) / 1000, np.float32),
            "vertices": np.full((151, 2), -len(source) / 1000, np.float32),
        }
        for source in arrays["source"]
    ]


OPTIONS = Options(PIPELINE, classes=7, shard_samples=2, framings=1)
MOVED = replace(OPTIONS, references=References("set", "told", by_row))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("source") / "a.csv", faces(6), USAGES)


@pytest.fixture(scope="module")
def plain(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("plain") / "out"
    preprocess(source, out, OPTIONS)
    return out


@pytest.fixture(scope="module")
def moved(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("moved") / "out"
    preprocess(source, out, MOVED)
    return out


def test_points_vertices_and_drawings_are_moved_and_nothing_else(plain, moved):
    before, after = load_prepared(plain, framed=True), load_prepared(moved, framed=True)
    move = np.array([len(source) / 1000 for source in before["source"]])[:, None, None]
    np.testing.assert_allclose(after["points"], before["points"] + move, atol=1e-6)
    np.testing.assert_allclose(after["vertices"], before["vertices"] - move, atol=1e-6)
    for points, image in zip(after["points"], after["image"], strict=True):
        np.testing.assert_array_equal(image, PIPELINE.draw(points))
    assert (after["framing"] == 1).sum() == 3  # and so are the copies that are framed otherwise
    for name in before.keys() - {"points", "vertices", "image"}:
        np.testing.assert_array_equal(after[name], before[name])


def test_parts_are_moved_as_the_whole_is(moved):
    parts = list(load_in_parts(moved, framed=True))
    whole = load_prepared(moved, framed=True)
    for name in ("points", "vertices", "moved"):
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), whole[name])


def test_the_manifest_and_the_card_say_what_moved_them(moved):
    manifest = read_manifest(moved)
    assert manifest["plan"]["reference"] == {"by": "set", "model": "told"}
    assert manifest["summary"]["reference"] == {"by": "set", "model": "told"}
    card = (moved / "_about" / "README.md").read_text()
    assert "| `moved` | 404 x float32 |" in card and "read against a reference" in card


def test_going_over_a_set_again_changes_nothing(source, moved):
    first = read_manifest(moved)["summary"]
    again = preprocess(source, moved, MOVED)
    assert (again.digest, again.rows_sum) == (first["digest"], first["rows_sum"])
    assert again.reused_shards == len(list((moved / "data").iterdir()))


def test_a_run_that_broke_off_while_moving_goes_on_to_the_same_set(
    source, moved, tmp_path, monkeypatch
):
    write, left = shards.write_shard, 3  # of two shards, twice each

    def breaking(*arguments):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("no room")
        return write(*arguments)

    monkeypatch.setattr(shards, "write_shard", breaking)
    with pytest.raises(OSError, match="no room"):
        preprocess(source, tmp_path / "out", MOVED)
    assert not (tmp_path / "out" / "_about" / "manifest.json").exists()
    monkeypatch.undo()
    assert (
        preprocess(source, tmp_path / "out", MOVED).digest
        == preprocess(source, moved, MOVED).digest
    )


def test_a_set_read_against_something_else_is_another_set(source, moved, plain):
    with pytest.raises(DatasetError, match="another reference"):
        preprocess(source, moved, OPTIONS)
    with pytest.raises(DatasetError, match="another reference"):
        preprocess(source, plain, MOVED)


def test_people_that_nobody_names_are_asked_for_before_any_face_is_found(
    source, tmp_path, monkeypatch
):
    monkeypatch.setattr(shards, "complete_shard", None)
    by_person = replace(MOVED, references=References("subject", "told", by_row))
    with pytest.raises(DatasetError, match="--subject-from"):
        preprocess(source, tmp_path / "out", by_person)


def test_people_found_in_paths_reach_the_references(tmp_path):
    seen = {}

    def look(arrays):
        seen.update(arrays)
        return by_row(arrays)

    tree = write_tree(tmp_path / "tree", faces(4), ["Training"] * 4)
    options = Options(PIPELINE, classes=7, subject_from=r"_(\d)\.png")
    options = replace(options, references=References("subject", "told", look))
    preprocess(tree, tmp_path / "out", options)
    assert sorted(seen["subject"]) == ["0", "1", "2", "3"]
    receipts = (tmp_path / "out" / "_about" / "receipts").glob("*.json")
    assert sum(json.loads(path.read_text())["rows"] for path in receipts) == 4
