"""The command line's front door: light, and one line for every error."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facelines import cli
from facelines.commands import doctor
from facelines.licences import LICENCES

ROOT = Path(__file__).parents[2]
HEAVY = ("cv2", "dlib", "numpy", "onnxruntime", "pyarrow", "keras", "tensorflow")


def run_without(packages, tmp_path, *arguments):
    """Run a command in a process where importing any of `packages` fails."""
    for name in packages:
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError(name={name!r})")
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_need_no_heavy_package(option, tmp_path):
    finished = run_without(HEAVY, tmp_path, option)
    assert finished.returncode == 0 and not finished.stderr
    assert "iBUG 300-W" in finished.stdout


@pytest.mark.parametrize("command", ["doctor", "predict"])
def test_a_missing_package_is_one_line_that_says_what_to_install(command, tmp_path):
    arguments = (command, "photo.jpg") if command == "predict" else (command,)
    finished = run_without(["cv2"], tmp_path, *arguments)
    assert finished.returncode == 1 and "Traceback" not in finished.stderr
    said = finished.stdout + finished.stderr
    assert "cv2" in said or "opencv-python-headless" in said


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0 and f"facelines {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["no-such-command"]])
def test_what_is_no_command_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2 and "usage" in capsys.readouterr().err


def test_the_module_is_a_command(capsys):
    finished = subprocess.run(
        [sys.executable, "-m", "facelines", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert finished.returncode == 0 and LICENCES in " ".join(finished.stdout.split())


def test_telemetry_is_off_before_anything_is_imported():
    code = "import facelines, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {key: value for key, value in os.environ.items() if key[:4] != "ORT_"}
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert finished.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("number", "names", "said"),
    [
        (errno.EROFS, ["/a"], "/a: Read-only file system; give a place that can be written to."),
        (errno.ENOSPC, ["/a"], "/a: No space left on device; make room, or give another place."),
        (errno.ENOSPC, [], "No space left on device; make room, or give another place."),
        (errno.EXDEV, ["/a", None, "/b"], "/a -> /b: Invalid cross-device link."),
    ],
)
def test_a_refusal_of_the_system_is_one_line_with_what_can_be_done(
    number, names, said, monkeypatch, capsys
):
    def refuse(arguments):
        raise OSError(number, os.strerror(number), *names)

    monkeypatch.setattr(doctor, "run", refuse)
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().err == f"error: {said}\n"
