import csv
import io
import json
from dataclasses import replace

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from facelines import cli
from facelines.demo import PHOTO
from facelines.model.annotate import annotate
from facelines.model.recognizer import UNREADABLE, Recognizer
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
    monkeypatch.setattr("facelines.model.video_copy.KEEPS_SOUND", False)
    monkeypatch.setattr("facelines.model.video_copy._CODEC", "none")
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


def rows_of(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    text = path.read_text()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_table_has_a_row_a_face_and_a_column_a_label(suffix, photo, tmp_path, capsys):
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.zeros((300, 300), np.uint8))
    out = tmp_path / "new" / f"faces{suffix}"
    _, printed = predict(capsys, photo, blank, "--out", out)
    face, nobody = rows_of(out)
    assert list(face) == list(nobody)
    assert face["path"] == str(photo) and face["emotion"] == printed[0]["emotion"]
    labels = printed[0]["probabilities"]
    assert sum(float(face[label]) for label in labels) == pytest.approx(1, abs=1e-3)
    assert float(face["x_max"]) > float(face["x_min"])
    assert nobody["error"] == "no face found" and nobody["x_min"] in (None, "")
    assert [path.name for path in out.parent.iterdir()] == [out.name], "nothing unfinished stays"


def test_a_table_of_another_kind_is_refused_before_anything_is_read(photo, capsys):
    assert cli.main(["predict", str(photo), "--out", "faces.xlsx"]) == 1
    assert "faces.xlsx: expected a file named .csv, .parquet, .jsonl" in capsys.readouterr().err


def test_every_other_frame_of_a_video_by_number_and_time(tmp_path, capsys):
    path = write_video(tmp_path / "clip.avi", "MJPG")
    _, rows = predict(capsys, path, "--every", 2)
    assert [(row["frame"], row["time"], row["face"]) for row in rows] == [(0, 0.0, 0), (2, 0.2, 0)]


def test_processes_read_the_same_in_the_same_order(photo, tmp_path, capsys):
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), np.zeros((300, 300), np.uint8))
    _, alone = predict(capsys, photo, other)
    _, shared = predict(capsys, photo, other, "--jobs", 2)
    assert shared == alone


def test_faces_are_kept_as_pictures_only_where_that_is_asked_for(photo, tmp_path, capsys):
    clip = write_video(tmp_path / "clip.avi", "MJPG")
    faces = tmp_path / "faces"
    _, rows = predict(capsys, photo, clip, "--thumbnails", faces)
    assert sorted(path.name for path in faces.glob("*.png")) == [
        "astronaut_face0.png",
        "clip_face0.png",
    ]
    assert [bool(row["thumbnail"]) for row in rows] == [True, True, False, False, False]
    _, rows = predict(capsys, photo)
    assert rows[0]["thumbnail"] == "" and len(list(faces.glob("*.png"))) == 2


def test_emotions_are_summed_up(photo, tmp_path, capsys):
    (tmp_path / "b.jpg").write_text("not a picture")
    assert cli.main(["predict", str(photo), str(photo), str(tmp_path / "b.jpg")]) == 0
    printed = capsys.readouterr().out
    assert "2 faces read" in printed and "100.0 %" in printed
    assert "1 files could not be read" in printed


@pytest.fixture
def blank_crops(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    cv2.imwrite(str(folder / "navy.png"), np.full((100, 100, 3), (60, 20, 10), np.uint8))
    return folder


def test_a_small_picture_without_a_face_has_no_label(blank_crops, capsys):
    status, (row,) = predict(capsys, blank_crops)
    assert status == 0 and row["error"] == "no face found" and row["emotion"] == ""


def test_who_knows_that_it_is_a_face_can_say_so(blank_crops, capsys):
    _, (row,) = predict(capsys, blank_crops, "--assume-face")
    assert row["error"] == "" and row["emotion"] and row["box"]


def test_the_detector_and_the_smallest_face_can_be_chosen(photo, capsys):
    _, (row,) = predict(capsys, photo, "--detector", "haar", "--min-face", 80)
    assert row["found"] == "detected"
    assert cli.main(["predict", str(photo), "--detector", "yolo"]) == 1
    assert "'yolo'" in capsys.readouterr().err


def test_a_face_that_cannot_be_read_is_drawn_so_and_has_no_label(astronaut):
    (prediction,) = Recognizer.load("landmark")(astronaut)
    unreadable = replace(prediction, emotion=UNREADABLE)
    picture = cv2.cvtColor(astronaut, cv2.COLOR_GRAY2BGR)
    drawn = annotate(picture, [unreadable])
    assert (drawn != picture).any() and (drawn != annotate(picture, [prediction])).any()
    x, y = prediction.face.points[13].round().astype(int)
    assert (drawn[y, x] == picture[y, x]).all(), "wrong points are not drawn"


def test_points_that_are_plainly_wrong_are_unreadable(astronaut):
    recognizer = Recognizer.load("landmark")
    face = recognizer.pipeline(astronaut)[0]
    good, bad = recognizer.predict([face, replace(face, quality=0.2)])
    assert good.emotion != UNREADABLE and bad.emotion == UNREADABLE


@pytest.mark.parametrize("emotion, is_white", [("sad", True), ("happy", False)])
def test_a_label_is_written_in_what_contrasts_with_its_colour(emotion, is_white):
    (prediction,) = Recognizer.load("landmark")(cv2.imread(str(PHOTO))[..., ::-1])
    canvas = np.full((512, 512, 3), 127, np.uint8)
    drawn = annotate(canvas, [replace(prediction, emotion=emotion)])
    assert bool(drawn.min(axis=2).max() > 160) is is_white
    assert bool(drawn.max(axis=2).min() < 90) is not is_white
