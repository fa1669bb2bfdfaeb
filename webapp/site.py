"""The page without a server: a folder of files that any host can serve.

Everything runs in the visitor's browser: MediaPipe's networks and ours by LiteRT, the rest by the
modules of static/js/reading.
"""

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facelines.model import artifact as artifacts
from facelines.model.artifact import Artifact
from facelines.model.recognizer import Recognizer
from facelines.preprocessing import mesh, tflite
from facelines.preprocessing.pipeline import Pipeline
from facelines.webapp.app import STATIC

MODELS = ("landmark-mesh-ferplus", "landmark-mesh")  # the first is the start's

_NOT_COPIED = ("*.html", "openapi.json", "docs.*", "service-worker.js", "offline.js")
_INPUTS = {"image", "points", "vertices"}
_CHECKED = ("runtime/litert_", "networks/", "models/")  # loaded by files.js, when needed
_DETECTORS = ("face_detection_short_range.tflite", "face_detection_full_range.tflite")


@dataclass(frozen=True)
class Package:
    """A package of npm: its version, the hash of its archive, and which of its files are taken."""

    name: str
    version: str
    integrity: str  # as npm writes it: sha512- and the digest in base 64
    files: dict[str, str]  # path in the package -> name in the site's runtime/


RUNTIME = (
    Package(
        "@litertjs/core",
        "2.5.3",
        "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nz"
        "WoyJQ==",
        {
            "dist/index.js": "litert.js",
            "wasm/litert_wasm_internal.js": "litert_wasm_internal.js",
            "wasm/litert_wasm_internal.wasm": "litert_wasm_internal.wasm",
            # For browsers without relaxed SIMD: a visitor loads one of the two.
            "wasm/litert_wasm_compat_internal.js": "litert_wasm_compat_internal.js",
            "wasm/litert_wasm_compat_internal.wasm": "litert_wasm_compat_internal.wasm",
        },
    ),
    Package(
        "@litertjs/wasm-utils",
        "2.5.3",
        "sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/"
        "sI1kQ==",
        {"dist/index.js": "wasm-utils.js"},
    ),
)

# A static host sends no headers of its own. WebAssembly is what the networks run in; the reading
# worker starts from a blob, to which this policy then applies too.
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' '{import_map}'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'"
)
_LICENCES = """\
Facelines: MIT. Its networks learned from data sets for research: use them for research only.
@litertjs/core and @litertjs/wasm-utils: Apache License 2.0, Copyright Google LLC.
The networks in networks/: MediaPipe, Apache License 2.0, Copyright The MediaPipe Authors.
The Apache License 2.0 is in LICENSE-Apache-2.0.txt.
"""


@dataclass(frozen=True)
class Site:
    """A site that was written.

    folder: its files.
    models: the names of its models.
    bytes: what a visitor's first visit loads.
    compressed_bytes: the same from a host that compresses with gzip.
    """

    folder: Path
    models: tuple[str, ...]
    bytes: int
    compressed_bytes: int


def build(folder: Path, models: Sequence[str] = MODELS) -> Site:
    """Write the site into a folder, in place of what an earlier build left there.

    Args:
        folder: new, empty, or a site's.
        models: names or folders of artifacts that read the mesh alone; the first is the default.

    Raises:
        ValueError: a model cannot run in a browser, or the folder holds something else.
        OSError: the runtime cannot be fetched, or is not the one expected.
    """
    loaded = [artifacts.load(name) for name in models]
    described = [_described(artifact) for artifact in loaded]
    _check_is_ours(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as scratch:
        new = Path(scratch) / "site"
        _copy_page(new)
        for package in RUNTIME:
            _unpack(package, new / "runtime", Path(scratch))
        networks = _write_networks(new, loaded)
        site = _write_index(new, described, networks, loaded[0].pipeline)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return replace(site, folder=folder)


def _described(artifact: Artifact) -> dict:
    """Return a model as the page and its recognizer in JavaScript know it."""
    pipeline, inputs = artifact.pipeline, Recognizer(artifact).inputs
    as_drawn = (pipeline.style, pipeline.thickness, pipeline.size, pipeline.level_roll)
    sees_mesh_alone = pipeline.landmarker == "mesh" and set(inputs) <= _INPUTS
    if not sees_mesh_alone or as_drawn != ("lines", 1, 48, True):
        raise ValueError(
            f"{artifact.name} cannot run in a browser: it takes {', '.join(sorted(inputs))} of "
            f"the landmarker {pipeline.landmarker!r}; expected a model that reads the mesh alone, "
            f"such as {MODELS[0]}."
        )
    return {
        "name": artifact.name,
        "labels": artifact.labels,
        "label_weights": artifact.label_weights,
        "temperature": artifact.temperature,
        "uncertain_below": artifact.uncertain_below,
        "views": artifact.views,
        "inputs": inputs,
        "vertices": mesh.READ.tolist(),
        "metrics": artifact.metrics,
    }


def _check_is_ours(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / "site.json").is_file():
        raise ValueError(f"{folder} holds other files; expected a new folder or an earlier site.")


def _copy_page(new: Path) -> None:
    shutil.copytree(STATIC, new / "static", ignore=shutil.ignore_patterns(*_NOT_COPIED))
    for manifest in (new / "static").glob("*.webmanifest"):
        (new / manifest.name).write_text(_relative(manifest.read_text()))
        manifest.unlink()
    (new / "LICENCES.txt").write_text(_LICENCES)
    shutil.copy(tflite.FOLDER / "LICENSE", new / "LICENSE-Apache-2.0.txt")


def _unpack(package: Package, runtime: Path, scratch: Path) -> None:
    """Fetch a package with npm, check it, and take the files that the site needs.

    Raises:
        OSError: npm is missing or fails, or the archive is not the pinned one.
    """
    archive = fetched(package, scratch)
    algorithm, _, digest = package.integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
    if found != digest:
        raise OSError(
            f"{package.name} {package.version} as npm fetched it has the hash {found[:12]}..., "
            f"expected {digest[:12]}...: its registry serves another file. Nothing was written."
        )
    runtime.mkdir(exist_ok=True)
    with tarfile.open(archive) as contents:
        for path, name in package.files.items():
            (runtime / name).write_bytes(_as_site(contents.extractfile(f"package/{path}").read()))


def fetched(package: Package, scratch: Path) -> Path:
    """Return a package's archive, fetched with npm (OSError if that fails)."""
    name = f"{package.name}@{package.version}"
    command = ["npm", "pack", name, "--silent", "--prefer-offline", "--pack-destination", scratch]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
    except FileNotFoundError as error:
        raise OSError(
            f"npm is missing, which fetches {name}, the runtime of the networks; install Node.js."
        ) from error
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300]
        raise OSError(f"npm could not fetch {name} ({reason}); check the network and npm's set-up.")
    return scratch / done.stdout.split()[-1]


def _as_site(content: bytes) -> bytes:
    """Return a file of the runtime as a page without a bundler can load it."""
    if content[:4] == b"\0asm":
        return content
    without_map = re.sub(rb"//# sourceMappingURL=\S+", b"", content)
    return without_map.replace(b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"')


def _write_networks(new: Path, models: Sequence[Artifact]) -> dict[str, str]:
    """Write the .tflite files; return path by the name that the page knows a network by."""
    paths = {name: f"networks/{name}" for name in (*_DETECTORS, mesh.FILE)}
    contents = {name: tflite.checked(name) for name in paths}
    contents[mesh.FILE] = one_face(contents[mesh.FILE])
    for artifact in models:
        paths[artifact.name] = f"models/{artifact.name}.tflite"
        contents[artifact.name] = _network_of(artifact)
    for name, path in paths.items():
        (new / path).parent.mkdir(exist_ok=True)
        (new / path).write_bytes(contents[name])
    return paths


def _network_of(artifact: Artifact) -> bytes:
    """Return an artifact's network in TensorFlow Lite: its model.tflite, or made of model.keras."""
    if (artifact.folder / "model.tflite").is_file():
        return artifact.read("model.tflite")
    if not artifact.keras_path.is_file():
        raise OSError(
            f"{artifact.folder} holds neither model.tflite nor model.keras, of which one is needed "
            "for a browser; take the model from a checkout, or train it again."
        )
    from facelines.model.training.browser import to_tflite  # needs the extra "train"

    return to_tflite(artifact)


def one_face(network: bytes) -> bytes:
    """Return a TensorFlow Lite network with its batch fixed to 1, where it was left open.

    In the file a tensor's "shape signature" is a list of int32, its length before it, in which -1
    is an open size; LiteRT in a browser runs only networks without one. No weight matches: those
    bytes are not a number in 16 bits, nor in 32.
    """
    for rank in range(1, 5):
        length = rank.to_bytes(4, "little")
        network = network.replace(length + b"\xff\xff\xff\xff", length + b"\1\0\0\0")
    return network


def _write_index(new: Path, models: list[dict], networks: dict, pipeline: Pipeline) -> Site:
    """Write what ties the files together: site.json, index.html and the service worker."""
    paths = [path for path in sorted(new.rglob("*")) if path.is_file()]
    table = {str(path.relative_to(new)): path for path in paths}
    files = {
        name: {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for name, path in table.items()
    }
    version = hashlib.sha256(json.dumps([files, models]).encode()).hexdigest()[:12]
    checked = [name for name in files if name.startswith(_CHECKED) and "compat" not in name]
    site = {
        "cache": f"facelines-{version}",
        "bytes": sum(files[name]["bytes"] for name in checked),
        "pipeline": {"minScore": pipeline.min_score, "cropMinScore": pipeline.crop_min_score},
        "models": models,
        "networks": networks,
        "files": files,
    }
    (new / "site.json").write_text(json.dumps(site))
    shell = {
        name: _integrity(path)
        for name, path in table.items()
        if not name.startswith(_CHECKED) and not name.endswith(".txt")
    } | {"site.json": _integrity(new / "site.json")}
    (new / "index.html").write_text(_page(shell))
    shell["./"] = _integrity(new / "index.html")
    worker = f"const SITE = {json.dumps({'cache': site['cache'], 'shell': shell})};\n\n"
    (new / "service-worker.js").write_text(worker + (STATIC / "offline.js").read_text())
    first_visit = [*checked, *shell.keys() - {"./"}, "index.html"]
    contents = [(new / name).read_bytes() for name in first_visit]
    return Site(
        new,
        models=tuple(each["name"] for each in models),
        bytes=sum(map(len, contents)),
        compressed_bytes=sum(len(gzip.compress(content)) for content in contents),
    )


def _page(shell: dict[str, str]) -> str:
    """Return index.html as a static host serves it from any folder."""
    page = _relative((STATIC / "index.html").read_text())
    # With it the browser checks the page's own modules; worker and networks are checked by ours.
    modules = {f"./{name}": integrity for name, integrity in shell.items() if name.endswith(".js")}
    import_map = json.dumps({"integrity": modules})
    allowed = "sha256-" + base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    head = (
        f'<meta http-equiv="Content-Security-Policy" '
        f'content="{_POLICY.format(import_map=allowed)}">\n'
        f'  <meta name="facelines-site" content="{shell["site.json"]}">\n'
        f'  <script type="importmap">{import_map}</script>\n'
    )
    page = page.replace("<html ", '<html data-source="page" ', 1)
    return page.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n  {head}', 1)


def _relative(text: str) -> str:
    """Return HTML or JSON with the page's own addresses relative to the page."""
    return re.sub(r'(=|: )"/', r'\1"./', text)


def _integrity(path: Path) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
