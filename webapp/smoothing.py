"""Smoothing over time: one-euro for points, exponential for probabilities. No I/O."""

import numpy as np

from preprocessing.landmarks import eye_distance

_MIN_CUTOFF = 0.8  # hertz, at rest: what dlib's jitter is damped by
_SPEED_GAIN = 6.0  # hertz more for each eye distance a second: what keeps the lag short
_SPEED_CUTOFF = 2.0  # hertz, of the speed's own estimate
_REACTION_SECONDS = 0.08  # time constant of the probabilities
_FORGET_SECONDS = 1.0  # after a longer gap the past says nothing about the present


class PointSmoother:
    """One-euro filter (Casiez et al. 2012) of a face's points.

    Each point has its own speed, in eye distances a second, so a face is smoothed alike near
    and far from the camera, and an opening mouth is followed while the eyes stay still.
    """

    def __init__(self):
        self._points: np.ndarray | None = None
        self._raw: np.ndarray | None = None
        self._velocity: np.ndarray | None = None
        self._seconds = 0.0

    def __call__(self, points: np.ndarray, seconds: float) -> np.ndarray:
        """Return the smoothed points of the next frame.

        Args:
            points: float (51, 2), in pixels.
            seconds: when the frame was taken, on any clock that does not go back.

        Returns:
            float32 (51, 2), in pixels.
        """
        points = np.asarray(points, np.float64)
        elapsed = seconds - self._seconds
        if self._points is None or not 0 < elapsed < _FORGET_SECONDS:
            self._points, self._velocity = points, np.zeros_like(points)
        else:
            velocity = (points - self._raw) / (elapsed * eye_distance(points))
            self._velocity += _share(_SPEED_CUTOFF, elapsed) * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True)
            share = _share(_MIN_CUTOFF + _SPEED_GAIN * speed, elapsed)
            self._points = self._points + share * (points - self._points)
        self._raw, self._seconds = points, seconds
        return self._points.astype(np.float32)


class ProbabilitySmoother:
    """Exponential smoothing of a face's probabilities by one model."""

    def __init__(self):
        self._probabilities: np.ndarray | None = None
        self._seconds = 0.0

    def __call__(self, probabilities: np.ndarray, seconds: float) -> np.ndarray:
        """Return the smoothed probabilities, float32 (n,), which still sum to 1."""
        elapsed = seconds - self._seconds
        if self._probabilities is None or not 0 < elapsed < _FORGET_SECONDS:
            self._probabilities = probabilities
        else:
            share = 1 - np.exp(-elapsed / _REACTION_SECONDS)
            self._probabilities = self._probabilities + share * (
                probabilities - self._probabilities
            )
        self._seconds = seconds
        return np.asarray(self._probabilities, np.float32)


def _share(cutoff, elapsed: float):
    """Return how much of the new value a low-pass filter of `cutoff` hertz takes."""
    return 1 / (1 + 1 / (2 * np.pi * cutoff * elapsed))
