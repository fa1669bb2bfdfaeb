"""The 51 landmarks again, from a second source: MediaPipe's face mesh.

The mesh (Kartynnik et al. 2019, arXiv:1907.06724) puts 468 vertices on a face. Those that lie on
dlib's landmarks are taken, in dlib's order. Two sources err differently: a network that sees both
sets of points reads FER2013 about two points better than with dlib's alone (docs/experiments.md).
"""

import cv2
import numpy as np

from facelines.preprocessing import tflite
from facelines.preprocessing.landmarks import upright_crop
from facelines.preprocessing.points import frame_of_points

FILE = "face_landmark.tflite"
_VERTICES = np.array(
    [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]  # brows
    + [168, 197, 5, 4]  # bridge of the nose
    + [75, 97, 2, 326, 305]  # base of the nose
    + [33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380]  # eyes
    + [61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181]  # outer lips
    + [78, 82, 13, 312, 308, 317, 14, 87]  # inner lips
)
_CROP = 192  # pixels a side that the network takes
_BOX = 128  # of them dlib's box fills: FER2013's faces then fill the crop as MediaPipe's own do
_OUTPUT = "conv2d_20"


def mesh_points(gray: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the mesh's 51 points of a face whose landmarks are known.

    Args:
        gray: uint8 (H, W).
        points: (51, 2), dlib's landmarks in pixels of the picture: where to look.

    Returns:
        float32 (51, 2) in pixels of the picture.

    Raises:
        FileNotFoundError: the package with the network's file is not installed.
    """
    frame = frame_of_points(points)
    crop = upright_crop(gray, frame, crop=_CROP, box=_BOX)
    network = tflite.network(FILE)
    network.setInput(cv2.dnn.blobFromImage(cv2.merge([crop] * 3), 1 / 255))
    vertices = network.forward(_OUTPUT).reshape(-1, 3)[_VERTICES, :2]
    transform = frame.to_picture(crop=_CROP, box=_BOX)
    return (vertices @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
