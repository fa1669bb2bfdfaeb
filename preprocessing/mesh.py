"""A face's points from a second source: MediaPipe's Face Mesh V2, 478 vertices.

The mesh (Kartynnik et al. 2019, arXiv:1907.06724; V2 with irises and attention to lips and eyes,
Grishchenko et al. 2020, arXiv:2006.10962) and dlib err differently: a network that sees both reads
FER2013 several points better than with either alone (docs/experiments.md).
"""

import numpy as np

from facelines.preprocessing import tflite
from facelines.preprocessing.points import Frame, upright_crop

FILE = "face_landmarks_detector.tflite"
COUNT = 478  # vertices

# dlib's 51 landmarks among the vertices, in dlib's order.
LANDMARKS = np.array(
    [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]  # brows
    + [168, 197, 5, 4]  # bridge of the nose
    + [75, 97, 2, 326, 305]  # base of the nose
    + [33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380]  # eyes
    + [61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181]  # outer lips
    + [78, 82, 13, 312, 308, 317, 14, 87]  # inner lips
)

_CROP = 256  # pixels a side that the network takes
_BOX = 171  # of them dlib's box fills: the least noise between a face and its mirror image
_OUTPUTS = ["Identity", "Identity_1"]  # vertices, presence


def _mirror() -> np.ndarray:
    """Return for each vertex its partner on the face's other side.

    Vertices are numbered along the person's right half and its middle, then, in the same order,
    along the left half; the irises' centres and rings follow.
    """
    middle = [0, 1, 2, *range(4, 7), *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200]
    first_left, irises = 248, 468
    mirror = np.arange(COUNT)
    right = np.setdiff1d(np.arange(first_left), middle)
    mirror[right], mirror[first_left:irises] = np.arange(first_left, irises), right
    mirror[irises:] = [473, 476, 475, 474, 477, 468, 471, 470, 469, 472]
    return mirror


MIRROR = _mirror()  # vertex i of a mirrored face is vertex MIRROR[i] of the face

# The vertices that networks read, in ascending order: LANDMARKS, and those that MediaPipe's own
# network of expressions (blendshapes) reads.
READ = np.union1d(
    LANDMARKS,
    [
        0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63,
        65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133,
        136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163,
        168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270,
        276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317,
        318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379,
        380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454,
        466, *range(468, 478),
    ],
)  # fmt: skip
READ_LANDMARKS = np.searchsorted(READ, LANDMARKS)  # places of the landmarks among READ
READ_MIRROR = np.searchsorted(READ, MIRROR[READ])  # MIRROR among READ


def mesh_points(gray: np.ndarray, frame: Frame) -> tuple[np.ndarray, float]:
    """Return the vertices of the face in a frame, and how sure the network is that there is one.

    Args:
        gray: uint8 (H, W).
        frame: where to look, as from `landmarks.frame_of_points`.

    Returns:
        float32 (478, 2) in pixels of the picture, and the presence's logit: about 10 and more on
        clear faces, below 0 where there is likely none.

    Raises:
        OSError: the network's file is missing or damaged.
    """
    crop = upright_crop(gray, frame, crop=_CROP, box=_BOX)
    vertices, presence = tflite.run(FILE, crop, _OUTPUTS, mean=0, scale=1 / 255)
    transform = frame.to_picture(crop=_CROP, box=_BOX)
    points = vertices.reshape(COUNT, 3)[:, :2] @ transform[:, :2].T + transform[:, 2]
    return points.astype(np.float32), float(presence.squeeze())
