"""Nothing leaves the machine, and nothing of a picture is written that was not asked for.

Each command runs under strace, which sees every process and thread: what the kernel was not asked
for did not happen. A dependency that starts to talk, or to keep a cache, fails these tests.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pytest

from facelines.demo import PHOTO
from facelines.preprocessing.layout import MANIFEST

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "model" / "weights" / "pixel" / "model.onnx"
STRACE = shutil.which("strace")
LINGER = 3  # seconds that a command's process stays, for threads that talk late
PATIENCE = 600
COMMAND = (
    "import sys, time; from facelines.cli import main\n"
    f"status = main(sys.argv[1:]); time.sleep({LINGER}); sys.exit(status)\n"
)
SERVER = (
    "import os; from facelines.webapp import server, settings\n"
    "print(os.getpid(), flush=True)\n"
    "server.serve(settings.Settings(port=0, model='pixel', workers=1))\n"
)
# What facelines/__init__.py and the recognizer switch off, switched on again.
SWITCHED_ON = (
    "import os, sys, facelines; del os.environ['ORT_DISABLE_TELEMETRY']\n"
    "import onnxruntime; onnxruntime.disable_telemetry_events = lambda: None\n"
    "from facelines.model.recognizer import Recognizer\n"
    "recognizer = Recognizer.load('pixel'); sys.stdin.read()\n"
)
# What any dependency could do.
TALKER = (
    "import pathlib, socket, sys\n"
    "socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))\n"  # of RFC 5737: nobody's
    "(pathlib.Path.home() / '.onnxruntime').write_text('kept'); sys.stdin.read()\n"
)
# ONNX Runtime talks on Linux since some version after 1.23, the last for Python 3.10.
TALKS_ITSELF = tuple(map(int, version("onnxruntime").split(".")[:2])) >= (1, 32)
_TALKS = re.compile(r"(?:connect|sendto|sendmsg|sendmmsg)\(.*sa_family=AF_INET6?\b.*")
_OPENS = re.compile(
    r'(?:open|openat|creat)\((?:[^",]+, )?"([^"]+)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)'
)
_NO_DISK = ("/dev/null", "/dev/tty", "/dev/shm/sem.", "/proc/")

pytestmark = pytest.mark.skipif(
    STRACE is None and "CI" not in os.environ, reason="strace is not installed"
)


class Watched:
    """A folder that stands for a user's home, working and temporary folder, and the traces."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.trace = folder / "trace"
        self.out = folder / "out"
        for name in ("home", "tmp", "work"):
            (folder / name).mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
        }

    def start(self, code: str, *arguments) -> subprocess.Popen:
        """Start a Python program under strace."""
        calls = "trace=connect,sendto,sendmsg,sendmmsg,open,openat,creat"
        strace = [STRACE, "-f", "--seccomp-bpf", "-qq", "-e", calls, "-s", "300", "-o", self.trace]
        return subprocess.Popen(
            [*strace, sys.executable, "-c", code, *map(str, arguments)],
            cwd=self.folder / "work",
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments) -> str:
        """Run a command of Facelines to its end and return what it printed."""
        output, errors = self.start(COMMAND, *arguments).communicate(timeout=PATIENCE)
        assert "rror" not in errors, errors
        return output

    @property
    def talks(self) -> list[str]:
        """Attempts to reach another machine, name servers among them."""
        return [line for line in self._lines() if _TALKS.search(line)]

    @property
    def written(self) -> set[str]:
        """Files that were opened for writing, but for what was asked for and what is no disk."""
        paths = {match[1] for line in self._lines() if (match := _OPENS.search(line))}
        allowed = (*_NO_DISK, str(self.out))
        return {path for path in paths if not path.startswith(allowed)}

    @property
    def left(self) -> list[Path]:
        """Files in the user's folders."""
        folders = (self.folder / name for name in ("home", "tmp", "work"))
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def _lines(self) -> list[str]:
        return self.trace.read_text(errors="replace").splitlines() if self.trace.exists() else []


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def assert_private(watched):
    assert (watched.talks, watched.written, watched.left) == ([], set(), [])


@pytest.mark.parametrize("code", [TALKER, *([SWITCHED_ON] if TALKS_ITSELF else [])])
def test_a_dependency_that_talks_is_seen(watched, code):
    program = watched.start(code)
    deadline = time.monotonic() + PATIENCE
    with program:
        while not watched.talks and program.poll() is None:
            assert time.monotonic() < deadline, "it was never seen"
            time.sleep(0.2)
        program.stdin.close()
    assert watched.talks, program.returncode
    assert any("onnxruntime" in path for path in watched.written)


def test_predict_tells_nobody(watched):
    printed = watched.run("predict", PHOTO, "--model", "pixel", "--json", "--annotate", watched.out)
    assert "happy" in printed
    assert (watched.out / "astronaut.png").is_file()
    assert_private(watched)


def test_preprocess_tells_nobody(watched):
    watched.run("preprocess", PHOTO.parent, watched.out, "--workers", "2")
    assert (watched.out / MANIFEST).is_file()
    assert_private(watched)


def test_the_web_app_tells_nobody_and_keeps_nothing(watched):
    server = watched.start(SERVER)
    process_id = int(server.stdout.readline())
    address = server.stdout.readline().split()[1]
    visit(address)
    os.kill(process_id, 15)
    printed, errors = server.communicate(timeout=PATIENCE)
    assert (printed, errors) == ("", ""), "a log"
    assert_private(watched)


def visit(address):
    """Do what a browser does: page, camera, a photo, an upload that breaks off."""
    import socket

    from websockets.sync.client import connect

    picture = PHOTO.read_bytes()
    for path in ("/", "/docs", "/openapi.json", "/api/models", "/readyz", "/metrics"):
        with urllib.request.urlopen(address + path, timeout=PATIENCE) as answer:
            answer.read()
    with connect(address.replace("http", "ws") + "/live") as live:
        live.recv()
        for _ in range(3):
            live.send(picture)
            live.recv()
    for body in (picture, form_of(picture)):
        request = urllib.request.Request(f"{address}/api/predict?drawing=1", body)
        request.add_header(
            "Content-Type", "multipart/form-data; boundary=x" if body[:1] == b"-" else "image/jpeg"
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read()
    host, port = address.removeprefix("http://").split(":")
    with contextlib.closing(socket.create_connection((host, int(port)))) as upload:
        head = (
            f"POST /api/predict/video HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000000\r\n\r\n"
        )
        upload.sendall(head.encode() + picture)


def form_of(picture):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head + picture + b"\r\n--x--\r\n"


def test_a_training_tells_nobody(watched):
    source = watched.folder / "faces.csv"
    source.write_text(fer2013())
    data = watched.out / "data"
    watched.run("preprocess", source, data)
    watched.run(
        "train", "points_mlp", "--data", data, "--epochs", "1", "--out", watched.out / "run"
    )
    assert (watched.out / "run" / "model.onnx").is_file()
    assert watched.talks == []
    # Keras' settings and matplotlib's list of fonts; what is made on the way is gone.
    assert {path.stem.partition("-")[0] for path in watched.left} <= {"keras", "fontlist"}
    # Beside them shared memory, and git's lock while it says which commit this is.
    elsewhere = {path for path in watched.written if not path.startswith(str(watched.folder))}
    assert not {path for path in elsewhere if not path.startswith("/dev/shm/")} - {git_lock()}


def git_lock():
    command = ["git", "rev-parse", "--absolute-git-dir"]
    folder = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return f"{folder}/index.lock"


def fer2013():
    """A CSV as FER2013's, of one face with noise."""
    import numpy as np
    from PIL import Image

    face = Image.open(PHOTO).convert("L").crop((165, 60, 285, 180)).resize((48, 48))
    noise = np.random.default_rng(0)
    rows = ["emotion,pixels,Usage"]
    for index in range(48):
        gray = np.clip(np.asarray(face) + noise.normal(0, 4, (48, 48)), 0, 255).astype(int)
        usage = ("Training", "Training", "PublicTest", "PrivateTest")[index // 6 % 4]
        rows.append(f"{(0, 2, 3, 4, 5, 6)[index % 6]},{' '.join(map(str, gray.ravel()))},{usage}")
    return "\n".join(rows) + "\n"
