"""OUT opens as it stands in what other people load data with."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facelines.preprocessing import columns, layout
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import is_prepared, load_prepared, read_manifest

LABELS = ["calm", "smiling", "tense"]


@pytest.fixture(scope="module")
def out(moods, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "out"
    fast = Pipeline(detector="none", passes=1, mesh=False)
    preprocess(moods, folder, Options(fast, shard_samples=5))
    return folder


def test_only_data_lies_beside_what_loaders_skip(out):
    assert sorted(path.name for path in out.iterdir()) == [".huggingface.yaml", "_about", "data"]


def test_pandas_opens_out_and_its_data(out):
    import pandas

    for place in (out, out / "data"):
        frame = pandas.read_parquet(place)
        assert sorted(frame["label"].unique()) == LABELS
        assert frame["points"][0].shape == (102,)
        assert len(frame) == len(load_prepared(out)["label"]) == 24


@pytest.fixture
def hugging_face(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return datasets


def test_hugging_face_opens_out_with_its_splits_classes_and_pictures(out, hugging_face):
    loaded = hugging_face.load_dataset(str(out))
    prepared = load_prepared(out)
    assert {name: len(rows) for name, rows in loaded.items()} == dict(
        zip(*np.unique(prepared["split"], return_counts=True), strict=True)
    )
    rows = loaded["train"]
    assert rows.features["label"].names == LABELS
    assert isinstance(rows.features["image"], hugging_face.Image)
    place = prepared["source"].tolist().index(rows[0]["source"])
    assert np.array_equal(np.asarray(rows[0]["image"]), prepared["image"][place])
    assert rows.features["label"].int2str(rows[0]["label"]) == prepared["label"][place]
    assert rows.features["points"].length == 102


def test_the_card_states_what_hugging_face_reads_of_it(out, hugging_face):
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(out / layout.CARD)
    yaml = (out / layout.HUGGING_FACE).read_text()
    assert (out / layout.CARD).read_text().startswith(f"---\n{yaml}---\n")
    (config,) = card.data.configs
    assert [one["split"] for one in config["data_files"]] == ["test", "train", "validation"]
    info = card.data.dataset_info
    assert sum(split["num_examples"] for split in info["splits"]) == 24
    size = sum(path.stat().st_size for path in (out / "data").iterdir())
    assert info["dataset_size"] == size
    assert {feature["name"] for feature in info["features"]} == set(columns.schema().names)
    for name in columns.schema().names:  # each has its line in the table of columns
        line = next(line for line in card.text.splitlines() if line.startswith(f"| `{name}` |"))
        assert len(line.split("|")[3].strip()) > 5


def test_a_set_of_an_older_layout_still_reads_and_keeps_its_digest(out, tmp_path):
    old, prepared = tmp_path / "old", load_prepared(out)
    manifest = read_manifest(out)
    (old / "data").mkdir(parents=True)
    for index, shard in enumerate(manifest["shards"]):
        table = pq.read_table(out / shard["file"]).drop_columns(["framing", "presence", "weight"])
        table = table.append_column("normalised_mesh", pa.nulls(len(table), pa.list_(pa.float32())))
        pq.write_table(table, old / "data" / f"part-{index:05d}.parquet")
        shard["file"] = f"data/part-{index:05d}.parquet"
    (old / "manifest.json").write_text(json.dumps(manifest))
    assert is_prepared(old)
    again = load_prepared(old)
    for name, values in prepared.items():
        np.testing.assert_array_equal(again[name], values)
    assert read_manifest(old)["summary"]["digest"] == manifest["summary"]["digest"]


def test_the_split_is_dealt_and_recorded_where_the_source_has_none(out):
    prepared = load_prepared(out)
    lines = (out / layout.SPLIT).read_text().splitlines()
    recorded = dict(line.split(",") for line in lines[1:])
    found = zip(prepared["source"].tolist(), prepared["split"].tolist(), strict=True)
    assert recorded == dict(found)
    assert set(recorded.values()) == {"train", "validation", "test"}
