"""Faces -> the arrays that networks take. The one place where a face becomes network input."""

from collections.abc import Iterator, Sequence

import numpy as np

from facelines.preprocessing.mesh import READ, READ_MIRROR
from facelines.preprocessing.pipeline import Face, Pipeline
from facelines.preprocessing.points import MIRROR, POINTS
from facelines.preprocessing.render import EYES

SOURCES = ("points", "vertices")  # of normalised points
NAMES = ("image", *SOURCES, "pixels")

_PLACEMENTS = (  # of a drawing: shift x and y in pixels, scale about the eyes
    (0.0, 0.0, 1.0),
    (0.5, 0.5, 1.0),
    (-0.5, 0.5, 0.97),
    (0.5, -0.5, 1.03),
)
MAX_VIEWS = 2 * len(_PLACEMENTS)


def of_faces(faces: Sequence[Face]) -> dict[str, np.ndarray]:
    """Stack faces.

    Returns:
        image: uint8 (n, 48, 48), points: float32 (n, 51, 2) normalised to the drawing's unit
        square, pixels: uint8 (n, 48, 48); and, where the recipe has it, vertices: float32
        (n, 151, 2), those of the mesh that networks read (`mesh.READ`).
    """
    batch = {
        "image": np.array([face.image for face in faces], np.uint8),
        "points": np.array([face.normalised for face in faces], np.float32).reshape(-1, POINTS, 2),
        "pixels": np.array([face.pixels for face in faces], np.uint8),
    }
    if faces and faces[0].normalised_mesh is not None:
        batch["vertices"] = np.array([face.normalised_mesh[READ] for face in faces], np.float32)
    return batch


def as_float(array: np.ndarray) -> np.ndarray:
    """Turn an input into what the network's graph takes.

    uint8 (n, H, W) becomes float32 (n, H, W, 1) in [0, 1]; points stay as they are.
    """
    array = np.asarray(array)  # also of `on_disk.Rows`
    if array.dtype == np.uint8:
        return (array[..., None] * np.float32(1 / 255)).astype(np.float32)
    return array


def mirrored(batch: dict[str, np.ndarray], pipeline: Pipeline) -> dict[str, np.ndarray]:
    """Return the inputs of the mirrored faces; drawings are drawn again, not flipped."""
    flipped = {}
    if "points" in batch:
        flipped["points"] = mirror_points(batch["points"])
    if "image" in batch:
        flipped["image"] = np.array([pipeline.draw(face) for face in flipped["points"]], np.uint8)
    if "vertices" in batch:
        flipped["vertices"] = mirror_points(batch["vertices"])
    if "pixels" in batch:
        flipped["pixels"] = batch["pixels"][:, :, ::-1]
    return flipped


def views(
    batch: dict[str, np.ndarray], pipeline: Pipeline, count: int
) -> Iterator[dict[str, np.ndarray]]:
    """Yield a batch as `count` views of the same faces, for averaging at test.

    The face, its mirror image, then both drawn again a fraction of a pixel and a few percent
    elsewhere: a 48x48 drawing rounds each point to a pixel, and the mean over several roundings
    knows more (docs/experiments.md). Pixels are only mirrored.

    Args:
        count: 1, 2 or an even number up to MAX_VIEWS.
    """
    for placement in _PLACEMENTS[: (count + 1) // 2]:
        placed = _placed(batch, pipeline, placement)
        yield placed
        if count > 1:
            yield mirrored(placed, pipeline)


def _placed(
    batch: dict[str, np.ndarray], pipeline: Pipeline, placement: tuple[float, float, float]
) -> dict[str, np.ndarray]:
    if placement == _PLACEMENTS[0] or "points" not in batch:
        return batch
    x, y, scale = placement
    shift = np.array((x, y)) / pipeline.size
    placed = {
        name: ((batch[name] - EYES) * scale + EYES + shift).astype(np.float32)
        for name in SOURCES
        if name in batch
    }
    return _redrawn(batch | placed, pipeline)


def moved(
    batch: dict[str, np.ndarray], shifts: dict[str, np.ndarray], pipeline: Pipeline
) -> dict[str, np.ndarray]:
    """Return the faces with their points moved; the drawings are drawn again of them.

    Args:
        shifts: for each source of points that moves how far, float (51 or 151, 2) for all faces
            alike or (n, 51 or 151, 2).
    """
    points = {name: (batch[name] + shift).astype(np.float32) for name, shift in shifts.items()}
    return _redrawn(batch | points, pipeline)


def _redrawn(batch: dict[str, np.ndarray], pipeline: Pipeline) -> dict[str, np.ndarray]:
    if "image" not in batch:
        return batch
    return batch | {"image": np.array([pipeline.draw(face) for face in batch["points"]], np.uint8)}


def mirror_points(points: np.ndarray) -> np.ndarray:
    """Mirror normalised points, float32 (n, 51 or 151, 2), with left and right exchanged."""
    flipped = points[:, MIRROR if points.shape[1] == POINTS else READ_MIRROR].copy()
    flipped[..., 0] = 1 - flipped[..., 0]
    return flipped
