"""Photos, folders and files of references -> what `--reference` stands for. Reads files."""

from collections import Counter
from pathlib import Path

import numpy as np

from facelines.model import inputs
from facelines.model.predict_files import listed
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference, ReferenceError, load, neutral_of
from facelines.preprocessing import files, images
from facelines.preprocessing.files import shown
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.pipeline import Face, largest


def read_reference(recognizer: Recognizer, paths: list[Path], kind: str | None = None) -> Reference:
    """Return the reference that a user names: a file made before, or pictures of one person.

    Args:
        paths: one .json file, or photos and folders; of several faces in a photo the largest.
        kind: what the pictures show: "neutral", the face at rest, or the "mean" of expressions
            that need no label; by default photos are neutral and a folder is the mean of its own.

    Raises:
        ReferenceError, ImageError, OSError: a file cannot be read, or no picture holds a face.
    """
    if len(paths) == 1 and paths[0].suffix.lower() == ".json":
        return load(paths[0])
    kind = kind or ("mean" if any(path.is_dir() for path in paths) else "neutral")
    faces = [face for path in _pictures(paths) for face in _largest(recognizer, path)]
    if not faces:
        raise ReferenceError(
            f"No face was found in {', '.join(map(shown, paths))}; expected a photo of one for "
            "the reference."
        )
    return _of_faces(recognizer, faces, kind)


def pictures_reference(recognizer: Recognizer, paths: list[Path]) -> Reference | None:
    """Return the mean of every face in the pictures of paths, None where there is none.

    Raises:
        ReferenceError, ImageError: the model takes no reference, or a folder holds no picture.
    """
    recognizer.require_references()
    faces = []
    for path in _pictures(paths):
        try:
            faces += recognizer.pipeline(images.read_gray(path))
        except ImageError:
            continue  # whoever reads it next says so
    return _of_faces(recognizer, faces, "mean") if faces else None


def _of_faces(recognizer: Recognizer, faces: list[Face], kind: str) -> Reference:
    batch = inputs.of_faces(faces)
    quality = np.array([face.quality for face in faces])
    if kind == "neutral":
        return neutral_of(batch, quality)
    return recognizer.reference_of(batch, quality)


def _pictures(paths: list[Path]) -> list[Path]:
    found = [one.path for one in listed(paths, [], Counter()) if one.kind != files.ERROR]
    return [path for path in found if not images.is_video(path)]


def _largest(recognizer: Recognizer, path: Path) -> list[Face]:
    faces = recognizer.pipeline(images.read_gray(path))
    if not faces:
        return []
    best = largest([face.box for face in faces])
    return [face for face in faces if face.box is best]
