import errno
import os

import numpy as np
import pytest

from facelines.preprocessing import layout
from facelines.preprocessing.layout import LocalFolder, open_folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import is_prepared, load_prepared
from facelines.preprocessing.samples import DatasetError

FAST = Pipeline(detector="none", passes=1, mesh=False)


@pytest.fixture
def memory():
    """The URL of an empty folder in memory."""
    import fsspec

    yield "memory://facelines-test/out"
    fsspec.filesystem("memory").store.clear()


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_a_folder_gives_back_what_was_written_until_it_is_removed(kind, tmp_path, memory):
    folder = open_folder(tmp_path if kind == "local" else memory)
    assert list(folder.names()) == [] and not folder.exists("a/b")
    folder.write("a/b", b"one")
    folder.write("a/b", b"two")
    folder.write("c", b"")
    assert (folder.read("a/b"), folder.exists("c")) == (b"two", True)
    assert sorted(folder.names()) == ["a/b", "c"]
    folder.remove("a/b")
    folder.remove("a/b")
    assert list(folder.names()) == ["c"]
    with pytest.raises(FileNotFoundError):
        folder.read("a/b")


def test_a_set_written_to_a_url_is_that_of_a_folder(moods, tmp_path, memory):
    local = preprocess(moods, tmp_path / "out", Options(FAST))
    remote = preprocess(moods, memory, Options(FAST))
    assert (remote.digest, remote.rows) == (local.digest, local.rows)
    assert is_prepared(memory)
    again, expected = load_prepared(memory), load_prepared(tmp_path / "out")
    for name, values in expected.items():
        np.testing.assert_array_equal(again[name], values)
    assert preprocess(moods, memory, Options(FAST)).reused_shards == 3


@pytest.mark.parametrize(
    ("source", "out", "options", "message"),
    [
        ("moods", "nothing://bucket/out", {}, "cannot be reached"),
        ("moods", "memory://out", {"export_as": "tree"}, "--export writes to folders"),
        ("s3://bucket/photos", "out", {}, "URL"),
    ],
)
def test_what_cannot_be_a_url_is_refused(moods, tmp_path, source, out, options, message):
    source = moods if source == "moods" else source
    out = tmp_path / out if "://" not in out else out
    with pytest.raises(DatasetError, match=message):
        preprocess(source, out, Options(FAST, **options))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_store_that_takes_nothing_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        LocalFolder(tmp_path).write("a.bin", b"x" * 100)
    assert len(str(caught.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("data/train-0123456789abcdef0123.parquet", True),
        ("data/part-00001.parquet", True),
        ("data/mine.parquet", False),
        ("_about/receipts/train-0123456789abcdef0123.json", True),
        ("_about/notes.txt", False),
        ("_about/.plan.json.123.tmp", True),
        (".plan.json.123.tmp", True),
        ("photo.jpg", False),
    ],
)
def test_only_files_of_our_names_are_ours(name, ours):
    assert layout.is_ours(name) is ours
