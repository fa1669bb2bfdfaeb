"""Smoothing over time: one-euro for points, exponential for probabilities. No I/O."""

from collections.abc import Callable

import numpy as np

from facelines.preprocessing.points import eye_distance

# The nose and the corners of the eyes: brows, eyelids and lips move with the expression.
STILL = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 22, 25, 28]

_MIN_CUTOFF = 0.5  # hertz, at rest: what dlib's jitter is damped by
_SPEED_GAIN = 4.0  # hertz more for each eye distance a second: what keeps the lag short
_SPEED_CUTOFF = 2.0  # hertz, of the speed's own estimate
_REACTION_SECONDS = 0.08  # time constant of the probabilities
_FORGET_SECONDS = 1.0  # after a longer gap the past says nothing about the present


class OneEuro:
    """One-euro filter (Casiez et al. 2012): smooth at rest, prompt in motion."""

    def __init__(self):
        self._raw: np.ndarray | None = None

    def __call__(self, values: np.ndarray, seconds: float, unit: float, carry=None) -> np.ndarray:
        """Return the smoothed values of the next frame.

        Args:
            values: float (n, 2).
            seconds: when they were taken, on any clock that does not go back.
            unit: length that speeds are measured in.
            carry: takes the past's values (n, 2) to where they would be now without noise.
        """
        elapsed = 0.0 if self._raw is None else seconds - self._seconds
        if not 0 < elapsed < _FORGET_SECONDS:
            self._smoothed, self._velocity = values, np.zeros_like(values)
        else:
            before = carry(self._raw) if carry else self._raw
            velocity = (values - before) / (elapsed * unit)
            self._velocity += _share(_SPEED_CUTOFF, elapsed) * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True)
            expected = carry(self._smoothed) if carry else self._smoothed
            share = _share(_MIN_CUTOFF + _SPEED_GAIN * speed, elapsed)
            self._smoothed = expected + share * (values - expected)
        self._raw, self._seconds = values, seconds
        return self._smoothed


class PointSmoother:
    """Smooths a face's points: its shape, which moves along with the head, and its place.

    The head's motion (shift, turn and growth, fitted to the points that no expression moves)
    carries the smoothed shape along without lag; what is left is filtered point by point, in eye
    distances, so a face is smoothed alike near and far from the camera, and an opening mouth is
    followed while the eyes stay still. The place has a filter of its own.
    """

    def __init__(self):
        self._shape, self._place = OneEuro(), OneEuro()
        self._raw: np.ndarray | None = None

    def __call__(self, points: np.ndarray, seconds: float) -> np.ndarray:
        """Return the smoothed points of the next frame.

        Args:
            points: float (51, 2), in pixels.
            seconds: when the frame was taken, on any clock that does not go back.

        Returns:
            float32 (51, 2), in pixels.
        """
        points = np.asarray(points, np.float64)
        unit = eye_distance(points)
        carry = None if self._raw is None else head_motion(self._raw, points)
        shape = self._shape(points, seconds, unit, carry)
        place = points[STILL].mean(axis=0, keepdims=True)
        shift = self._place(place, seconds, unit) - place
        self._raw = points
        return (shape + shift).astype(np.float32)


def head_motion(before: np.ndarray, after: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the similarity that takes the still points of one frame nearest to the next's.

    Args:
        before, after: float (51, 2), in pixels.

    Returns:
        a function that moves points (n, 2) likewise.
    """
    # As complex numbers, shift + turn + growth is one complex line: z -> a z + b.
    old, new = _complex(before[STILL]), _complex(after[STILL])
    old_centre, new_centre = old.mean(), new.mean()
    spread = np.vdot(old - old_centre, old - old_centre).real
    turn = np.vdot(old - old_centre, new - new_centre) / max(spread, 1e-9)

    def move(points: np.ndarray) -> np.ndarray:
        moved = turn * (_complex(points) - old_centre) + new_centre
        return np.stack([moved.real, moved.imag], axis=-1)

    return move


def _complex(points: np.ndarray) -> np.ndarray:
    return points[:, 0] + 1j * points[:, 1]


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
