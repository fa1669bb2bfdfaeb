"""Find and check dlib's 68-point landmark file (see README.md for where it comes from)."""

import functools
import hashlib
import importlib.util
import os
from pathlib import Path

FILE_NAME = "shape_predictor_68_face_landmarks.dat"
SHA256 = "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
ENVIRONMENT_VARIABLE = "FACELINES_SHAPE_PREDICTOR"
LICENCE = "trained on iBUG 300-W: research use, commercial use excluded"


def find() -> Path:
    """Return the path of the landmark file.

    Looked for in this order: the environment variable FACELINES_SHAPE_PREDICTOR, this
    folder, the installed package `face_recognition_models` (which is located, never
    imported: its `__init__` needs `pkg_resources`, which recent setuptools lack).

    Raises:
        FileNotFoundError: it is in none of these places.
    """
    for candidate in _candidates():
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f"{FILE_NAME} was not found. Expected it in the package face_recognition_models "
        f"(pip install face_recognition_models), in {Path(__file__).parent}, or at the path "
        f"in the environment variable {ENVIRONMENT_VARIABLE}."
    )


def _candidates():
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        yield Path(named)
        return  # a wrong explicit path is an error, not a reason to use another file
    yield Path(__file__).parent / FILE_NAME
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(folder) / "models" / FILE_NAME


@functools.lru_cache(maxsize=4)
def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file (0.1 s for the 100 MB landmark file)."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
