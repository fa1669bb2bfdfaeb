import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from facelines.cli import main
from facelines.demo import PHOTO
from facelines.model import predict_files
from facelines.model.recognizer import Recognizer
from facelines.ray import Recognize


def test_every_picture_has_a_row_and_keeps_its_other_columns(astronaut):
    recognize = Recognize("landmark")
    batch = {
        "bytes": np.array([PHOTO.read_bytes(), b"no picture", b""], object),
        "path": np.array(["a.jpg", "b.jpg", "c.jpg"]),
    }
    rows = recognize(batch)
    (expected,) = Recognizer.load("landmark")(astronaut)
    assert rows["path"].tolist() == ["a.jpg", "b.jpg", "c.jpg"]
    assert rows["face"].tolist() == [0, -1, -1]
    assert rows["emotion"][0] == expected.emotion
    np.testing.assert_allclose(rows["probabilities"][0], expected.probabilities, atol=1e-6)
    assert not rows["error"][0] and "not a picture" in rows["error"][1] and rows["error"][2]
    assert rows["box"].shape == (3, 4) and rows["probabilities"].shape == (3, 6)


def test_an_empty_batch_has_the_same_columns():
    rows = Recognize("landmark")({"bytes": np.array([], object)})
    assert len(rows["emotion"]) == 0 and "probabilities" in rows


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column 'bytes', only image"):
        Recognize("landmark")({"image": np.array([b""], object)})


@pytest.fixture
def mixed(tmp_path, astronaut) -> Path:
    """A folder of a photo, a video of three frames, a photo without a face and no picture."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(PHOTO, folder / "a.jpg")
    film = cv2.VideoWriter(str(folder / "b.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (512, 512))
    for _ in range(3):
        film.write(cv2.merge([astronaut] * 3))
    film.release()
    cv2.imwrite(str(folder / "c.png"), np.full((300, 300), 90, np.uint8))
    (folder / "d.jpg").write_bytes(b"no picture")
    return folder


@pytest.mark.ray
def test_predict_over_ray_writes_the_rows_of_one_process(tmp_path, mixed, cluster, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the cluster was started elsewhere
    assert main(["predict", mixed.name, "--out", "here.parquet"]) == 0
    program = Path(__file__).resolve().parents[2] / "run.py"
    command = [sys.executable, str(program), "predict", mixed.name, "--engine", "ray"]
    command += ["--address", cluster, "--out", "there.parquet"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    here, there = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("here", "there"))
    assert len(here) == 6 and there.equals(here)


def test_pictures_go_to_ray_together_and_a_video_alone(mixed, monkeypatch):
    tasks = []

    def run(function, given, shared, cluster):
        tasks.extend(given)
        return (function(task, shared) for task in reversed(tasks))

    monkeypatch.setattr(predict_files.ray_engine, "run", run)
    monkeypatch.setattr(predict_files, "_PICTURES_A_TASK", 2)
    recognizer = Recognizer.load("landmark")
    far = predict_files.Options(cluster=predict_files.Cluster())
    rows = list(predict_files.predict_paths(recognizer, [mixed, mixed], far))
    assert rows == list(predict_files.predict_paths(recognizer, [mixed, mixed]))
    assert [[job.path.name for job in jobs] for _, jobs in tasks] == [
        ["a.jpg"], ["b.avi"], ["c.png", "d.jpg"], ["a.jpg"], ["b.avi"], ["c.png", "d.jpg"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--address", "host:1"], "--address is for --engine ray"),
        (["--resources", "CPU=2"], "--resources is for --engine ray"),
        (["--engine", "ray", "--annotate", "copies"], "whichever machine read the file"),
    ],
)
def test_what_does_not_go_together_is_one_line(arguments, said, capsys):
    assert main(["predict", str(PHOTO), *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1


@pytest.mark.parametrize("text", ["CPU", "CPU=-1", "=1", "CPU=1,", "CPU=nan", "CPU=1,CPU=2"])
def test_resources_are_names_and_amounts(text, capsys):
    with pytest.raises(SystemExit):
        main(["predict", str(PHOTO), "--engine", "ray", "--resources", text])
    assert "expected something like CPU=2,faces=1" in capsys.readouterr().err
