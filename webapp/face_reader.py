"""Read one face frame after frame, at half the cost where it was read a moment before. No web.

Within a twentieth of a second a face changes little but for moving with the head. So of frames that
follow each other so fast each is shown to dlib once, as it is and mirrored in turn, and the mesh is
asked some fifteen times a second; what is not seen anew is carried along with the head.
"""

import numpy as np

from facelines.preprocessing.faces import Box
from facelines.preprocessing.landmarks import agreement, landmarks, look
from facelines.preprocessing.mesh import mesh_points
from facelines.preprocessing.points import frame_of_points
from facelines.webapp.smoothing import head_motion

LIVE_PASSES = 2  # of dlib: one of the face as it is, one mirrored
FRESH_SECONDS = 0.06  # what was seen so lately is carried along: every second of 30 frames a second


class FaceReader:
    """Reads one face from frame to frame; shown its frames in order."""

    def __init__(self) -> None:
        self._mesh: tuple[np.ndarray, float] | None = None

    def anew(self, gray: np.ndarray, box: Box, seconds: float) -> tuple[np.ndarray, float]:
        """Read the face of a box, whatever was seen before.

        Args:
            gray: uint8 (H, W).
            seconds: when the frame was taken, on any clock.

        Returns:
            points float32 (51, 2) in pixels and their agreement, as `landmarks.landmarks`.
        """
        points, agreed = landmarks(gray, box, LIVE_PASSES)
        self._points = self._look = points
        self._seconds, self._mirrored = seconds, False
        self._mesh = None
        return points, agreed

    def follow(self, gray: np.ndarray, box: Box, seconds: float) -> tuple[np.ndarray, float]:
        """Read the same face on the next frame, its box known by the points before; as `anew`."""
        if not _is_fresh(self._seconds, seconds):
            return self.anew(gray, box, seconds)
        seen = look(gray, box, mirrored=self._mirrored)
        looks = np.stack([seen, head_motion(self._look, seen)(self._look)])
        points = looks.mean(axis=0).astype(np.float32)
        self._points, self._look = points, seen
        self._seconds, self._mirrored = seconds, not self._mirrored
        return points, agreement(looks, points)

    def mesh(
        self, gray: np.ndarray, points: np.ndarray, seconds: float
    ) -> tuple[np.ndarray, float]:
        """Return the mesh of the face whose points (51, 2) were just read, as `mesh_points`."""
        if self._mesh is None or not _is_fresh(self._mesh_seconds, seconds):
            self._mesh = mesh_points(gray, frame_of_points(points))
            self._mesh_seconds, self._mesh_points = seconds, self._points
            return self._mesh
        vertices, presence = self._mesh
        moved = head_motion(self._mesh_points, self._points)(vertices)
        return moved.astype(np.float32), presence


def _is_fresh(seen: float, now: float) -> bool:
    return 0 <= now - seen <= FRESH_SECONDS
