import json

import cv2
import numpy as np
import pytest

from facelines import cli
from facelines.demo import PHOTO
from facelines.model.annotate import annotate
from facelines.model.recognizer import Recognizer
from facelines.preprocessing.files import COPIES


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "astronaut.png"
    cv2.imwrite(str(path), cv2.imread(str(PHOTO)))
    return path


def write_video(path, codec):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, (512, 512))
    for shift in range(4):
        writer.write(np.roll(cv2.imread(str(PHOTO)), 4 * shift, axis=1))
    writer.release()
    return path


def predict(capsys, *arguments):
    status = cli.main(["predict", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_photo_is_a_row_a_face(photo, capsys):
    status, (row,) = predict(capsys, photo)
    assert status == 0 and row["emotion"] == "happy" and row["found"] == "detected"
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_a_bad_file_does_not_stop_the_others(photo, tmp_path, capsys):
    (tmp_path / "b.jpg").write_text("not a picture")
    (tmp_path / "c.png").write_bytes(photo.read_bytes()[:5000])
    cv2.imwrite(str(tmp_path / "d.png"), np.zeros((300, 300), np.uint8))
    status, rows = predict(capsys, tmp_path)
    assert status == 0 and len(rows) == 4
    assert [bool(row["error"]) for row in rows] == [False, True, True, True]
    assert "not a picture" in rows[1]["error"] and "truncated" in rows[2]["error"]
    assert rows[3]["error"] == "no face found"


def test_annotated_copies_are_written_beside_the_original(photo, tmp_path, capsys):
    before = photo.read_bytes()
    predict(capsys, photo, "--annotate", tmp_path / "drawn")
    drawn = cv2.imread(str(tmp_path / "drawn" / "astronaut.png"))
    original = cv2.imread(str(photo))
    assert drawn.shape == original.shape and (drawn != original).any()
    assert photo.read_bytes() == before


def test_pictures_of_one_name_keep_their_own_copies(photo, tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    other = tmp_path / "sub" / "astronaut.jpg"
    cv2.imwrite(str(other), np.zeros((300, 300, 3), np.uint8))
    predict(capsys, photo, other, "--annotate", tmp_path / "drawn")
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [
        COPIES,
        "astronaut.png",
        "astronaut_2.png",
    ]


def test_a_video_is_read_frame_by_frame(tmp_path, capsys):
    path = write_video(tmp_path / "clip.avi", "MJPG")
    _, rows = predict(capsys, path, "--annotate", tmp_path / "drawn")
    assert [row["time"] for row in rows] == [0.0, 0.1, 0.2, 0.3]
    assert all(row["emotion"] == "happy" for row in rows)
    capture = cv2.VideoCapture(str(tmp_path / "drawn" / "clip.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 4


def test_copies_in_the_folder_of_the_originals_never_replace_them(photo, tmp_path, capsys):
    clip = write_video(tmp_path / "clip.mp4", "mp4v")
    before = {path: path.read_bytes() for path in (photo, clip)}
    status, rows = predict(capsys, photo, tmp_path, "--annotate", tmp_path)
    assert status == 0
    assert [row["path"] for row in rows] == [str(photo)] * 2 + [str(clip)] * 4  # and no copy
    copies = {"astronaut_2.png", "astronaut_3.png", "clip_2.mp4"}
    assert {path.name for path in tmp_path.iterdir()} == {photo.name, clip.name, COPIES} | copies
    capture = cv2.VideoCapture(str(tmp_path / "clip_2.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 4
    before |= {tmp_path / name: (tmp_path / name).read_bytes() for name in copies}
    predict(capsys, photo, clip, "--annotate", tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_an_empty_folder_is_an_error(photo, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert cli.main(["predict", str(photo), str(tmp_path / "empty")]) == 1
    assert "empty: no picture or video" in capsys.readouterr().err


def test_copies_are_not_promised_where_nothing_could_be_read(tmp_path, capsys):
    missing, drawn = str(tmp_path / "missing.png"), tmp_path / "drawn"
    assert cli.main(["predict", missing, "--annotate", str(drawn)]) == 1
    assert "Annotated copies" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["picture", "video"])
def test_a_copy_that_cannot_be_written_is_an_error(kind, photo, tmp_path, capsys, monkeypatch):
    clip = write_video(tmp_path / "clip.avi", "MJPG")
    monkeypatch.setattr(cv2, "imwrite", lambda *_: False)  # as for a full or read-only disk
    monkeypatch.setattr("facelines.model.predict_files._VIDEO_CODEC", "none")
    source = {"picture": photo, "video": clip}[kind]
    assert cli.main(["predict", str(source), "--annotate", str(tmp_path / "drawn")]) == 1
    printed = capsys.readouterr()
    assert f"{tmp_path / 'drawn' / source.stem}" in printed.err and "--annotate" in printed.err
    assert "Annotated copies" not in printed.out


def test_annotation_leaves_its_input_alone(astronaut):
    picture = cv2.cvtColor(astronaut, cv2.COLOR_GRAY2BGR)
    before = picture.copy()
    drawn = annotate(picture, Recognizer.load("landmark")(astronaut))
    assert (picture == before).all() and (drawn != before).any()


def test_nothing_to_annotate_changes_nothing(astronaut):
    picture = cv2.cvtColor(astronaut, cv2.COLOR_GRAY2BGR)
    assert (annotate(picture, []) == picture).all()
