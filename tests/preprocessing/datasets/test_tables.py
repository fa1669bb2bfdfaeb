"""A CSV is read by CSV's rules, however it was written, or is one line that is true."""

import io
import zipfile

import numpy as np
import pytest

from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.samples import DatasetError, ReadError

GRAY = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
PIXELS = " ".join(map(str, GRAY.ravel()))
COMMAS = PIXELS.replace(" ", ",")
HEADER = "emotion,pixels,Usage"
PLAIN = f"{HEADER}\n3,{PIXELS},Training\n4,{PIXELS},PublicTest\n"

TABLES = {
    "plain": PLAIN.encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "CR only": PLAIN.replace("\n", "\r").encode(),
    "CR LF": PLAIN.replace("\n", "\r\n").encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "all fields quoted": (
        f'"emotion","pixels","Usage"\n"3","{PIXELS}","Training"\n"4","{PIXELS}","PublicTest"\n'
    ).encode(),
    "a comma in a quoted field": (
        f'emotion,note,pixels,Usage\n3,"dim, left",{PIXELS},Training\n4,"",{PIXELS},PublicTest\n'
    ).encode(),
    "a line break in a quoted field": (
        f'emotion,note,pixels,Usage\n3,"dim\nleft",{PIXELS},Training\n4,x,{PIXELS},PublicTest\n'
    ).encode(),
    "commas between pixels, quoted": (
        f'{HEADER}\n3,"{COMMAS}",Training\n4,"[{COMMAS}]",PublicTest\n'
    ).encode(),
    "commas between pixels, not quoted": (
        f"{HEADER}\n3,{COMMAS},Training\n4,{COMMAS},PublicTest\n"
    ).encode(),
    "more columns in another order": (
        f"id,Usage,Emotion,x,Pixels\n1,Training,3,,{PIXELS}\n2,PublicTest,4,,{PIXELS}\n"
    ).encode(),
    "names for codes": PLAIN.replace("\n3,", "\nHappy,").replace("\n4,", "\nsadness,").encode(),
    "blank lines and no last line break": PLAIN.replace("\n", "\n\n").strip().encode(),
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES.keys())
def test_a_table_is_read_however_it_was_written(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    samples = list(open_dataset(tmp_path / "a.csv").samples())
    found = [(sample.label, sample.split) for sample in samples]
    assert found == [("happy", "Training"), ("sad", "PublicTest")]
    assert all(np.array_equal(sample.gray(), GRAY) for sample in samples)


@pytest.mark.parametrize("bad", [f'3,"{PIXELS},Training', '3,"1 2" 3,Training', '"', '3,"1\n2'])
def test_a_stray_quote_costs_its_own_row_only(tmp_path, bad):
    good = f"3,{PIXELS},Training\n"
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{good}{bad}\n{good * 3}")
    items = list(open_dataset(tmp_path / "a.csv").samples())
    assert sum(not isinstance(item, ReadError) for item in items) == 4
    assert isinstance(items[1], ReadError) and "no row of CSV" in items[1].message


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("fer2013.csv", PLAIN)
    return buffer.getvalue()


OTHERS = {
    "zip": (zipped(), "a zip archive"),
    "gzip": (b"\x1f\x8b\x08\0rest", "a gzip archive"),
    "web page": (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "no pixels": (b"emotion,Usage\n3,Training\n", "no column"),
    "nothing": (b"\n\n", "empty"),
}


@pytest.mark.parametrize(("content", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_no_table_under_its_name_is_said_to_be_what_it_is(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(tmp_path / "a.csv")
    assert "\n" not in str(caught.value)


KAGGLES_FIRST = [
    ("train.csv", f"emotion,pixels\n3,{PIXELS}\n", ("happy", "Training")),
    ("test.csv", f"pixels\n{PIXELS}\n", (None, "all")),
]


@pytest.mark.parametrize(("name", "text", "expected"), KAGGLES_FIRST)
def test_kaggles_files_without_usage_are_read(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    (sample,) = open_dataset(tmp_path / name).samples()
    assert (sample.label, sample.split) == expected
