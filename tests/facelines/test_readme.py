"""What the README tells people to type works as it stands there."""

import re
import shlex
import shutil
import threading
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facelines import cli
from facelines.demo import PHOTO
from facelines.preprocessing.images import read_gray

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
COMMANDS = [line.removeprefix("facelines ") for line in LINES if line.startswith("facelines ")]
# What keeps a command from running in a test, and the least that makes it short.
SHORTER = {
    "train": ["--epochs", "1", "--batch-size", "16"],
    "benchmark": ["--only", "points_mlp", "--epochs", "1", "--sections", "parts", "--workers", "1"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with everything that the README's commands name."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copyfile(PHOTO, folder / "photo.jpg")
    (folder / "folder").mkdir()
    shutil.copyfile(PHOTO, folder / "folder" / "one.jpg")
    shutil.copytree(ROOT / "configs", folder / "configs")
    gray = read_gray(PHOTO)
    film = cv2.VideoWriter(
        str(folder / "clip.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, gray.shape[::-1]
    )
    for _ in range(3):
        film.write(cv2.merge([gray] * 3))
    film.release()
    rng = np.random.default_rng(0)
    rows, votes = ["emotion,pixels,Usage"], ["Usage,Image name," + ",".join("abcdefghij")]
    for index in range(60):
        usage = "PublicTest" if index % 3 == 0 else "Training"
        left, top = 160 + rng.integers(0, 12), 50 + rng.integers(0, 12)
        face = cv2.resize(gray[top : top + 140, left : left + 140], (48, 48))
        rows.append(f"{(0, 2, 3, 4, 5, 6)[index % 6]},{' '.join(map(str, face.ravel()))},{usage}")
        votes.append(f"{usage},fer{index:07d}.png," + ",".join(["4", "6"] + ["0"] * 8))
    (folder / "fer2013.csv").write_text("\n".join(rows) + "\n")
    (folder / "fer2013new.csv").write_text("\n".join(votes) + "\n")
    return folder


def test_there_are_commands_to_try():
    assert len(COMMANDS) >= 7 and {"make demo", "make test"} <= set(LINES)


@pytest.mark.parametrize("command", [one for one in COMMANDS if not one.startswith("webapp")])
def test_a_command_of_the_readme_runs(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    name, *arguments = shlex.split(command)
    assert cli.main([name, *arguments, *SHORTER.get(name, [])]) == 0, capsys.readouterr().err


def test_the_web_app_of_the_readme_answers(monkeypatch, capsys):
    from facelines.webapp import server

    seen = {}

    class Stopping(server.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            seen["port"] = self.port
            threading.Thread(target=self._ask, daemon=True).start()

        def _ask(self):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=20) as page:
                seen["page"] = page.read()
            self.should_exit = True

    monkeypatch.setattr(server, "Server", Stopping)
    command = next(one for one in COMMANDS if one.startswith("webapp"))
    assert cli.main([*shlex.split(command), "--port", "0"]) == 0
    assert b"Facelines" in seen["page"]


def test_the_readmes_program_runs(folder, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(folder)
    exec(compile(program, "README.md", "exec"), {})
    assert "(51, 2)" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_what_a_page_links_is_there(page):
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"", text):
        name = target[0] or target[1]
        if "://" not in name:
            path = (ROOT / page).parent / name
            assert path.exists(), f"{page} links {name}"
            if path.suffix == ".webp":
                with Image.open(path) as picture:  # an empty or damaged file raises
                    picture.load()
