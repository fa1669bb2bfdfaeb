import dataclasses
import hashlib
import os
import signal

import numpy as np
import pyarrow as pa
import pytest

from facelines.preprocessing import columns, labels, layout, shards
from facelines.preprocessing.executors import ShardError, in_processes, run_shards
from facelines.preprocessing.layout import open_folder
from facelines.preprocessing.pipeline import Pipeline, no_face
from facelines.preprocessing.samples import ReadError, Sample

FAST = Pipeline(detector="none", passes=1)
RECIPE = shards.Recipe(FAST, labels.label_set(6), cropped=True)


def pixels(seed: int, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)


def sample(seed: int, label="happy", split="Training", kind=Sample, **more):
    text = " ".join(map(str, pixels(seed).ravel()))
    return kind(f"a.csv:{seed}", split, label, text, **more)


class Deadly(Sample):
    """A picture that kills the process that decodes it, as running out of memory does."""

    def gray(self):
        os.kill(os.getpid(), signal.SIGKILL)


def files(out) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "data").iterdir())}


def finish(items, out, recipe=RECIPE, **options):
    batches = shards.batches(items, 2)
    return sorted(
        run_shards(batches, recipe, open_folder(out), **options), key=lambda done: done.place
    )


def reused(items, out, **options) -> list[bool]:
    return [done.was_there for done in finish(items, out, **options)]


@pytest.mark.parametrize(
    ("items", "rows", "errors", "left_out"),
    [
        ([], 0, 0, {}),
        ([sample(0)], 1, 0, {}),
        ([sample(0), ReadError("a.csv:1", "bad")], 1, 1, {}),
        ([sample(0, "disgust"), sample(1, "contempt"), sample(2)], 1, 0, None),
        ([Sample("a.csv:0", "Training", "sad", "1 2 3")], 0, 1, {}),
        ([Sample("a.csv:0", "Training", "disgust", "1 2 3")], 0, 0, {"disgust": 1}),
    ],
)
def test_every_picture_is_a_row_an_error_or_left_out(items, rows, errors, left_out):
    table, outcome = shards.process_shard(items, RECIPE)
    assert table.schema.equals(columns.schema())
    assert (table.num_rows, len(outcome["errors"])) == (rows, errors)
    assert left_out is None or outcome["left_out"] == left_out
    assert len(items) == rows + errors + sum(outcome["left_out"].values())


def test_a_row_holds_what_the_pipeline_makes_of_the_picture():
    votes = tuple(range(10))
    table, _ = shards.process_shard([sample(3, votes=votes, subject="S001")], RECIPE)
    (row,) = table.to_pylist()
    face = FAST.one(pixels(3))
    assert np.array_equal(np.float32(row["points"]).reshape(51, 2), face.points)
    assert np.array_equal(np.float32(row["normalised"]).reshape(51, 2), face.normalised)
    assert (row["label"], row["split"], row["subject"]) == ("happy", "Training", "S001")
    assert tuple(row["votes"]) == votes
    assert row["found"] == "whole image"
    assert row["box"] == [0, 0, 48, 48]
    assert row["sha256"] == hashlib.sha256(b"48x48:" + pixels(3).tobytes()).hexdigest()


def test_a_flat_picture_has_a_row_of_the_whole_image():
    flat = Sample("a.csv:0", "Training", "sad", " ".join(["0"] * 2304))
    recipe = dataclasses.replace(RECIPE, pipeline=Pipeline(passes=2))
    table, outcome = shards.process_shard([flat], recipe)
    assert table["found"].to_pylist() == ["whole image"]
    assert outcome["coverage"] == {"sad": {"found": 0, "fallback": 1, "failed": 0}}


def test_a_photo_without_a_face_is_a_listed_error():
    recipe = dataclasses.replace(RECIPE, cropped=False)
    big = Sample("a", "all", None, "")
    object.__setattr__(big, "gray", lambda: np.zeros((200, 200), np.uint8))
    table, outcome = shards.process_shard([big], recipe)
    assert table.num_rows == 0
    assert outcome["errors"] == [{"source": "a", "message": f"{no_face(FAST)}."}]


@pytest.mark.parametrize(
    ("split", "evaluated", "excluded"),
    [
        ("Training", False, False),
        ("Training", True, True),
        ("PublicTest", True, False),
        ("PrivateTest", True, False),
        ("test", True, False),
    ],
)
def test_only_training_pictures_that_are_evaluated_as_well_are_excluded(split, evaluated, excluded):
    hashes = frozenset({shards.picture_hash(pixels(0))} if evaluated else ())
    recipe = dataclasses.replace(RECIPE, evaluation=hashes)
    table, _ = shards.process_shard([sample(0, split=split)], recipe)
    assert table["excluded"].to_pylist() == [excluded]


def test_a_shard_tells_the_hashes_of_all_readable_evaluation_pictures():
    bad = Sample("a.csv:3", "PublicTest", "sad", "1 2 3")
    left_out = sample(2, "disgust", "PublicTest")
    items = [sample(0), sample(1, split="PublicTest"), left_out, ReadError("x", "bad"), bad]
    _, outcome = shards.process_shard(items, RECIPE)
    assert outcome["evaluated"] == [shards.picture_hash(pixels(seed)) for seed in (1, 2)]


def test_a_shard_is_made_again_only_if_its_own_pictures_are_evaluated_too(tmp_path):
    items = [sample(seed) for seed in range(4)]
    assert not any(reused(items, tmp_path))
    others = dataclasses.replace(RECIPE, evaluation=frozenset({"0" * 64}))
    assert all(reused(items, tmp_path, recipe=others))
    one = dataclasses.replace(RECIPE, evaluation=frozenset({shards.picture_hash(pixels(0))}))
    assert reused(items, tmp_path, recipe=one).count(False) == 1


@pytest.mark.parametrize("size", [1, 2, 10, 50])
def test_batches_hold_every_sample_once_in_order_and_about_so_many(size):
    items = [sample(seed) for seed in range(400)]
    cut = list(shards.batches(items, size))
    assert [item for batch in cut for item in batch.items] == items
    assert [items[batch.place] for batch in cut] == [batch.items[0] for batch in cut]
    counts = [len(batch.items) for batch in cut]
    assert max(counts) <= 2 * size and min(counts[:-1]) >= size // 2
    assert size / 2 <= np.mean(counts) <= 1.5 * size


@pytest.mark.parametrize("place", [0, 57, 200])
def test_a_sample_more_or_less_changes_two_batches_at_most(place):
    items = [sample(seed) for seed in range(200)]
    more = [*items[:place], sample(1000), *items[place:]]
    names = [
        {shards.shard_name(batch, "recipe") for batch in shards.batches(some, 10)}
        for some in (items, more)
    ]
    assert len(names[0] - names[1]) <= 2 and len(names[1] - names[0]) <= 3


def test_a_batch_holds_one_split_and_errors_stay_with_their_neighbours():
    items = [sample(0), sample(1, split="PublicTest"), ReadError("x", "bad"), sample(2)]
    cut = {batch.split: batch.items for batch in shards.batches(items, 10)}
    assert cut == {"Training": [items[0], items[3]], "PublicTest": [items[1], items[2]]}


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ([], [], True),
        ([0, 1, 2], [2, 0, 1], True),
        ([0, 1, 2], [0, 1, 3], False),
        ([0, 0], [0], False),
    ],
)
def test_the_rows_sum_depends_on_the_rows_and_not_on_their_order(first, second, equal):
    sums = [
        shards.rows_sum(shards.process_shard([sample(seed) for seed in seeds], RECIPE)[0])
        for seeds in (first, second)
    ]
    assert (sums[0] == sums[1]) is equal


def test_shards_are_byte_identical_whatever_the_workers(tmp_path):
    items = [sample(seed) for seed in range(9)]
    finish(items, tmp_path / "one")
    finish(items, tmp_path / "two", workers=2)
    assert len(files(tmp_path / "one")) > 2
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_finished_shards_are_kept_and_damaged_or_changed_ones_made_again(tmp_path):
    items = [sample(seed) for seed in range(12)]
    done = finish(items, tmp_path)
    assert len(done) >= 4 and not any(shard.was_there for shard in done)
    before = files(tmp_path)
    assert all(reused(items, tmp_path))
    (tmp_path / layout.shard_file(done[0].name)).write_bytes(b"torn")
    (tmp_path / layout.shard_file(done[1].name)).unlink()
    (tmp_path / layout.receipt_file(done[2].name)).write_text("{")
    assert reused(items, tmp_path) == [False] * 3 + [True] * (len(done) - 3)
    assert files(tmp_path) == before
    items[-1] = sample(11, "sad")
    assert reused(items, tmp_path) == [True] * (len(done) - 1) + [False]


@pytest.mark.parametrize(
    "change",
    [
        {"pipeline": dataclasses.replace(FAST, style="points")},
        {"pipeline": dataclasses.replace(FAST, passes=2)},
        {"labels": labels.label_set(7)},
        {"framings": 1},
        {"largest": True},
        {"cropped": False},
    ],
)
def test_a_recipes_key_changes_with_every_part_of_it(change):
    assert dataclasses.replace(RECIPE, **change).key() != RECIPE.key()


@pytest.mark.parametrize(
    ("change", "has_mesh"),
    [({}, True), ({"mesh": False, "landmarker": "mesh"}, True), ({"mesh": False}, False)],
)
def test_only_a_recipe_without_the_mesh_has_it_of_any_size(change, has_mesh):
    recipe = dataclasses.replace(RECIPE, pipeline=dataclasses.replace(FAST, **change))
    table, _ = shards.process_shard([sample(0)], recipe)
    assert pa.types.is_fixed_size_list(table.schema.field("mesh").type) == has_mesh
    assert (table["mesh"].null_count == 0) == has_mesh


def test_a_file_that_changed_has_its_shard_made_again(tmp_path):
    path = tmp_path / "a.png"
    item = Sample("a.png", "all", None, path)
    keys = set()
    for content in (None, b"", b"something"):
        if content is not None:
            path.write_bytes(content)
        keys.add(shards.items_key([item], "recipe"))
    assert len(keys) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_worker_is_a_clear_error_and_finished_shards_are_kept(tmp_path):
    items = [sample(seed) for seed in range(14)]
    deadly = [*items[:12], sample(12, kind=Deadly), items[13]]
    with pytest.raises(ShardError, match="Run the same command again"):
        finish(deadly, tmp_path / "killed", workers=2)
    kept = sum(reused(items, tmp_path / "killed"))
    finish(items, tmp_path / "whole")
    assert kept >= 2
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def die(task: bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_tasks_that_nobody_is_left_to_take_end_with_the_error():
    large = (bytes(1 << 20) for _ in range(9))  # more than a pipe holds
    with pytest.raises(ShardError, match="worker process died"):
        list(in_processes(die, large, workers=2))


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(ShardError, match="expected one of processes, ray"):
        finish([sample(0)], tmp_path, engine="threads")
