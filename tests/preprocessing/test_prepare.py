import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facelines import cli as command_line
from facelines import shape_predictor
from facelines.demo import PHOTO
from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.mesh import READ
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.prepared import load_prepared
from facelines.preprocessing.samples import DatasetError

ROOT = Path(__file__).resolve().parents[2]
FAST = Pipeline(detector="none", passes=1)
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def astronaut() -> Image.Image:
    return Image.open(PHOTO)


def faces(count: int) -> list[np.ndarray]:
    """Return `count` different 48x48 crops of the astronaut's face."""
    gray = astronaut().convert("L")
    boxes = [(160 + i, 40 + i % 5, 290 + i, 170 + i % 5) for i in range(count)]
    return [np.asarray(gray.resize((48, 48), Image.Resampling.BOX, box)) for box in boxes]


def write_csv(path: Path, pictures, usages=None) -> Path:
    usages = usages or ["Training"] * len(pictures)
    rows = [
        f"{index % 7},{' '.join(map(str, gray.ravel()))},{usage}"
        for index, (gray, usage) in enumerate(zip(pictures, usages, strict=True))
    ]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    return path


def write_tree(path: Path, pictures, usages) -> Path:
    for index, (gray, usage) in enumerate(zip(pictures, usages, strict=True)):
        folder = path / {"Training": "train", "PublicTest": "test"}[usage] / EMOTIONS[index % 7]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(gray).save(folder / f"{usage}_{index}.png")
    return path


def run(*arguments) -> int:
    return command_line.main(["preprocess", *map(str, arguments)])


def test_a_csv_and_the_folder_tree_of_the_same_pictures_give_the_same_rows(tmp_path):
    pictures = faces(13) + faces(1)
    usages = ["Training"] * 10 + ["PublicTest"] * 4
    recipe = Pipeline(passes=2)
    csv = preprocess(
        write_csv(tmp_path / "fer2013.csv", pictures, usages), tmp_path / "a", Options(recipe)
    )
    tree = preprocess(
        write_tree(tmp_path / "fer2013", pictures, usages), tmp_path / "b", Options(recipe)
    )
    assert csv.rows_sum == tree.rows_sum
    assert csv.coverage == tree.coverage
    assert csv.left_out == tree.left_out == {"disgust": 2}
    assert csv.splits == tree.splits == {"PublicTest": 4, "Training": 8}


def test_a_training_picture_that_is_evaluated_too_is_kept_and_marked(tmp_path):
    pictures = [*faces(3), faces(1)[0]]  # the last one repeats the first
    source = write_csv(tmp_path / "a.csv", pictures, ["Training"] * 3 + ["PublicTest"])
    summary = preprocess(source, tmp_path / "out", Options(FAST, classes=7))
    prepared = load_prepared(tmp_path / "out")
    assert prepared["excluded"].tolist() == [True, False, False, False]
    assert summary.duplicates == {
        "copies": 1,
        "across_splits": 1,
        "conflicting_labels": 1,
        "excluded": 1,
    }


KILLED = """
import os, signal, sys
sys.path.insert(0, os.getcwd())
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess

replace, calls = os.replace, 0

def dying_replace(temporary, path):
    global calls
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    calls += 1
    replace(temporary, path)

os.replace = dying_replace
preprocess(sys.argv[1], sys.argv[2], Options(Pipeline(detector="none", passes=1), shard_samples=2))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("replaced", [0, 1, 2, 3, -2, -1], ids=lambda count: f"after {count} files")
def test_a_killed_run_goes_on_to_the_digest_of_an_uninterrupted_one(tmp_path, replaced):
    """Files in turn: plan, rows and receipt of each shard, errors, contact sheet, items, card."""
    source = write_csv(tmp_path / "a.csv", faces(6))
    whole = preprocess(source, tmp_path / "whole", Options(FAST, shard_samples=2))
    kept = {path.name for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    shards = len(list((tmp_path / "whole" / "data").iterdir()))
    replaced %= len(kept)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, source, tmp_path / "killed", str(replaced)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert not (tmp_path / "killed" / "_about" / "manifest.json").exists()
    resumed = preprocess(source, tmp_path / "killed", Options(FAST, shard_samples=2))
    assert resumed.digest == whole.digest
    assert resumed.reused_shards == min(max(replaced - 1, 0) // 2, shards)
    assert kept == {path.name for path in (tmp_path / "killed").rglob("*") if path.is_file()}


def jpeg(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def exif_rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored a quarter turned, to be seen upright
    exif[0x011A] = 72.0
    return jpeg(astronaut().rotate(90), exif=exif)


def exif_damaged() -> bytes:
    return exif_rotated().replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x01", 1)


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


PICTURES = {
    "empty": (b"", "not a picture"),
    "text": (b"I am a text file", "not a picture"),
    "truncated JPEG": (jpeg(astronaut())[:4000], "truncated"),
    "1x1": (png(Image.new("L", (1, 1))), "at least 8"),
    "no face": (png(Image.new("L", (300, 300))), "no face found"),
    "RGBA": (png(astronaut().convert("RGBA")), None),
    "16-bit": (png(Image.fromarray(np.asarray(astronaut().convert("L")).astype("u2") << 8)), None),
    "CMYK": (jpeg(astronaut().convert("CMYK")), None),
    "EXIF-rotated": (exif_rotated(), None),
    "EXIF-damaged": (exif_damaged(), None),
}


@pytest.mark.parametrize(("data", "message"), PICTURES.values(), ids=PICTURES.keys())
def test_a_photo_of_any_kind_has_a_row_or_is_listed_and_the_rest_goes_on(tmp_path, data, message):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(data)
    (folder / "b.png").write_bytes(png(astronaut()))
    summary = preprocess(folder, tmp_path / "out", Options(Pipeline(passes=1)))
    lines = (tmp_path / "out" / "_about" / "errors.jsonl").read_text().splitlines()
    errors = [json.loads(line) for line in lines]
    assert summary.pictures == 2
    prepared = load_prepared(tmp_path / "out")
    if message is None:
        assert errors == []
        assert prepared["source"].tolist() == ["a.jpg", "b.png"]
        assert np.abs(prepared["points"][0] - prepared["points"][1]).max() < 0.05
    else:
        assert prepared["source"].tolist() == ["b.png"]
        assert [error["source"] for error in errors] == ["a.jpg"]
        assert message in errors[0]["message"]


BAD_SOURCES = {
    "missing": (None, "no such file"),
    "empty": ("", "empty"),
    "header alone": ("emotion,pixels,Usage\n", "no picture"),
    "wrong header": ("a,b,c\n1,2,3\n", "expected emotion,pixels,Usage"),
}


@pytest.mark.parametrize(("content", "message"), BAD_SOURCES.values(), ids=BAD_SOURCES.keys())
def test_a_bad_source_is_one_line_and_leaves_nothing_behind(tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / "a.csv").write_text(content)
    assert run(tmp_path / "a.csv", tmp_path / "out") == 1
    output = capsys.readouterr()
    assert message in output.err
    assert len(output.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        command_line.main(["--debug", "preprocess", str(tmp_path / "a.csv"), str(tmp_path / "out")])


def test_an_interrupted_run_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("facelines.commands.preprocess.preprocess", interrupted)
    assert run(tmp_path / "a.csv", tmp_path / "out") == 130
    assert "same command again" in capsys.readouterr().err


def test_bad_rows_are_listed_and_counted_with_everything_else(tmp_path, capsys):
    source = write_csv(tmp_path / "a.csv", faces(8))
    with source.open("a") as file:
        file.write(f"3,{'7 ' * 2303},Training\n9,1 2 3,Training\n")
    assert run(source, tmp_path / "out", "--detector", "none", "--passes", 1, "--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["pictures"] == 10
    assert (summary["pictures_with_rows"], summary["errors"]) == (7, 2)
    assert summary["left_out"] == {"disgust": 1}
    errors = (tmp_path / "out" / "_about" / "errors.jsonl").read_text().splitlines()
    assert [json.loads(error)["source"] for error in errors] == ["a.csv:8", "a.csv:9"]
    assert summary["coverage"]["happy"] == {"found": 0, "fallback": 1, "failed": 1}


def test_a_set_without_any_row_fails_but_lists_why(tmp_path, capsys):
    (tmp_path / "a.jpg").write_text("no picture")
    assert run(tmp_path / "a.jpg", tmp_path / "out") == 1
    assert "1 errors" in capsys.readouterr().out
    assert load_prepared(tmp_path / "out")["image"].shape == (0, 48, 48)


def test_an_out_of_another_recipe_is_kept_unless_overwriting_is_asked_for(tmp_path, capsys):
    source = write_csv(tmp_path / "a.csv", faces(4))
    fast = (source, tmp_path / "out", "--detector", "none", "--passes", 1)
    assert run(*fast) == 0
    manifest = (tmp_path / "out" / "_about" / "manifest.json").read_text()
    assert run(*fast, "--draw", "points") == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run(*fast, "--limit", 2) == 1
    assert (tmp_path / "out" / "_about" / "manifest.json").read_text() == manifest
    assert run(*fast, "--limit", 2, "--overwrite") == 0
    assert len(load_prepared(tmp_path / "out")["label"]) == 1


def test_a_folder_of_other_files_is_never_written_to(tmp_path, capsys):
    source = write_csv(tmp_path / "a.csv", faces(1))
    assert run(source, tmp_path) == 1
    assert "give a new folder" in capsys.readouterr().err
    assert run(source, source) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]


def test_a_prepared_set_holds_in_order_what_the_pipeline_makes_of_each_picture(tmp_path):
    source = write_csv(tmp_path / "a.csv", faces(5), ["Training"] * 4 + ["PublicTest"])
    preprocess(source, tmp_path / "out", Options(Pipeline(passes=2), classes=7, shard_samples=2))
    prepared = load_prepared(tmp_path / "out")
    samples = list(open_dataset(source).samples())
    assert prepared["source"].tolist() == [sample.source for sample in samples]
    assert prepared["label"].tolist() == [sample.label for sample in samples]
    for index, sample in enumerate(samples):
        face = Pipeline(passes=2).one(sample.gray())
        assert np.array_equal(prepared["image"][index], face.image)
        assert np.array_equal(prepared["pixels"][index], face.pixels)
        assert np.array_equal(prepared["points"][index], face.normalised)
        assert np.array_equal(prepared["raw_points"][index], face.points)
        assert np.array_equal(prepared["vertices"][index], face.normalised_mesh[READ])
        assert np.array_equal(prepared["raw_vertices"][index], face.mesh)
        assert prepared["presence"][index] == np.float32(face.presence)
        assert prepared["quality"][index] == np.float32(face.quality)
        assert prepared["found"][index] == face.box.source
    assert load_prepared(tmp_path / "out", ("PublicTest",))["source"].tolist() == ["a.csv:4"]
    assert prepared["votes"].shape == (5, 10)


def test_a_recipe_without_the_mesh_leaves_it_out_of_the_prepared_set(tmp_path):
    source = write_csv(tmp_path / "a.csv", faces(2), ["Training", "PublicTest"])
    preprocess(source, tmp_path / "out", Options(Pipeline(passes=1, mesh=False), classes=7))
    prepared = load_prepared(tmp_path / "out")
    assert not {"mesh", "vertices", "raw_vertices"} & set(prepared)
    assert prepared["points"].shape == (2, 51, 2)


@pytest.mark.parametrize(
    ("splits", "break_it", "message"),
    [
        (None, lambda out: (out / "_about" / "manifest.json").unlink(), "no complete prepared set"),
        (None, lambda out: (out / "_about" / "manifest.json").write_text("{"), "damaged"),
        (
            None,
            lambda out: (out / "_about" / "manifest.json").write_text('{"name": "app"}'),
            "not written by",
        ),
        (None, lambda out: (out / "_about" / "manifest.json").write_text("[]"), "not written by"),
        (None, lambda out: next((out / "data").iterdir()).unlink(), "missing or damaged"),
        (None, lambda out: next((out / "data").iterdir()).write_bytes(b"x"), "missing or damaged"),
        (("PrivateTest",), lambda out: None, "its splits are Training"),
    ],
)
def test_a_prepared_set_that_cannot_be_read_is_a_clear_error(tmp_path, splits, break_it, message):
    preprocess(write_csv(tmp_path / "a.csv", faces(1)), tmp_path / "out", Options(FAST))
    break_it(tmp_path / "out")
    with pytest.raises(DatasetError, match=message):
        load_prepared(tmp_path / "out", splits)


def test_a_set_of_another_landmark_file_is_neither_gone_on_with_nor_read(tmp_path, monkeypatch):
    source = write_csv(tmp_path / "a.csv", faces(1))
    preprocess(source, tmp_path / "out", Options(FAST))
    plan = json.loads((tmp_path / "out" / "_about" / "plan.json").read_text())
    assert plan["landmark_file"] == shape_predictor.SHA256  # as in the sets that exist
    other = tmp_path / "other.dat"
    shutil.copy(shape_predictor.find(), other)
    with other.open("ab") as file:
        file.write(b"x")  # dlib reads what is before it
    monkeypatch.setenv("FACELINES_SHAPE_PREDICTOR", str(other))
    with pytest.raises(DatasetError, match="landmark_file"):
        preprocess(source, tmp_path / "out", Options(FAST))
    with pytest.raises(DatasetError, match=r"made with the landmark file .* but .*other\.dat"):
        load_prepared(tmp_path / "out")
    preprocess(source, tmp_path / "new", Options(FAST))
    assert len(load_prepared(tmp_path / "new")["label"]) == 1


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_clean_keeps_what_users_made(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in (".venv", "out/demo", "out/fer", "out/benchmark"):
        (tmp_path / folder).mkdir(parents=True)
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["benchmark", "fer"]
    assert not (tmp_path / ".venv").exists()


def test_every_face_of_a_photo_has_a_row_and_largest_takes_one(tmp_path):
    head = astronaut().crop((130, 0, 330, 200))
    photo = Image.new("RGB", (700, 320), "gray")
    photo.paste(head.resize((300, 300)), (0, 0))
    photo.paste(head.resize((240, 240)), (400, 0))
    photo.save(tmp_path / "two.png")
    both = preprocess(tmp_path / "two.png", tmp_path / "both", Options(Pipeline(passes=1)))
    one = preprocess(
        tmp_path / "two.png", tmp_path / "one", Options(Pipeline(passes=1), largest=True)
    )
    assert (both.pictures, both.pictures_with_rows, both.rows) == (1, 1, 2)
    assert (one.pictures, one.rows) == (1, 1)
    assert load_prepared(tmp_path / "one")["raw_points"][0, :, 0].max() < 300
