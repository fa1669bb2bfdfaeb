"""Inputs on which something was once lost without a word, on the command line.

Each builds its own small input; what is asked for is a row, or one line that is true.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facelines import cli
from facelines.demo import PHOTO

ROOT = Path(__file__).parent.parent
FAST = ("--detector", "none", "--passes", "1")


@pytest.fixture
def photos(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def save_face(path: Path, side: int = 144, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    face().resize((side, side)).save(path, **options)
    return path


def face() -> Image.Image:
    return Image.open(PHOTO).convert("L").crop((130, 20, 330, 220))


def write_clip(path: Path, codec: str = "MJPG", frames: int = 20) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, (144, 144))
    for _ in range(frames):
        writer.write(cv2.cvtColor(np.asarray(face().resize((144, 144))), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def predict(capsys, *arguments) -> tuple[list[dict], str]:
    assert cli.main(["predict", *map(str, arguments), "--json"]) == 0
    printed = capsys.readouterr()
    return json.loads(printed.out.splitlines()[-1]), printed.err


def preprocess(capsys, *arguments) -> dict:
    assert cli.main(["preprocess", *map(str, arguments), *FAST, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    pictures = summary["pictures_with_rows"] + summary["errors"] + sum(summary["left_out"].values())
    assert summary["pictures"] == pictures
    assert summary["files"] == summary["files_read"] + sum(summary["passed_over"].values())
    return summary


def refused(capsys, *arguments) -> str:
    """Return the one line on stderr of a command that fails."""
    assert cli.main(list(map(str, arguments))) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


def shell(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "run.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, **options)


def test_what_an_output_cannot_show_is_escaped(photos):
    for name in ("a 文.png", "b.png"):
        save_face(photos / name)
    console = os.environ | {"PYTHONIOENCODING": "cp1252"}  # as in a Windows redirect
    finished = shell("predict", "in", "--json", cwd=photos.parent, env=console)
    assert (finished.returncode, finished.stderr) == (0, b"")
    *lines, rows = finished.stdout.splitlines()
    assert lines[0].startswith(b"in/a \\u6587.png")
    assert [row["path"] for row in json.loads(rows)] == ["in/a 文.png", "in/b.png"]


@pytest.mark.skipif(os.name == "nt", reason="needs a pipe that tells its writer")
def test_a_reader_that_has_gone_is_no_error(photos):
    for name in "abc":
        save_face(photos / f"{name}.png")
    command = (
        f"'{sys.executable}' '{ROOT / 'run.py'}' predict in | head -1; exit ${{PIPESTATUS[0]}}"
    )
    finished = subprocess.run(
        ["bash", "-c", command], cwd=photos.parent, capture_output=True, check=False
    )
    assert finished.returncode in (0, 141)
    assert (len(finished.stdout.splitlines()), finished.stderr) == (1, b"")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="refuses such names")
def test_a_name_that_is_not_utf8_costs_no_process_and_no_picture(photos, capsys):
    name = os.fsdecode(b"caf\xe9")
    folder = photos / "happy"
    save_face(folder / "a.png")
    save_face(folder / f"{name}.png")
    write_clip(folder / "clip.avi", frames=2).rename(folder / f"{name}.avi")
    rows, _ = predict(capsys, photos, "--annotate", photos.parent / "drawn")
    assert [(Path(row["path"]).name, row["emotion"]) for row in rows] == [
        ("a.png", "happy"),
        ("caf\\xe9.avi", ""),
        ("caf\\xe9.png", "happy"),
    ]
    assert "not UTF-8" in rows[1]["error"]
    assert (photos.parent / "drawn" / "caf\\xe9.png").is_file()
    summary = preprocess(capsys, photos, photos.parent / "out")
    assert (summary["files"], summary["rows"], summary["errors"]) == (3, 2, 1)


def test_suffixes_that_are_not_known_are_read_by_content(photos, capsys):
    for name, kind in {"a.jpe": "JPEG", "b.jfif": "JPEG", "c.avif": "AVIF", "d": "PNG"}.items():
        save_face(photos / name, format=kind)
    write_clip(photos / "e.avi", frames=2).rename(photos / "e.film")
    (photos / "f.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (photos / "g.wmv").write_text("no video")
    (photos / "notes.txt").write_text("passed over")
    rows, said = predict(capsys, photos)
    found = {Path(row["path"]).name: row["error"] for row in rows}
    assert {name for name, error in found.items() if not error} == {
        "a.jpe",
        "b.jfif",
        "c.avif",
        "d",
        "e.film",
    }
    assert {name for name, error in found.items() if error} == {"f.heic", "g.wmv"}
    assert said == "1 files passed over (no picture or video 1)\n"


def test_a_tiff_of_another_depth_holds_the_same_face(photos, capsys):
    gray = np.asarray(face().resize((144, 144)))
    depths = {
        "unit": gray / np.float32(255),
        "full": gray.astype(np.float32),
        "deep": gray.astype(np.uint16) * 257,
        "twelve": gray.astype(np.uint16) * 16,
    }
    for name, pixels in depths.items():
        Image.fromarray(pixels).save(photos / f"{name}.tif")
    save_face(photos / "eight.tif")
    rows, _ = predict(capsys, photos)
    assert [row["emotion"] for row in rows] == ["happy"] * 5
    assert np.ptp([row["box"] for row in rows], axis=0).max() <= 0.5


@pytest.mark.parametrize("side", [10_000, 13_500])
def test_a_picture_over_the_limit_is_one_line_with_its_size(photos, capsys, side):
    Image.new("1", (side, side)).save(photos / "huge.png")
    assert cli.main(["predict", str(photos / "huge.png")]) == 1
    printed = capsys.readouterr()
    line = f"{side}x{side} pixels are more than the 64000000 allowed; scale it down."
    assert printed.err == "" and printed.out.splitlines()[0].endswith(line)


def test_a_video_that_breaks_off_says_so_after_its_frames(photos, capsys):
    whole = write_clip(photos / "whole.avi").read_bytes()
    (photos / "cut.avi").write_bytes(whole[: len(whole) // 3])
    rows, _ = predict(capsys, photos / "cut.avi")
    *frames, last = rows
    assert 4 <= len(frames) <= 8 and {row["emotion"] for row in frames} == {"happy"}
    assert "breaks off after" in last["error"] and "20 frames" in last["error"]
    assert all(not row["error"] for row in predict(capsys, photos / "whole.avi")[0])


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_linked_folders_are_read_and_loops_are_not(photos, capsys):
    save_face(photos / "a.png")
    save_face(photos.parent / "store" / "b.png")
    (photos / "link").symlink_to("../store")
    (photos / "loop").symlink_to(".")
    rows, said = predict(capsys, photos)
    assert [Path(row["path"]).name for row in rows] == ["a.png", "b.png"]
    assert "links to a folder that is read anyway 1" in said


def test_what_may_not_be_read_has_a_row(photos, capsys, monkeypatch):
    save_face(photos / "a.png")
    (photos / "closed").mkdir()
    scandir = os.scandir

    def guarded(folder):  # as root every folder may be read
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    rows, _ = predict(capsys, photos)
    assert "Permission denied" in rows[1]["error"]
    assert cli.main(["predict", str(photos / "closed")]) == 1
    assert "Permission denied" in capsys.readouterr().out


def test_our_own_output_is_never_read_back(photos, capsys):
    save_face(photos / "happy" / "a.png", side=48)
    runs = [preprocess(capsys, photos, photos / "out") for _ in range(2)]
    assert [run["files"] for run in runs] == [1, 1]
    assert runs[0]["digest"] == runs[1]["digest"]
    for _ in range(2):
        rows, _ = predict(capsys, photos, "--annotate", photos / "drawn")
        assert len(rows) == 1
    rows, said = predict(capsys, photos)
    assert len(rows) == 1 and "our own output" in said and "copies that predict drew on 2" in said


def test_a_set_of_ones_own_prints_its_labels_and_what_was_mapped(photos, capsys):
    for name in ("train/calm/a.png", "train/Freude/b.png", "valid/calm/c.png"):
        save_face(photos / name, side=48)
    assert cli.main(["preprocess", str(photos), str(photos.parent / "out"), *FAST]) == 0
    printed = capsys.readouterr().out
    assert "read as tree; labels: calm, happy" in printed
    assert "in our spelling: Freude -> happy" in printed
    assert "3 files = 3 with rows + 0 errors + 0 left out + 0 passed over" in printed
    manifest = json.loads((photos.parent / "out" / "_about" / "manifest.json").read_text())
    assert manifest["labels"] == ["calm", "happy"]


def test_a_limit_says_what_it_leaves_out_of_which_split(photos, capsys):
    for name in ("train/happy/a.png", "train/happy/b.png", "train/sad/c.png"):
        save_face(photos / name, side=48)
    save_face(photos / "validation/sad/d.png", side=48)
    summary = preprocess(capsys, photos, photos.parent / "out", "--limit", 2)
    assert (summary["pictures"], summary["rows"]) == (4, 2)
    assert summary["left_out"] == {"beyond --limit, PublicTest": 1, "beyond --limit, Training": 1}


def test_the_users_files_in_out_are_never_removed(photos, capsys):
    for name in ("happy/a.png", "sad/b.png"):
        save_face(photos / name, side=48)
    out = photos.parent / "out"
    first = preprocess(capsys, photos, out, "--export", "tree")
    mine = [out / name for name in ("data/README.txt", "data/more/x", "receipts/x", "tree/x.png")]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    (photos / "sad" / "b.png").unlink()
    second = preprocess(capsys, photos, out, "--export", "tree")
    third = preprocess(capsys, photos, out, "--classes", "7", "--overwrite")
    assert (first["rows"], second["rows"], third["rows"]) == (2, 1, 1)
    assert all(path.read_text() == "mine" for path in mine)
    assert not list((out / "tree").rglob("*b.png.png"))


@pytest.mark.parametrize("receipt", ["[]", "{}", "null", '{"key": 1}'])
def test_a_receipt_that_is_none_is_made_again(photos, capsys, receipt):
    save_face(photos / "happy" / "a.png", side=48)
    out = photos.parent / "out"
    first = preprocess(capsys, photos, out)
    next((out / "_about" / "receipts").glob("*.json")).write_text(receipt)
    assert preprocess(capsys, photos, out)["digest"] == first["digest"]


def test_two_runs_into_one_folder_notice_each_other(photos, capsys):
    from facelines.preprocessing import layout

    save_face(photos / "happy" / "a.png", side=48)
    out = photos.parent / "out"
    out.mkdir()
    with layout.locked(out):
        line = refused(capsys, "preprocess", photos, out, *FAST)
    assert "another run writes to this folder" in line
    preprocess(capsys, photos, out)
    assert not (out / layout.LOCK).exists()


@pytest.mark.parametrize("full", [".parquet", "manifest.json", "contact_sheet.png"])
def test_a_full_disk_names_the_file_and_leaves_nothing_half_written(
    photos, capsys, monkeypatch, full
):
    save_face(photos / "happy" / "a.png", side=48)
    out = photos.parent / "out"
    fsync = os.fsync

    def no_space(handle):
        if full in os.readlink(f"/proc/self/fd/{handle}"):
            raise OSError(28, "No space left on device")
        fsync(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to know a file by its handle")
    monkeypatch.setattr(os, "fsync", no_space)
    assert cli.main(["preprocess", str(photos), str(out), *FAST]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert full in line and "No space left" in line and "are free" in line
    assert not [path for path in out.rglob("*") if path.suffix == ".tmp"]
    assert not (out / "_about" / "manifest.json").exists()
    monkeypatch.undo()
    assert preprocess(capsys, photos, out)["rows"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("preprocess", "s3://bucket/in", "out"), "a URL"),
        (("preprocess", "in", "nowhere://bucket/out"), "nowhere"),
        (("preprocess", "in", "out", "--labels-from", "none.csv"), "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_leaves_nothing(
    photos, capsys, monkeypatch, arguments, message
):
    save_face(photos / "a.png")
    monkeypatch.chdir(photos.parent)
    assert message in refused(capsys, *arguments)
    assert [path.name for path in photos.parent.iterdir()] == ["in"]


RANGES = [
    ("train", "landmark", "--data", "x", "--class-weights", "99999"),
    ("train", "landmark", "--data", "x", "--learning-rate", "-1"),
    ("train", "landmark", "--data", "x", "--learning-rate", "nan"),
    ("train", "landmark", "--data", "x", "--seed", "-1"),
    ("train", "landmark", "--data", "x", "--epochs", "0"),
    ("preprocess", "in", "out", "--size", "1"),
    ("preprocess", "in", "out", "--workers", "100000"),
    ("preprocess", "in", "out", "--every", "0"),
]


@pytest.mark.parametrize("arguments", RANGES, ids=" ".join)
def test_an_option_out_of_its_range_is_refused_with_the_range(capsys, arguments):
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    said = capsys.readouterr().err
    assert arguments[-2] in said and arguments[-1] in said
