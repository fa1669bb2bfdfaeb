import csv
import json

import cv2
import numpy as np
import pytest

from facelines import cli
from facelines.model import sources
from facelines.model.evaluate import referenced, score
from facelines.model.recognizer import Recognizer
from facelines.model.sources import SourceError
from facelines.preprocessing import fer2013_landmarks
from facelines.preprocessing.labels import FER2013_CODES
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess

KEYS = {
    "model",
    "labels",
    "split",
    "n",
    "accuracy",
    "macro_f1",
    "balanced_accuracy",
    "per_class",
    "confusion",
    "coverage",
    "ece",
    "log_loss",
    "seconds",
}


def write_fer2013(path, pictures, usage="PublicTest"):
    """Write (label, uint8 (48, 48)) pairs as fer2013.csv; a label of None is a damaged row."""
    with open(path, "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("emotion", "pixels", "Usage"))
        for label, gray in pictures:
            pixels = " ".join(map(str, gray.ravel()))
            writer.writerow(
                (FER2013_CODES.index(label or "sad"), pixels if label else "1 2", usage)
            )


@pytest.fixture
def small_csv(tmp_path, astronaut_crop):
    blank = np.zeros((48, 48), np.uint8)
    path = tmp_path / "fer2013.csv"
    write_fer2013(
        path,
        [("happy", astronaut_crop), ("disgust", astronaut_crop), ("fear", blank), (None, blank)],
    )
    return path


def test_every_image_of_the_label_set_is_counted(small_csv):
    figures = score("landmark", small_csv, workers=1)
    assert figures["n"] == 2  # disgust is outside the set; the damaged row cannot be shown
    assert figures["coverage"] == {"found": 1, "fallback": 1, "failed": 1}
    assert np.sum(figures["confusion"]) == 2
    assert figures["per_class"]["happy"]["recall"] == 1


def test_the_last_line_is_the_json_object(small_csv, capsys):
    status = cli.main(["evaluate", "landmark", str(small_csv), "--split", "PublicTest", "--json"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert status == 0 and set(figures) >= KEYS
    assert figures["split"] == "PublicTest" and figures["model"] == "landmark"


def test_processes_score_as_one_process_does(tmp_path, astronaut_crop):
    path = tmp_path / "fer2013.csv"
    pictures = [("happy", np.roll(astronaut_crop, shift % 5, axis=1)) for shift in range(70)]
    write_fer2013(path, pictures)
    one, two = (score("landmark", path, workers=workers) for workers in (1, 2))
    assert one["log_loss"] == two["log_loss"] and one["n"] == 70


def test_a_wrong_split_names_the_right_ones(small_csv):
    with pytest.raises(SourceError, match=r"'PrivateTest'.*PublicTest \(4\)"):
        score("landmark", small_csv, split="PrivateTest")
    with pytest.raises(SourceError, match="no split 'PrivateTest'.*PublicTest"):
        score("landmark", "embedded", split="PrivateTest")


@pytest.fixture
def prepared(small_csv, tmp_path):
    out = tmp_path / "prepared"
    preprocess(small_csv, out, Options(classes=7))
    return out


def test_a_limit_takes_the_first_rows_of_any_source(small_csv, prepared):
    for source in (small_csv, prepared, fer2013_landmarks.NAME):
        assert score("landmark", source, split="PublicTest", limit=1, workers=1)["n"] == 1
    per_class = score("landmark", prepared, limit=1)["per_class"]
    assert per_class["happy"]["support"] == 1  # the first row, not the last


@pytest.mark.parametrize("option", ["format", "ferplus", "labels_from"])
def test_options_of_raw_data_are_refused_for_prepared_data(prepared, option):
    for source in (prepared, fer2013_landmarks.NAME):
        with pytest.raises(SourceError, match=f"so --{option.replace('_', '-')} cannot apply"):
            score("landmark", source, **{option: "fer2013"})


def test_a_folder_with_another_programs_manifest_is_one_line(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text('{"name": "a web app"}')
    assert cli.main(["evaluate", "pixel", str(tmp_path)]) == 1
    assert "manifest.json: not written by preprocess" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "landmark", "embedded", "--limit", "-5"],
        ["evaluate", "landmark", "embedded", "--workers", "0"],
        ["train", "landmark", "--data", "embedded", "--batch-size", "0"],
        ["train", "landmark", "--data", "embedded", "--epochs", "two"],
        ["webapp", "--port", "99999"],
        ["webapp", "--port", "-1"],
        ["webapp", "--max-clients", "0"],
    ],
)
def test_a_number_out_of_range_is_refused_before_any_work(arguments, capsys, monkeypatch):
    command = f"facelines.commands.{arguments[0]}.run"
    monkeypatch.setattr(command, lambda _: pytest.fail("it went to work"))
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert f"argument {arguments[-2]}: {arguments[-1]!r} is no" in capsys.readouterr().err


def test_ferplus_scores_against_the_majority(small_csv):
    header = (
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    )
    votes = [
        "0,9,1,0,0,0,0,0,0,0",
        "0,0,9,1,0,0,0,0,0,0",
        "0,0,0,0,0,0,0,0,0,10",
        "9,0,0,0,0,0,0,0,0,1",
    ]
    rows = [f"PublicTest,fer{index:07d}.png,{row}" for index, row in enumerate(votes)]
    (small_csv.parent / "fer2013new.csv").write_text("\n".join([header, *rows]) + "\n")
    figures = score("landmark", small_csv, labels_of="ferplus", workers=1)
    # FER+ calls the disgusted face surprised and the blank picture no face.
    assert {
        label: row["support"] for label, row in figures["per_class"].items() if row["support"]
    } == {
        "happy": 1,
        "surprise": 1,
    }


def test_ferplus_without_votes_is_an_error(small_csv):
    with pytest.raises(SourceError, match="--ferplus"):
        score("landmark", small_csv, labels_of="ferplus")


def test_the_card_states_what_the_embedded_set_gives():
    from facelines.model import artifact

    figures = score("landmark", fer2013_landmarks.NAME, split="PublicTest")
    stated = artifact.load("landmark").metrics
    assert figures["n"] == 3533
    # Points are stored to 1/32 pixel, so a few faces in a thousand are drawn differently.
    assert figures["accuracy"] == pytest.approx(stated["accuracy"], abs=0.004)


def test_a_picture_model_is_refused_on_geometry():
    class Pixels:
        name, inputs = "pixel", ("pixels",)

    from facelines.model.evaluate import probabilities_of

    with pytest.raises(SourceError, match="needs pixels"):
        probabilities_of(Pixels(), {"points": np.zeros((1, 51, 2)), "label": ["sad"]})


def test_an_unprepared_folder_is_an_error(tmp_path):
    with pytest.raises(SourceError, match='"embedded"'):
        sources.load_arrays(tmp_path)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["evaluate", "landmark", "missing.csv"], "missing.csv"),
        (["evaluate", "nothing", "embedded"], "No artifact 'nothing'"),
        (["train", "perceptron", "--data", "embedded"], "unknown network 'perceptron'"),
        (["train", "pixel", "--data", "missing"], "not a prepared folder"),
        (["preprocess", "missing.csv", "out"], "missing.csv"),
        (["predict", "missing.jpg"], "missing.jpg: cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_no_traceback(arguments, message, capsys):
    assert cli.main(arguments) == 1
    printed = capsys.readouterr()
    said = [line for line in (printed.err + printed.out).splitlines() if line]
    assert sum(message in line for line in said) == 1
    assert "Traceback" not in printed.err


@pytest.fixture
def two_people(tmp_path, embedded_rows):
    """Faces of FER2013 whose people are named in their paths; one has another geometry."""
    arrays = sources.select(embedded_rows, np.arange(60))  # a copy
    arrays["source"] = np.array([f"{'AB'[row % 2]}{row:02d}.png" for row in range(60)])
    wide = np.arange(60) % 2 == 1
    for name in ("points", "vertices"):
        arrays[name][wide] += np.float32([0.02, 0.04])
    return arrays


def test_a_reference_of_each_subject_takes_out_what_is_theirs(two_people):
    landmark = Recognizer.load("landmark")
    together, _ = referenced(landmark, two_people, "set")
    alone, report = referenced(landmark, two_people, "subject", "^[AB]")
    apart = [
        np.abs(arrays["points"][1::2].mean(axis=0) - arrays["points"][::2].mean(axis=0)).mean()
        for arrays in (two_people, together, alone)
    ]
    assert apart[1] == pytest.approx(apart[0], rel=1e-3)  # a set moves as a whole
    assert apart[2] < 0.5 * apart[0]
    assert report["references"] == 2 and "without their labels" in report["caution"]


def test_the_figures_say_what_faces_were_read_against(small_csv, capsys):
    figures = {}
    for way in ("none", "set"):
        words = ["evaluate", "landmark", str(small_csv), "--reference", way, "--json"]
        assert cli.main(words) == 0
        figures[way] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["none"]["reference"] == {"by": "none"}
    assert figures["set"]["reference"]["by"] == "set"
    assert figures["set"]["reference"]["faces"] == 2
    assert figures["none"]["log_loss"] != figures["set"]["log_loss"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [(None, "--subject-from"), ("[", "no regular expression"), ("nobody", "finds nobody in 'A00")],
)
def test_people_that_cannot_be_told_are_said(two_people, pattern, message):
    with pytest.raises(SourceError, match=message):
        sources.subjects(two_people, pattern)


def test_a_person_is_the_first_group_of_the_pattern(two_people):
    assert list(sources.subjects(two_people, r"([AB])\d")[:3]) == ["A", "B", "A"]
    assert list(sources.subjects(two_people, r"([AB])(?P<subject>\d)")[:3]) == ["0", "0", "0"]


def test_people_are_found_in_the_paths_of_pictures(tmp_path, astronaut_crop, capsys):
    (tmp_path / "happy").mkdir()
    for name in ("KA.HA1", "KA.HA2", "KL.HA1"):
        cv2.imwrite(str(tmp_path / "happy" / f"{name}.png"), astronaut_crop)
    words = ["evaluate", "landmark", str(tmp_path), "--reference", "subject", "--json"]
    assert cli.main(words) == 1
    assert cli.main([*words, "--subject-from", r"([A-Z]{2})\.", "--workers", "1"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["reference"]["references"] == 2


@pytest.fixture
def people(tmp_path, astronaut_crop):
    """A folder of two people's pictures, the names of the labels and of the people in a list."""
    folder = tmp_path / "people"
    folder.mkdir()
    rows = ["path,label,subject"]
    for number, label in enumerate(("happy", "sad", "happy", "neutral", "sad", "happy")):
        gray = np.roll(astronaut_crop, number % 3 - 1, axis=0)
        cv2.imwrite(str(folder / f"{number}.png"), gray if number < 3 else gray[:, ::-1])
        rows.append(f"{number}.png,{label},{'AB'[number // 3]}")
    listed = tmp_path / "people.csv"
    listed.write_text("\n".join(rows) + "\n")
    return str(folder), ["--labels-from", str(listed)]


@pytest.mark.parametrize("way", ["set", "subject"])
def test_a_set_prepared_with_a_reference_reads_as_one_that_evaluate_moves(
    people, tmp_path, capsys, way
):
    folder, labels_from = people
    of_way = ["--reference", way]

    def figures(*arguments):
        assert cli.main(["evaluate", "landmark", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    assert cli.main(["preprocess", folder, str(tmp_path / "plain"), *labels_from]) == 0
    assert cli.main(["preprocess", folder, str(tmp_path / "out"), *labels_from, *of_way]) == 0
    assert f"against each {way}'s mean face, as landmark" in capsys.readouterr().out
    moved, plain = figures(str(tmp_path / "out")), figures(str(tmp_path / "plain"))
    at_once = figures(str(tmp_path / "plain"), *of_way)
    assert moved["log_loss"] == pytest.approx(at_once["log_loss"], abs=1e-5)
    assert moved["log_loss"] != pytest.approx(plain["log_loss"], abs=1e-3)
    assert figures(folder, *labels_from, "--aspect", "1", *of_way)["log_loss"] == pytest.approx(
        at_once["log_loss"], abs=1e-5
    )
    told = moved["reference"]
    assert (told["by"], told["model"], told["prepared"]) == (way, "landmark", True)
    assert cli.main(["evaluate", "landmark", str(tmp_path / "out"), *of_way]) == 1
    assert "would be moved twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reference-model", "pixel"], "pixel takes no reference"),
        (["--reference-model", "landmark_cnn"], "image too"),
        (["--reference-model", "landmark-mesh"], "'mean', but landmark-mesh reads those of 'mesh'"),
    ],
)
def test_a_model_that_cannot_move_a_set_is_one_line(people, tmp_path, capsys, arguments, message):
    words = ["preprocess", people[0], str(tmp_path / "out"), "--reference", "set", *arguments]
    assert cli.main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line and not (tmp_path / "out").exists()
