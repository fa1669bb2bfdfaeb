"""Every place where bytes of strangers come in, as a `Door`."""

import asyncio
import contextlib
import io
import json
import os
import shlex
import shutil
import sys
import weakref
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from facelines import cli
from facelines.model import artifact
from facelines.model.recognizer import Recognizer
from facelines.preprocessing import images
from facelines.preprocessing.datasets.dataset import open_dataset
from facelines.preprocessing.layout import MANIFEST
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import load_prepared
from facelines.webapp import live
from facelines.webapp.app import create_app
from facelines.webapp.settings import Settings
from tests.fuzz.run import Door, run_door

sys.path.append(str(Path(__file__).parents[1] / "webapp"))
from webapp_fakes import FakeRecognizer  # noqa: E402

# What the command line makes one line of (cli.main); anything else would be a traceback.
ONE_LINE = (ValueError, OSError, RuntimeError)
_PIXELS = np.add.outer(5 * np.arange(48), np.arange(48)).astype(np.uint8)
_FORMATS = {
    "JPEG": ({}, {"progressive": True}),
    "PNG": ({}, {"compress_level": 0}),
    "WEBP": ({"lossless": True}, {"quality": 50}),
    "BMP": ({},),
    "GIF": ({}, {"save_all": True, "append_images": [Image.new("P", (48, 48))] * 2}),
    "TIFF": ({}, {"compression": "tiff_deflate"}, {"compression": "tiff_lzw"}),
    "PPM": ({},),
}


def pictures(folder: Path) -> Door:
    """Encoded pictures of every format, as the library, the command line and the page take them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    seeds = [b"P2 8 8 99\n" + b"7 " * 64]
    for form, variants in _FORMATS.items():
        for mode in ("L", "RGB"):
            picture = Image.fromarray(_PIXELS).convert(mode)
            for options in variants:
                extra = {"exif": exif} if form in ("JPEG", "PNG", "WEBP", "TIFF") else {}
                file = io.BytesIO()
                picture.save(file, form, **options, **extra)
                seeds.append(file.getvalue())
    return Door(seeds, _decode, (images.ImageError,))


def _decode(data: bytes) -> None:
    gray = images.decode_gray(data)
    assert gray.dtype == np.uint8 and gray.ndim == 2


def csv(folder: Path) -> Door:
    """CSVs of pixels, FER2013's and ICML's."""
    pixels = " ".join(map(str, _PIXELS.ravel()))
    rows = [
        f"{emotion},{pixels},{usage}" for emotion, usage in ((3, "Training"), (4, "PublicTest"))
    ]
    seeds = ["\n".join(["emotion,pixels,Usage", *rows]), f'emotion,pixels\n0,"{pixels}"\n']
    return Door([seed.encode() for seed in seeds], partial(_read, folder / "a.csv"), ONE_LINE)


def labels(folder: Path) -> Door:
    """FER+'s list of votes beside FER2013."""
    pixels = " ".join(map(str, _PIXELS.ravel()))
    source = folder / "fer2013.csv"
    source.write_text(f"emotion,pixels,Usage\n3,{pixels},Training\n")
    names = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    seed = f"Usage,Image name,{names}\nTraining,fer0000000.png,4,0,0,1,3,2,0,0,0,0\n"

    def enter(data: bytes) -> None:
        votes = folder / "fer2013new.csv"
        votes.write_bytes(data)
        list(open_dataset(source, ferplus=votes).samples())

    return Door([seed.encode()], enter, ONE_LINE)


def _read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    for row in open_dataset(path).samples():
        if hasattr(row, "gray"):
            with contextlib.suppress(images.ImageError):
                row.gray()


def _prepared(folder: Path) -> Path:
    """Return a prepared set of four rows, which is made once."""
    out = folder / "prepared"
    if not out.exists():
        pixels = " ".join(map(str, _PIXELS.ravel()))
        rows = [f"{emotion},{pixels},Training" for emotion in (0, 3, 4, 6)]
        source = folder / "source.csv"
        source.write_text("\n".join(["emotion,pixels,Usage", *rows]))
        with contextlib.redirect_stdout(io.StringIO()):
            assert cli.main(["preprocess", str(source), str(out)]) == 0
    return out


def _file_of_prepared(pattern: str, folder: Path) -> Door:
    out = _prepared(folder)
    path = next(iter(sorted(out.glob(pattern))))

    def enter(data: bytes) -> None:
        path.write_bytes(data)
        load_prepared(out)

    return Door([path.read_bytes()], enter, ONE_LINE)


def settings(folder: Path) -> Door:
    """An artifact's pipeline.json."""
    copy = folder / "pixel"
    shutil.copytree(artifact.resolve("pixel"), copy)
    path = copy / "pipeline.json"

    def enter(data: bytes) -> None:
        path.write_bytes(data)
        artifact.load(copy)

    return Door([path.read_bytes()], enter, (artifact.ArtifactError,))


def network(folder: Path) -> Door:
    """An artifact's ONNX file: its first 60 KiB, with all that is not weights."""
    loaded = artifact.load("pixel")
    whole = loaded.onnx_path.read_bytes()
    head, tail = whole[: 60 << 10], whole[60 << 10 :]
    copy = artifact.replace(loaded, folder=folder, hashes={})

    def enter(data: bytes) -> None:
        copy.onnx_path.write_bytes(data + tail)
        Recognizer(copy)

    return Door([head], enter, (artifact.ArtifactError,))


def messages(folder: Path) -> Door:
    """Text that a page sends over the socket."""
    analyzer = create_app({"a": FakeRecognizer("a")}, Settings()).state.analyzer
    seeds = [{"type": "settings", "models": ["a"], "smoothing": True, "pixels": False}, {}]

    def enter(data: bytes) -> None:
        live.choice_of(data.decode(errors="replace"), analyzer)

    return Door([json.dumps(seed).encode() for seed in seeds], enter, (ValueError,))


def bodies(folder: Path) -> Door:
    """Bodies of POST requests, forms and pictures, with the kind of decoding that is theirs."""
    app = create_app({"a": FakeRecognizer("a")}, Settings())
    app.state.analyzer.decoders = _HereDecoders()
    picture = pictures(folder).seeds[1]
    Pipeline().one(np.zeros((48, 48), np.uint8))  # dlib's model is loaded once, and is no input's
    loop = asyncio.new_event_loop()  # an app's events belong to one loop, as in a server
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'

    def enter(data: bytes) -> None:
        status = loop.run_until_complete(_post(app, data))
        if status >= 500:
            raise AssertionError(f"status {status}")

    weakref.finalize(enter, loop.close)
    return Door([picture, head + picture + b"\r\n--x--\r\n"], enter)


class _HereDecoders:
    """Decodes in this process: what is tried here is the way of a body."""

    def gray(self, data: bytes, max_pixels: int, seconds: float) -> np.ndarray:
        return images.decode_gray(data, max_pixels=max_pixels)


async def _post(app, data: bytes) -> int:
    """Return the status of the answer to a body."""
    body, status = [data], []
    form = b"multipart/form-data; boundary=x" if data[:1] == b"-" else b"image/jpeg"

    async def receive():
        return {"type": "http.request", "body": body.pop() if body else b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/predict",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", form)],
    }
    await app(scope, receive, send)
    return status[0]


def arguments(folder: Path) -> Door:
    """Command lines, as far as they are read."""
    lines = [
        "predict a.jpg b.mp4 --model pixel --json --annotate out",
        "preprocess in out --workers 2 --every 5 --limit 9 --seed 1",
        "train landmark --data data --epochs 3 --batch-size 8 --learning-rate 0.1 --seed 4",
        "evaluate pixel data --views 2",
        "webapp --host 0.0.0.0 --port 8000 --max-clients 5 --allow-origin https://a.example",
        "--debug benchmark --help",
    ]

    def enter(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        try:
            words = shlex.split(text)
        except ValueError:
            words = text.split()
        with open(os.devnull, "w", errors="replace") as nowhere:
            with contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
                cli.parse(words)

    return Door([line.encode() for line in lines], enter, (SystemExit, *ONE_LINE))


DOORS = {
    "pictures": pictures,
    "csv": csv,
    "labels": labels,
    "manifest": partial(_file_of_prepared, MANIFEST),
    "shards": partial(_file_of_prepared, "**/*.parquet"),
    "settings": settings,
    "network": network,
    "messages": messages,
    "bodies": bodies,
    "arguments": arguments,
}


def run_named(name, seed, first, inputs, seconds, folder: Path, current, sender) -> None:
    """Run a door, the work of one process, and send the report."""
    sender.send(run_door(DOORS[name](folder), name, seed, first, inputs, seconds, current))
