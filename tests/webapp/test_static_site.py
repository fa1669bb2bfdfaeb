"""What a site is made of, without npm and without a browser."""

import base64
import hashlib
import io
import json
import tarfile

import cv2
import numpy as np
import pytest
import static_fakes

from facelines import cli
from facelines.preprocessing import mesh, tflite
from facelines.webapp import site
from facelines.webapp.site import Package, build


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return static_fakes.models(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """Stand in for npm: a package of one script and one WebAssembly file."""
    archive = tmp_path / "package.tgz"
    contents = {
        "script.js": b'import "@litertjs/wasm-utils";\n//# sourceMappingURL=script.js.map\n',
        "code.wasm": b"\0asm",
    }
    with tarfile.open(archive, "w:gz") as packed:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    integrity = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    files = {"script.js": "litert.js", "code.wasm": "litert_wasm_internal.wasm"}
    package = Package("a", "1.0.0", f"sha512-{integrity}", files)
    monkeypatch.setattr(site, "RUNTIME", (package,))
    monkeypatch.setattr(site, "fetched", lambda *_: archive)
    monkeypatch.setattr(site, "_network_of", lambda _: b"a network")
    return package


def test_every_file_of_a_site_is_listed_with_its_hash(npm, weights, tmp_path):
    folder = build(tmp_path / "out", weights).folder
    listed = json.loads((folder / "site.json").read_text())["files"]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found - set(listed) == {"index.html", "site.json", "service-worker.js"}
    for name, facts in listed.items():
        content = (folder / name).read_bytes()
        assert facts == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_a_page_names_only_its_own_files(npm, weights, tmp_path):
    page = (build(tmp_path / "out", weights).folder / "index.html").read_text()
    assert '="/' not in page and '="http' not in page.partition("<body")[0]
    assert "connect-src 'self'" in page and "'unsafe-" not in page


def test_the_runtime_is_rewritten_for_a_page_without_a_bundler(npm, weights, tmp_path):
    script = (build(tmp_path / "out", weights).folder / "runtime" / "litert.js").read_text()
    assert script.strip() == 'import "./wasm-utils.js";'


def test_another_archive_than_the_pinned_one_is_refused(npm, weights, tmp_path, monkeypatch):
    other = Package(npm.name, npm.version, "sha512-AAAA", npm.files)
    monkeypatch.setattr(site, "RUNTIME", (other,))
    with pytest.raises(OSError, match="registry serves another file"):
        build(tmp_path / "out", weights)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(npm, weights, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files"):
        build(tmp_path, weights)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_site_replaces_an_earlier_one(npm, weights, tmp_path):
    folder = build(tmp_path / "out", weights).folder
    (folder / "left over").write_text("")
    build(folder, weights)
    assert not (folder / "left over").exists()


def test_a_model_that_needs_dlib_is_refused(npm, tmp_path):
    with pytest.raises(ValueError, match="reads the mesh alone"):
        build(tmp_path / "out", ["landmark"])


def test_a_missing_npm_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OSError, match="npm is missing"):
        site.fetched(site.RUNTIME[0], tmp_path)


def test_the_mesh_is_fixed_to_one_face_and_stays_the_same_network(astronaut):
    network = tflite.checked(mesh.FILE)
    fixed = site.one_face(network)
    assert len(fixed) == len(network) and fixed != network
    crop = cv2.resize(astronaut[40:220, 140:320], (256, 256))
    outputs = []
    for content in (network, fixed):
        loaded = cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8))
        loaded.setInput(cv2.dnn.blobFromImage(cv2.merge([crop] * 3), 1 / 255))
        outputs.append(loaded.forward(["Identity"])[0])
    assert (outputs[0] == outputs[1]).all()


def test_the_command_says_what_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(site.build, "__defaults__", (("no such model",),))
    assert cli.main(["webapp", "--static", str(tmp_path / "out")]) == 1
    assert "No artifact 'no such model'" in capsys.readouterr().err
