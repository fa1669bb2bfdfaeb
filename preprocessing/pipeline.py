"""The frozen recipe from a gray picture to faces: the same for training data and for serving."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from facelines.preprocessing import faces, render, search
from facelines.preprocessing.faces import Box, is_face_crop
from facelines.preprocessing.landmarks import agreement as agreement_of
from facelines.preprocessing.landmarks import frame_of, landmarks
from facelines.preprocessing.mesh import LANDMARKS, mesh_points
from facelines.preprocessing.points import frame_of_points
from facelines.preprocessing.quality import quality

LANDMARKERS = ("mean", "dlib", "mesh")

_CROP_SHARE = 0.5  # a larger picture too is a face crop if the face fills it to this share
_CROP_ASPECT = 1.25  # and it is nearly square

# The median face of FER2013, in 200ths of the drawing's side: x and y in turn.
_BUILT_IN_FACE = np.array(
    [
        16, 47, 29, 36, 47, 33, 65, 35, 82, 42, 117, 42, 135, 35, 153, 32, 171,
        36, 185, 47, 100, 64, 100, 81, 100, 99, 100, 117, 79, 129, 89, 133, 100, 136,
        110, 133, 120, 129, 36, 66, 48, 60, 61, 60, 73, 69, 60, 71, 47, 71, 127,
        69, 139, 60, 152, 60, 164, 66, 153, 71, 140, 71, 61, 163, 75, 155, 89, 152,
        100, 155, 110, 152, 125, 155, 139, 163, 126, 180, 111, 189, 100, 190, 88, 189, 74,
        180, 67, 164, 89, 161, 100, 162, 110, 161, 133, 164, 111, 174, 100, 176, 89, 174,
    ]
).reshape(-1, 2)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """One face of a picture.

    box: where it is, and whether it was "detected" or is the "whole image".
    points: float32 (51, 2), the landmarks without the jaw, in pixels of the picture: by default the
        mean of dlib's and the mesh's, which is nearer the truth than either.
    normalised: float32 (51, 2), the same shape upright in the drawing's unit square.
    image: uint8 (48, 48) in {0, 255}, the drawing that the landmark networks see.
    pixels: uint8 (48, 48), the gray crop that the pixel networks see.
    quality: how far the points can be trusted, 0 to 1 (see `quality.quality`).
    mesh: float32 (478, 2), the vertices of MediaPipe's mesh in pixels of the picture;
        `mesh.LANDMARKS` are the places of the 51 among them. None where the recipe leaves it out.
    normalised_mesh: float32 (478, 2), the vertices placed in the unit square as the points are.
    presence: the mesh's logit of there being a face; None without the mesh.
    """

    box: Box
    points: np.ndarray
    normalised: np.ndarray
    image: np.ndarray
    pixels: np.ndarray
    quality: float
    mesh: np.ndarray | None = None
    normalised_mesh: np.ndarray | None = None
    presence: float | None = None


@dataclass(frozen=True)
class Pipeline:
    """Every choice between a picture and a network's input, as plain values.

    detector: see `faces.DETECTORS`.
    min_score: a face in a photograph counts from this score on.
    crop_min_score: in a face crop, which is known to hold a face, the best box counts from here.
    passes: how often dlib looks at each face (see `landmarks.landmarks`).
    size: side of the drawing and of the pixel crop.
    style, thickness, level_roll: see `render`.
    mesh: whether a second source's points stand beside dlib's (see `preprocessing.mesh`).
    landmarker: one of LANDMARKERS, whose the 51 points are: dlib's, the mesh's (dlib is then not
        asked), or the mean of both (dlib's where the recipe leaves the mesh out).
    min_face: side in pixels of the smallest face looked for in a photograph (see `search.find`).
    """

    detector: str = "blazeface"
    min_score: float = 0.5
    crop_min_score: float = 0.1
    passes: int = 4
    size: int = render.SIZE
    style: str = "lines"
    thickness: int = 1
    level_roll: bool = True
    mesh: bool = True
    landmarker: str = "mean"
    min_face: float = 0

    def __post_init__(self):
        if self.landmarker not in LANDMARKERS:
            raise ValueError(
                f"Unknown landmarker {self.landmarker!r}; expected one of {', '.join(LANDMARKERS)}."
            )

    @property
    def has_mesh(self) -> bool:
        """Whether faces come with the mesh, for its own sake or as the landmarker."""
        return self.mesh or self.landmarker == "mesh"

    def __call__(self, gray: np.ndarray, known: Sequence[Box] | None = None) -> list[Face]:
        """Return every face of a picture, best first; of a small face crop the largest.

        Args:
            gray: uint8 (H, W).
            known: in a video the faces of the frame before (see `search.find`).
        """
        boxes = self.boxes(gray, known)
        if boxes and is_face_crop(gray):
            boxes = [largest(boxes)]
        return [self.face(gray, box) for box in boxes]

    def one(self, gray: np.ndarray) -> Face:
        """Return the one face of a data set's picture: the largest, else the whole image."""
        found = faces.detect(gray, self.detector, self.min_score)
        if not found and self.crop_min_score < self.min_score:
            found = faces.detect(gray, self.detector, self.crop_min_score)[:1]
        return self.face(gray, largest(found) if found else faces.whole_image(gray))

    def boxes(self, gray: np.ndarray, known: Sequence[Box] | None = None) -> list[Box]:
        """Return the boxes of the faces in a picture, best first."""
        return search.find(gray, self.detector, self.min_score, self.min_face, known)

    def face(self, gray: np.ndarray, box: Box) -> Face:
        """Return the face of a box: landmarks, drawing and pixels."""
        if self.landmarker == "mesh":
            vertices, _ = mesh_points(gray, frame_of(box))
            return self.describe(gray, box, vertices[LANDMARKS], 1.0)
        points, agreement = landmarks(gray, box, self.passes)
        return self.describe(gray, box, points, agreement)

    def describe(
        self,
        gray: np.ndarray,
        box: Box,
        points: np.ndarray,
        agreement: float,
        seen: tuple[np.ndarray, float] | None = None,
    ) -> Face:
        """Return the face whose points (51, 2) are known: draw them and cut the pixels.

        Args:
            points: dlib's; where the mesh is the landmarker, its own from a first look.
            agreement: of dlib's passes, 0 to 1. Where the mesh is the landmarker, its look from
                these points replaces them, and counts as another pass.
            seen: the mesh and its presence, where they are known (see `mesh.mesh_points`).
        """
        mesh = presence = normalised_mesh = None
        if self.has_mesh:
            mesh, presence = seen or mesh_points(gray, frame_of_points(points))
            second = mesh[LANDMARKS]
            if self.landmarker == "mesh":
                agreement = min(agreement, agreement_of(points[None], second))
                points = second
            trust = quality(agreement, points, second, presence)
            if self.landmarker == "mean":
                points = (points + second) / 2
            normalised_mesh = render.normalise(mesh, level_roll=self.level_roll, landmarks=points)
        else:
            trust = quality(agreement)
        normalised = render.normalise(points, level_roll=self.level_roll)
        image = self.draw(normalised)
        if _fills(gray, box, points):
            pixels = render.resize_pixels(gray, self.size)
        else:
            pixels = render.crop_pixels(gray, frame_of_points(points), self.size)
        return Face(box, points, normalised, image, pixels, trust, mesh, normalised_mesh, presence)

    def draw(self, normalised: np.ndarray) -> np.ndarray:
        """Return the drawing of normalised points (51, 2): uint8 (size, size) in {0, 255}."""
        return render.draw(normalised, size=self.size, style=self.style, thickness=self.thickness)

    def to_json(self) -> str:
        """Return the recipe as JSON; `from_json` reads it back."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Pipeline":
        """Read a recipe.

        Raises:
            ValueError: not JSON, or with keys that this version does not know.
        """
        values = json.loads(text)
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(
                f"Unknown settings {sorted(unknown)} in a pipeline; expected some of "
                f"{sorted(known)}. Was it written by a newer version?"
            )
        return cls(**values)

    def fingerprint(self) -> str:
        """Return a hash of what this recipe draws of a built-in face; it changes with the drawing.

        The face is fixed points, so the hash is the same on every machine that draws alike.
        """
        normalised = render.normalise(_BUILT_IN_FACE, level_roll=self.level_roll)
        return hashlib.sha256(self.draw(normalised).tobytes()).hexdigest()[:16]


def no_face(pipeline: Pipeline) -> str:
    """Return what to say of a photo without a face: whether one was looked for at all."""
    if pipeline.detector == "none":
        return "no face looked for: the recipe has no detector (--detector none)"
    return "no face found"


def largest(boxes: list[Box]) -> Box:
    """Return the box of the largest area."""
    return max(boxes, key=lambda box: box.width * box.height)


def _fills(gray: np.ndarray, box: Box, points: np.ndarray) -> bool:
    """Tell whether the face is the whole picture, as in FER2013: then its pixels stay as they are.

    Otherwise a crop with FER2013's framing is cut. A small crop is never cut again: that would
    only blur it, or follow a wrong detection out of the face.
    """
    if box.source == "whole image" or is_face_crop(gray):
        return True
    height, width = gray.shape
    if max(height, width) > _CROP_ASPECT * min(height, width):
        return False
    return frame_of_points(points).side >= _CROP_SHARE * max(height, width)
