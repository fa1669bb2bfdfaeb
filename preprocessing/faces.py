"""Find faces: OpenCV's BlazeFace (the default) and Haar, dlib's HOG, behind one call.

BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047) runs in OpenCV's own DNN module, or faster
where another engine for the same network is installed (see `tflite`).
"""

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import dlib
import numpy as np

from facelines.preprocessing import tflite

DETECTORS = ("blazeface", "short", "full", "haar", "hog", "none")
KEYPOINTS = ("right_eye", "left_eye", "nose", "mouth", "right_ear", "left_ear")


@dataclass(frozen=True)
class Box:
    """A face's box in pixels of its picture, half-open: x_min <= x < x_max.

    `source` is "detected" or "whole image". `keypoints` are six (x, y) in the order of
    KEYPOINTS where the detector gives them; right and left are the person's own.
    """

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    score: float
    source: str = "detected"
    keypoints: tuple[tuple[float, float], ...] | None = None

    @property
    def width(self) -> float:
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        return self.y_max - self.y_min

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """x_min, y_min, x_max, y_max."""
        return self.x_min, self.y_min, self.x_max, self.y_max

    def moved(self, x: float, y: float) -> "Box":
        """Return the box shifted by whole or part pixels."""
        keypoints = self.keypoints and tuple(
            (place[0] + x, place[1] + y) for place in self.keypoints
        )
        return replace(
            self,
            x_min=self.x_min + x,
            y_min=self.y_min + y,
            x_max=self.x_max + x,
            y_max=self.y_max + y,
            keypoints=keypoints,
        )


def whole_image(gray: np.ndarray) -> Box:
    """Return the box of the whole picture, for a face that no detector found."""
    height, width = gray.shape
    return Box(0.0, 0.0, float(width), float(height), 0.0, "whole image")


def is_face_crop(gray: np.ndarray) -> bool:
    """Tell whether a picture is so small that it is a face already cut out, if it is one."""
    return max(gray.shape) < SMALL_SIDE


def detect(gray: np.ndarray, detector: str, min_score: float) -> list[Box]:
    """Return the faces of a picture, best first.

    Args:
        gray: uint8 (H, W).
        detector: one of DETECTORS; "full" and "short" are BlazeFace's two ranges, and
            "blazeface" takes the short one for face crops (pictures under 128 px), and for the
            others the full one, each of whose faces the short one then looks at closely.
        min_score: lowest score kept; a probability for BlazeFace, dlib's own margin plus 0.5
            for "hog", ignored by "haar" (which has no score).

    Raises:
        ValueError: an unknown detector.
    """
    if detector == "none":
        return []
    if detector == "blazeface":
        if is_face_crop(gray):
            return detect(gray, "short", min_score)
        return [refined(gray, box) for box in detect(gray, "full", min_score)]
    if detector in _BLAZEFACES:
        return propose(gray, detector, min_score, min_score)
    if detector == "haar":
        found = _detect_haar(gray)
    elif detector == "hog":
        found = _detect_hog(gray, min_score)
    else:
        raise ValueError(f"Unknown detector {detector!r}; expected one of {', '.join(DETECTORS)}.")
    return sorted(found, key=lambda box: -box.score)


def propose(gray: np.ndarray, detector: str, min_score: float, proposal_score: float) -> list[Box]:
    """Return what `detect` does, and after it weaker boxes that may be faces.

    Args:
        detector: "full" or "short".
        proposal_score: lowest score kept, at most `min_score`; the weaker boxes move no other.
    """
    found = _detect_blazeface(gray, _BLAZEFACES[detector], proposal_score, min_score)
    return sorted(found, key=lambda box: -box.score)


@dataclass(frozen=True)
class _BlazeFace:
    file: str
    size: int
    regressors: str
    scores: str
    grids: tuple[tuple[int, int], ...]  # (cells a side, anchors a cell)


_BLAZEFACES = {
    "short": _BlazeFace(
        "face_detection_short_range.tflite",
        128,
        "regressors",
        "classificators",
        ((16, 2), (8, 6)),
    ),
    "full": _BlazeFace(
        "face_detection_full_range.tflite",
        192,
        "reshaped_regressor_face_4",
        "reshaped_classifier_face_4",
        ((48, 1),),
    ),
}
SMALL_SIDE = 128  # pixels; below it a picture is a face crop: BlazeFace needs room around it
_BORDER = 1 / 6
_OVERLAP = 0.3
_classical = threading.local()  # a cascade may serve one thread only


@functools.cache
def _anchors(grids: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return the anchors' centres, float32 (n, 2), in units of the input's side."""
    centres = []
    for cells, repeats in grids:
        y, x = np.mgrid[:cells, :cells]
        grid = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) / cells
        centres.append(np.repeat(grid, repeats, axis=1).reshape(-1, 2))
    return np.concatenate(centres).astype(np.float32)


def _detect_blazeface(
    gray: np.ndarray, model: _BlazeFace, min_score: float, blended_from: float
) -> list[Box]:
    height, width = gray.shape
    border = round(_BORDER * max(height, width)) if max(height, width) < SMALL_SIDE else 0
    side = max(height, width) + 2 * border
    left, top = (side - width) // 2, (side - height) // 2
    scale = model.size / side
    fitted = _resize(gray, max(1, round(width * scale)), max(1, round(height * scale)))
    fitted_height, fitted_width = fitted.shape
    x, y = round(left * scale), round(top * scale)
    square = cv2.copyMakeBorder(
        fitted,
        y,
        model.size - fitted_height - y,
        x,
        model.size - fitted_width - x,
        cv2.BORDER_REPLICATE if border else cv2.BORDER_CONSTANT,
    )
    outputs = (model.regressors, model.scores)
    regressors, logits = tflite.run(model.file, square, outputs, mean=127.5, scale=1 / 127.5)
    logits = logits.reshape(-1)
    kept = np.flatnonzero(logits > np.log(min_score / (1 - min_score)))
    scores = 1 / (1 + np.exp(-logits[kept]))
    values = regressors.reshape(len(logits), 16)[kept].reshape(-1, 8, 2) / model.size
    centre = values[:, 0] + _anchors(model.grids)[kept]
    size = values[:, 1]
    keypoints = values[:, 2:] + _anchors(model.grids)[kept][:, None]
    corners = np.stack([centre - size / 2, centre + size / 2], axis=1)
    everything = np.concatenate([corners, keypoints], axis=1) * model.size
    in_picture = (everything - (x, y)) * (width / fitted_width, height / fitted_height)
    merged = _merge(in_picture, scores, blended_from)
    return [_blazeface_box(points, score) for points, score in merged]


_CLOSER = 2.0  # sides of the box that the closer look takes in
_CLOSER_SCORE = 0.3
_TILE = 64  # pixels a side of each of the four in a glance
_GLANCE_SCORE = 0.3


def closer(gray: np.ndarray, box: Box) -> Box | None:
    """Return what BlazeFace's short range sees of a box's face from nearby, or None.

    The full range places keypoints to about a cell of its 48x48 grid: 40 px in a picture of 2,000,
    a third of a small face, from where dlib slips to another part of it.
    """
    crop, left, top = _around(gray, box)
    if not crop.size:
        return None
    around = [
        close.moved(left, top) for close in propose(crop, "short", _CLOSER_SCORE, _CLOSER_SCORE)
    ]
    overlapping = [close for close in around if overlap(box, close) > _OVERLAP]
    return max(overlapping, key=lambda close: close.score, default=None)


def _around(gray: np.ndarray, box: Box) -> tuple[np.ndarray, int, int]:
    """Return a box's part of the picture with some room around it, and where that begins."""
    side = _CLOSER * max(box.width, box.height)
    left = max(0, round((box.x_min + box.x_max - side) / 2))
    top = max(0, round((box.y_min + box.y_max - side) / 2))
    return gray[top : top + round(side), left : left + round(side)], left, top


def glance(gray: np.ndarray, boxes: Sequence[Box]) -> list[Box]:
    """Return the boxes in which BlazeFace's short range sees anything like a face, four in a look.

    It costs a quarter of looking at each closely, and so is worth it where few of them are faces.
    """
    kept = []
    for start in range(0, len(boxes), 4):
        mosaic, shown = np.zeros((2 * _TILE, 2 * _TILE), np.uint8), []
        for place, box in enumerate(boxes[start : start + 4]):
            crop, left, top = _around(gray, box)
            if not crop.size:
                continue
            scale = _TILE / max(crop.shape)
            height, width = (max(1, round(scale * length)) for length in crop.shape)
            y, x = _TILE * (place // 2), _TILE * (place % 2)
            mosaic[y : y + height, x : x + width] = _resize(crop, width, height)
            corners = (np.array(box.corners) - (left, top) * 2) * scale + (x, y) * 2
            shown.append((box, Box(*corners.tolist(), box.score)))
        seen = propose(mosaic, "short", _GLANCE_SCORE, _GLANCE_SCORE)
        kept += [box for box, there in shown if any(overlap(there, one) > _OVERLAP for one in seen)]
    return kept


def refined(gray: np.ndarray, box: Box) -> Box:
    """Return the full range's box with the short range's edges and points, if it sees the face."""
    near = closer(gray, box)
    return box if near is None else replace(near, score=box.score)


def overlap(box: Box, other: Box) -> float:
    """Return two boxes' intersection over union, 0 to 1."""
    first, second = (
        np.array([[one.x_min, one.y_min], [one.x_max, one.y_max]]) for one in (box, other)
    )
    return float(_intersection_over_union(first, second[None])[0])


def _blazeface_box(points: np.ndarray, score: float) -> Box:
    (x_min, y_min), (x_max, y_max) = points[:2].tolist()
    keypoints = tuple(map(tuple, points[2:].tolist()))
    return Box(x_min, y_min, x_max, y_max, float(score), keypoints=keypoints)


def _merge(points: np.ndarray, scores: np.ndarray, blended_from: float):
    """Yield (points, score) for each face: overlapping boxes are averaged by their scores.

    BlazeFace's own blending, which jitters less on video than keeping the best box alone. Boxes
    below `blended_from` are averaged only with each other.
    """
    order = np.argsort(-scores, kind="stable")
    while len(order):
        overlap = _intersection_over_union(points[order[0], :2], points[order, :2])
        together = order[overlap > _OVERLAP]
        if scores[order[0]] >= blended_from:
            together = together[scores[together] >= blended_from]
        weights = scores[together][:, None, None]
        yield (points[together] * weights).sum(axis=0) / weights.sum(), scores[order[0]]
        order = order[overlap <= _OVERLAP]


def _intersection_over_union(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the overlap of one box (2, 2) with each of (n, 2, 2), float (n,) in [0, 1]."""
    lower, upper = np.maximum(box[0], boxes[:, 0]), np.minimum(box[1], boxes[:, 1])
    shared = np.prod(np.clip(upper - lower, 0, None), axis=1)
    areas = np.prod(boxes[:, 1] - boxes[:, 0], axis=1)
    return shared / np.maximum(areas + np.prod(box[1] - box[0]) - shared, 1e-9)


def _resize(gray: np.ndarray, width: int, height: int) -> np.ndarray:
    shrinking = width < gray.shape[1]
    return cv2.resize(
        gray, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    )


_CLASSICAL_SIDE = 640  # Haar and HOG slide over every scale: larger pictures are shrunk
_CLASSICAL_UPSAMPLED = 192  # and neither finds faces smaller than about 80 px in small crops


def _classical_scale(gray: np.ndarray) -> tuple[np.ndarray, float]:
    side = max(gray.shape)
    target = _CLASSICAL_UPSAMPLED if side < SMALL_SIDE else min(side, _CLASSICAL_SIDE)
    scale = target / side
    if scale == 1:
        return gray, 1.0
    height, width = (max(1, round(length * scale)) for length in gray.shape)
    return _resize(gray, width, height), scale


def _detect_haar(gray: np.ndarray) -> list[Box]:
    scaled, scale = _classical_scale(gray)
    if not hasattr(_classical, "haar"):
        _classical.haar = cv2.CascadeClassifier(
            cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
        )
    found = _classical.haar.detectMultiScale(scaled, scaleFactor=1.1, minNeighbors=5)
    return [
        Box(x / scale, y / scale, (x + width) / scale, (y + height) / scale, 1.0)
        for x, y, width, height in np.asarray(found).reshape(-1, 4).tolist()
    ]


def _detect_hog(gray: np.ndarray, min_score: float) -> list[Box]:
    scaled, scale = _classical_scale(gray)
    if not hasattr(_classical, "hog"):
        _classical.hog = dlib.get_frontal_face_detector()
    rectangles, scores, _ = _classical.hog.run(np.ascontiguousarray(scaled), 0, min_score - 0.5)
    return [
        Box(
            rectangle.left() / scale,
            rectangle.top() / scale,
            rectangle.right() / scale,
            rectangle.bottom() / scale,
            score,
        )
        for rectangle, score in zip(rectangles, scores, strict=True)
    ]
