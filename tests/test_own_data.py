"""A new user's three-class folder -> drawings -> a model -> its figures -> a live web app."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from facelines import cli
from facelines.demo import PHOTO
from facelines.model.recognizer import Recognizer

ROOT = Path(__file__).parents[1]
LABELS = ["calm", "smiling", "tense"]


@pytest.fixture(scope="module")
def trained(moods, tmp_path_factory):
    """The folder in which the first three commands ran."""
    folder = tmp_path_factory.mktemp("user")
    out, model = folder / "faces", folder / "moods"
    train = ["train", "landmark", "--data", out, "--start", "landmark", "--out", model]
    for command in (
        ["preprocess", moods, out, "--passes", 1],
        [*train, "--epochs", 3, "--patience", 2],
        ["evaluate", model, out, "--split", "test", "--json"],
    ):
        assert cli.main([*map(str, command)]) == 0
    return folder


def test_the_model_says_the_folders_names(trained):
    recognizer = Recognizer.load(trained / "moods")
    assert list(recognizer.labels) == LABELS
    metrics = json.loads((trained / "moods" / "metrics.json").read_text())
    assert metrics["training"]["labels_of"] == "own"
    assert metrics["training"]["config"]["start"] == "landmark"
    assert metrics["training"]["config"]["batch_size"] < 16  # 16 faces make no batch of 128


def test_the_card_speaks_of_the_users_own_set(trained):
    card = (trained / "moods" / "README.md").read_text()
    assert "(calm, smiling, tense)" in card and "labels of the data itself" in card
    assert "FER2013" not in card


def test_every_epoch_is_in_the_history_and_on_tensorboard(trained):
    run = trained / "moods" / "run"
    header = (run / "history.csv").read_text().splitlines()[0]
    assert header == "epoch,loss,seconds,accuracy,macro_f1,log_loss"
    logged = b"".join(path.read_bytes() for path in run.glob("tensorboard/validation/*"))
    assert b"epoch_accuracy" in logged and b"epoch_macro_f1" in logged
    assert (trained / "moods" / "learning_curve.png").stat().st_size > 5000


def test_it_is_evaluated_on_faces_that_it_did_not_learn(trained, capsys):
    arguments = ["evaluate", str(trained / "moods"), str(trained / "faces"), "--split", "test"]
    assert cli.main([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["labels"] == LABELS and 3 <= figures["n"] <= 6


def test_it_reads_a_photo(trained, capsys):
    assert cli.main(["predict", str(PHOTO), "--model", str(trained / "moods"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(row["probabilities"]) == LABELS


def test_the_web_app_serves_it_live(trained):
    command = [sys.executable, "run.py", "webapp", "--model", trained / "moods", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = next(
                found[0] for line in server.stdout if (found := re.search(r"http://\S+", line))
            )
            pictures = {"file": ("a.jpg", PHOTO.read_bytes(), "image/jpeg")}
            answer = httpx.post(f"{address}/api/predict", files=pictures, timeout=60)
            (face,) = answer.json()["faces"]
            assert set(face["readings"]["moods"]["probabilities"]) == set(LABELS)
            with connect(address.replace("http", "ws") + "/live", open_timeout=60) as socket:
                socket.send(PHOTO.read_bytes())
                assert "moods" in socket.recv(timeout=60)
        finally:
            server.terminate()
