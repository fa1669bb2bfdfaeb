"""How far the points of a face can be trusted, as one number."""

import numpy as np

from facelines.preprocessing.points import eye_distance

DOUBTFUL = 0.5  # below it the points are more often wrong than right

_NOTHING_IN_COMMON = 0.3  # eye distances between the two sources' points
_PRESENCE_SCALE = 4.0  # of the presence's logit


def quality(
    agreement: float,
    points: np.ndarray | None = None,
    second: np.ndarray | None = None,
    presence: float | None = None,
) -> float:
    """Return the least of the signs that speak for a face's points, in [0, 1].

    A face is read wrongly where any of three things goes wrong: dlib's passes differ, dlib and the
    mesh differ, or the mesh sees no face at all. So the worst of the three counts:

    - `agreement` as it is;
    - 1 for two sources at the same place, falling to 0 at a median of 0.3 eye distances apart;
    - the presence's logistic function, with a fourth of the steepness: 0.5 at a logit of 0.

    Args:
        agreement: of the first source's passes, 0 to 1 (see `landmarks.landmarks`).
        points, second: float (51, 2), both sources' landmarks in the same unit; None without a
            second source.
        presence: the mesh's logit; None without a mesh.
    """
    signs = [agreement]
    if points is not None and second is not None:
        apart = np.median(np.linalg.norm(second - points, axis=1)) / eye_distance(points)
        signs.append(1 - apart / _NOTHING_IN_COMMON)
    if presence is not None:
        signs.append((1 + np.tanh(presence / _PRESENCE_SCALE / 2)) / 2)
    return float(np.clip(min(signs), 0, 1))
