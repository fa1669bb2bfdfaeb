"""The wheel: one package, what serving needs and no more, typed."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """\
from pathlib import Path

from facelines import Prediction, Recognizer
from facelines.preprocessing.images import read_gray


def best(path: Path) -> list[str]:
    recognizer = Recognizer.load("landmark")
    found: list[Prediction] = recognizer(read_gray(path))
    return [f"{one.emotion} {one.confidence:.2f}" for one in found]


print(best(Path("photo.jpg")))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what git tracks, so that nothing is left in the checkout."""
    clean, built = tmp_path_factory.mktemp("clean"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.endswith(".keras"):
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, clean / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(built), str(clean)]
    subprocess.run(command, check=True, capture_output=True)
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel's content beside this Python's packages."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("[Ll]ib*/**/site-packages"))
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    return folder


def python(installed: Path) -> str:
    return str(next(installed.glob("[bS]*/python*")))


def test_one_name_is_installed(names):
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"facelines"}


@pytest.mark.parametrize(
    "needed",
    [
        "facelines/py.typed",
        "facelines/preprocessing/photos/astronaut.jpg",
        "facelines/model/weights/landmark/model.onnx",
        "facelines/model/weights/landmark/pipeline.json",
        "facelines/model/weights/landmark/README.md",
        "facelines/preprocessing/fer2013_landmarks.parquet",
        "facelines/preprocessing/networks/face_landmarks_detector.tflite",
        "facelines/preprocessing/networks/LICENSE",
        "facelines/webapp/static/index.html",
        "facelines/webapp/static/js/main.js",
        "facelines/benchmark/report/page.html",
        "facelines/configs/landmark.py",
    ],
)
def test_it_carries_what_serving_needs(needed, names):
    assert needed in names


def test_every_module_and_page_file_is_in_it(names):
    packages = ("preprocessing", "model", "webapp", "benchmark", "shape_predictor", "facelines")
    for package in packages:
        for path in (ROOT / package).rglob("*"):
            if path.suffix not in (".py", ".js", ".css", ".html") or "__pycache__" in path.parts:
                continue
            inside = path.relative_to(ROOT).as_posix()
            assert (inside if package == "facelines" else f"facelines/{inside}") in names


def test_it_leaves_out_what_only_training_reads(names):
    assert not [name for name in names if name.endswith((".keras", ".csv")) or "tests" in name]


def test_it_predicts_without_the_checkout(installed, tmp_path):
    code = (
        "import sys; from facelines import Recognizer; from facelines.demo import PHOTO;"
        "from facelines.preprocessing.images import read_gray;"
        "print(Recognizer.load('landmark')(read_gray(PHOTO))[0].best);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    finished = subprocess.run(
        [python(installed), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    label, modules = finished.stdout.strip().splitlines()
    assert label == "happy"
    assert not {"keras", "tensorflow", "sklearn", "scipy", "matplotlib"} & set(modules.split())


def test_a_users_program_is_typed(installed, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python(installed)]
    finished = subprocess.run(
        [*command, str(program)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout
