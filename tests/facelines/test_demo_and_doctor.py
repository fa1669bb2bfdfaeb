"""What a newcomer runs first."""

from pathlib import Path

import pytest

from facelines import cli, doctor
from facelines.demo import demonstrate
from facelines.model import artifact


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The demo's folder and what it printed, run once."""
    import contextlib
    import io

    out, text = tmp_path_factory.mktemp("demo"), io.StringIO()
    with contextlib.redirect_stdout(text):
        demonstrate(out)
    return out, text.getvalue()


def test_the_demo_leaves_the_pictures_that_it_names(shown):
    out, text = shown
    named = [word for word in text.replace(",", " ").split() if word.startswith(str(out))]
    pictures = [word for word in named if word.endswith(".png")]
    assert len(pictures) == 2
    for picture in pictures:
        assert Path(picture).read_bytes()[:4] == b"\x89PNG"


def test_the_demo_shows_a_prediction_and_the_shipped_accuracy(shown):
    assert "happy" in shown[1] and "accuracy" in shown[1].lower()


def test_the_doctor_finds_everything_that_is_installed(capsys):
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert all(f"model {name}:" in said for name in artifact.released())
    assert "BAD" not in said and "research use only" in said


def test_the_doctor_says_what_is_wrong(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FACELINES_SHAPE_PREDICTOR", str(tmp_path / "nowhere.dat"))
    assert cli.main(["doctor"]) == 1
    assert "BAD" in capsys.readouterr().out


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package", "keras"))
    lines, _ = doctor.report()
    assert any("no-such-package not installed" in line for line in lines)
