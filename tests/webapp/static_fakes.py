"""Models for the page without a server, and a plain host for its files."""

import functools
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from facelines.model import artifact
from facelines.model.artifact import Artifact
from facelines.preprocessing.labels import label_set
from facelines.preprocessing.pipeline import Pipeline
from facelines.webapp.site import MODELS


def models(folder: Path) -> list[Path]:
    """Return the folders of the released models that a site holds, or of an untrained one."""
    if set(MODELS) <= set(artifact.released()):
        return [artifact.resolve(name) for name in MODELS]
    return [untrained(folder / "landmark-mesh")]


def untrained(folder: Path) -> Path:
    """Write an artifact with the weights that its network starts from."""
    import keras

    from facelines.model.training import export
    from facelines.model.training.networks import NETWORKS

    keras.utils.set_random_seed(3)
    folder.mkdir(parents=True)
    export.export(NETWORKS["landmark_mesh"](6), folder)
    pipeline = Pipeline(landmarker="mesh")
    artifact.save_settings(
        Artifact(folder, label_set(6), pipeline, "landmark_mesh", temperature=1.2, views=2)
    )
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def hosted(folder: Path):
    """Serve a folder as any static host does; yield its address."""
    handler = functools.partial(_Quiet, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()
