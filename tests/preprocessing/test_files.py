"""One walk finds every file of a folder once, knows it by content, and dies of none."""

import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facelines.preprocessing import files
from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.files import ERROR, OTHER, PICTURE, VIDEO, Found
from facelines.preprocessing.samples import ReadError

needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")


def write_picture(path: Path, kind: str = "PNG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((32, 32), 90, np.uint8)).save(path, kind)
    return path


def walked(root, **options) -> dict[str, Found]:
    return {found.path.relative_to(root).as_posix(): found for found in files.walk(root, **options)}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF"])
@pytest.mark.parametrize("suffix", [".jpe", ".photo", ".txt", ""])
def test_a_picture_is_one_by_its_content(tmp_path, kind, suffix):
    assert files.kind(write_picture(tmp_path / f"a{suffix}", kind)) == PICTURE


CONTENTS = {
    "text": (b"hello", "a.txt", ""),
    "text that claims": (b"hello", "a.JPG", PICTURE),
    "text that claims to move": (b"hello", "a.3gp", VIDEO),
    "text like a bitmap's mark": (b"BMW is a car, and not a bitmap at all", "a", ""),
    "text like a portable map's": (b"P1 is the first part", "a", ""),
    "MP4": (b"\0\0\0\x18ftypisom", "a.jpg", VIDEO),
    "sound in MP4": (b"\0\0\0\x18ftypM4A ", "a", ""),
    "HEIC": (b"\0\0\0\x18ftypheic", "a.bin", PICTURE),
    "Windows Media": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "a", VIDEO),
    "Matroska": (b"\x1a\x45\xdf\xa3\x01", "a", VIDEO),
    "wave sound": (b"RIFF\0\0\0\0WAVEfmt ", "a", ""),
    "transport stream": (b"\x47" + bytes(187) + b"\x47" + bytes(187), "a", VIDEO),
    "nothing": (b"", "a", ""),
}


@pytest.mark.parametrize(("content", "name", "expected"), CONTENTS.values(), ids=CONTENTS.keys())
def test_content_decides_and_a_suffix_is_a_claim(tmp_path, content, name, expected):
    (tmp_path / name).write_bytes(content)
    assert files.kind(tmp_path / name) == expected


def test_hidden_files_twins_and_our_own_output_are_passed_over_one_by_one(tmp_path):
    for name in ("a.png", ".b.png", ".git/c.png", "__MACOSX/._a.png", "set/d.png", "e/f.png"):
        write_picture(tmp_path / name)
    (tmp_path / "set" / "plan.json").write_text("{}")
    (tmp_path / "set" / "receipts").mkdir()
    files.remember_copy(write_picture(tmp_path / "e" / "copy.png"))
    found = walked(tmp_path)
    assert {name for name, one in found.items() if one.kind == PICTURE} == {"a.png", "e/f.png"}
    whys = Counter(one.why for one in found.values() if one.kind == OTHER)
    assert whys == {"hidden": 4, "our own output": 2, "copies that predict drew on": 1}


def test_a_folder_to_be_skipped_is_not_there_at_all(tmp_path):
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "out" / "b.png")
    assert list(walked(tmp_path, skip=[tmp_path / "out"])) == ["a.png"]


@needs_links
def test_links_are_followed_once_and_never_round_and_round(tmp_path):
    write_picture(tmp_path / "in" / "a.png")
    write_picture(tmp_path / "store" / "b.png")
    links = {
        "link": "../store",
        "twice": "../store",
        "loop": ".",
        "up": "..",
        "self": "self",
        "gone.png": "nowhere",
        "file.png": "a.png",
    }
    for name, target in links.items():
        (tmp_path / "in" / name).symlink_to(target)
    found = walked(tmp_path / "in")
    pictures = {name for name, one in found.items() if one.kind == PICTURE}
    assert pictures == {"a.png", "file.png", "link/b.png"}
    assert found["twice"].why == found["loop"].why == "links to a folder that is read anyway"
    assert found["up"].why == "links to a folder around this one"
    assert found["gone.png"].kind == found["self"].kind == ERROR


def test_a_folder_that_may_not_be_read_is_an_error_and_the_others_are_read(tmp_path, monkeypatch):
    write_picture(tmp_path / "closed" / "a.png")
    write_picture(tmp_path / "b.png")
    scandir, status = os.scandir, os.stat

    def guarded(call, is_closed):  # as root every folder may be read
        def guard(path, *arguments, **options):
            if is_closed(Path(os.fsdecode(path))):
                raise PermissionError(13, "Permission denied")
            return call(path, *arguments, **options)

        return guard

    monkeypatch.setattr(os, "scandir", guarded(scandir, lambda path: path.name == "closed"))
    monkeypatch.setattr(os, "stat", guarded(status, lambda path: path.parent.name == "closed"))
    found = walked(tmp_path)
    monkeypatch.undo()
    assert (found["closed"].kind, found["b.png"].kind) == (ERROR, PICTURE)
    assert "Permission denied" in found["closed"].why


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert walked(tmp_path)["a.png"].why == "no regular file"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.png", "a.png"),
        ("ä 文.png", "ä 文.png"),
        (os.fsdecode(b"caf\xe9.png"), "caf\\xe9.png"),
        ("a\nb\x1b[31m.png", "a\\x0ab\\x1b[31m.png"),
    ],
)
def test_a_shown_name_is_one_line_that_every_format_holds(path, expected):
    assert files.shown(path) == expected
    expected.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("s3://bucket/out", True), ("https:/x", True), ("C:/out", False), ("out/a", False)],
)
def test_a_url_is_no_path(text, expected):
    assert files.is_url(text) is expected


@needs_links
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_the_account_of_a_folder_with_every_kind_of_file_is_complete(tmp_path):
    root = tmp_path / "in"
    for name in ("happy/a.png", "happy/deep/b.png", "sad/c.png", "cover.png", ".x/d.png"):
        write_picture(root / name)
    write_picture(root / "sad" / os.fsdecode(b"caf\xe9.png"))
    (root / "sad" / "text.jpg").write_text("no picture")
    (root / "sad" / "clip.mp4").write_text("no video")
    (root / "sad" / "notes.txt").write_text("words")
    (root / "sad" / "gone.png").symlink_to("nowhere")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    dataset = open_dataset(root)
    account, items = dataset.account(), list(dataset.samples())
    everything = [path for path in root.rglob("*") if path.is_symlink() or not path.is_dir()]
    assert account.files == len(everything) == 12
    assert account.read == len(items) == 7
    assert account.passed_over == {
        "hidden": 1,
        "in no class folder": 1,
        "no picture or video": 1,
        "no regular file": 1,
        "links to a folder that is read anyway": 1,
    }
    errors = {item.source for item in items if isinstance(item, ReadError)}
    assert errors == {"sad/clip.mp4", "sad/gone.png"}  # sad/text.jpg is one when it is decoded
    assert "sad/caf\\xe9.png" in {item.source for item in items}
