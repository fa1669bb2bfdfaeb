"""Photos, folders and files of references -> what `--reference` stands for. Reads files."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from facelines.model import inputs
from facelines.model.evaluate import references_of
from facelines.model.predict_files import listed
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference, ReferenceError, load, neutral_of, shift
from facelines.preprocessing import files, images
from facelines.preprocessing.files import shown
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.moved import References
from facelines.preprocessing.pipeline import Face

_IN_FRONT = 2.0  # times as large as the next: such a face is the one that a photo is of


def read_reference(recognizer: Recognizer, paths: list[Path], kind: str | None = None) -> Reference:
    """Return the reference that a user names: a file made before, or pictures of one person.

    Args:
        paths: one .json file; or photos, each of one face, and folders, whose pictures without
            one are passed over. The faces in the background of a larger one do not count.
        kind: what the pictures show: "neutral", the face at rest, or the "mean" of expressions
            that need no label; by default photos are neutral and a folder is the mean of its own.

    Raises:
        ReferenceError, ImageError, OSError: the model takes no such reference, a file cannot be
            read, or a photo does not show one face.
    """
    recognizer.require_references()
    if any(path.suffix.lower() == ".json" for path in paths):
        return _of_file(recognizer, paths)
    kind = kind or ("mean" if any(path.is_dir() for path in paths) else "neutral")
    faces = [face for path in paths for face in _of_person(recognizer, path)]
    return _of_faces(recognizer, faces, kind)


def _of_file(recognizer: Recognizer, paths: list[Path]) -> Reference:
    if len(paths) > 1:
        raise ReferenceError(
            f"{', '.join(map(shown, paths))}: a file of `reference make` stands alone; expected "
            "it, or photos of the person."
        )
    kept = load(paths[0])
    recognizer.require_fit(kept)
    return kept


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


def references_of_set(model: str, way: str, landmarker: str) -> References:
    """Return what moves the faces of a set that is prepared with `--reference`.

    Args:
        model: a released name or an artifact's folder.
        way: "set" or "subject", as for `evaluate.score`.
        landmarker: whose points the set has (see `Pipeline`).

    Raises:
        ArtifactError, ReferenceError: there is none, or it does not suit the set.
    """
    recognizer = Recognizer.load(model)
    recognizer.require_references()
    if beyond := set(recognizer.inputs) - set(inputs.SOURCES):
        raise ReferenceError(
            f"{recognizer.name} reads {' and '.join(sorted(beyond))} too; a set is moved by a "
            "network of points alone, such as landmark (--reference-model)."
        )
    require_landmarker(recognizer, landmarker)

    def moves(arrays):
        known = references_of(recognizer, arrays, way)
        made = {id(one): shift(one, recognizer.references, inputs.SOURCES) for one in known}
        return [made[id(one)] for one in known]

    return References(way, recognizer.name, moves)


def require_landmarker(recognizer: Recognizer, landmarker: str) -> None:
    """Fail where points are another landmarker's than those a model reads (ReferenceError)."""
    if landmarker != recognizer.pipeline.landmarker:
        raise ReferenceError(
            f"These points are of the landmarker {landmarker!r}, but {recognizer.name} reads "
            f"those of {recognizer.pipeline.landmarker!r}; expected the same for both."
        )


def _of_faces(recognizer: Recognizer, faces: list[Face], kind: str) -> Reference:
    batch = inputs.of_faces(faces)
    quality = np.array([face.quality for face in faces])
    of = partial(recognizer.reference_of, batch) if kind == "mean" else partial(neutral_of, batch)
    return replace(of(quality), landmarker=recognizer.pipeline.landmarker)


def _pictures(paths: list[Path]) -> list[Path]:
    found = [one.path for one in listed(paths, [], Counter()) if one.kind != files.ERROR]
    return [path for path in found if not images.is_video(path)]


def _of_person(recognizer: Recognizer, path: Path) -> list[Face]:
    """Return the face of a photo, or those of the pictures in a folder that show one."""
    if not path.is_dir():
        return [_only(recognizer, path)]
    faces = []
    for picture in _pictures([path]):
        with suppress(ImageError, ReferenceError):
            faces.append(_only(recognizer, picture))
    if not faces:
        raise ReferenceError(
            f"{shown(path)}: no picture here shows one face; expected some of the person."
        )
    return faces


def _only(recognizer: Recognizer, path: Path) -> Face:
    """Return the one face of a photo, or the one in front of others (ReferenceError)."""
    faces = recognizer.pipeline(images.read_gray(path))
    by_size = sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)
    if not by_size:
        raise ReferenceError(
            f"{shown(path)}: no face was found; expected a photo of one for the reference."
        )
    sizes = [face.box.width * face.box.height for face in by_size]
    if len(sizes) > 1 and sizes[0] < _IN_FRONT * sizes[1]:
        raise ReferenceError(
            f"{shown(path)}: {len(faces)} faces, and a reference is one person's; cut it out, or "
            "give a photo of this person alone."
        )
    return by_size[0]
