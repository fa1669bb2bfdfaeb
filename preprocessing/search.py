"""Faces of every size in a picture of any size: the detector over overlapping tiles.

A detector shrinks what it is shown to its own input, 192 px a side for BlazeFace, where a face
needs about 18 of them. So a large picture is shown once as a whole and then in ever smaller
tiles, until the smallest face wanted is large enough in one.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from facelines.preprocessing import faces
from facelines.preprocessing.faces import Box

MAX_TILES = 100  # of a picture: what bounds the time, at some 8 ms each with BlazeFace
MAX_PROPOSALS = 300  # looked at closely, at some 2 ms each
SMALLEST_FACE = 40  # pixels; what is looked for where nothing else is asked
SMALLEST_SHARE = 1 / 60  # of the longer side: in larger pictures the smallest face grows with it

Region = tuple[int, int, int]  # left, top, side

# The smallest face that a detector finds, as a share of the longer side of what it is shown.
_REACH = {"blazeface": 0.104, "full": 0.12, "short": 0.17, "haar": 0.06, "hog": 0.13}
_ENOUGH = 1.7  # times the tile's side: a picture smaller than that, as VGA is, is not cut
_RATIO = 2.4  # at most, between the sides of one level's tiles and the next's
_MARGIN = 1.25  # of a face's side that must lie in one tile
_PROPOSAL_SCORE = 0.1  # a face of 18 px scores so little in the full range at worst
_CONFIRMED_SCORE = 0.75  # of the short range, looking closely: hair and ears get up to 0.69
_SAME_FACE = 0.3  # intersection over union


def find(
    gray: np.ndarray,
    detector: str,
    min_score: float,
    min_face: float = 0,
    known: Sequence[Box] | None = None,
) -> list[Box]:
    """Return the faces of a photograph, best first.

    Faces under `min_score` count too where BlazeFace's short range, looking at them closely, sees
    one. At most MAX_TILES tiles are looked at: a smaller `min_face` than they allow is not reached.

    Args:
        gray: uint8 (H, W).
        detector, min_score: see `faces.detect`.
        min_face: side in pixels of the smallest face wanted; 0 means SMALLEST_FACE, or
            SMALLEST_SHARE of the picture's longer side if that is more.
        known: the faces of the frame before, in a video. Given these, no tile is looked at: a small
            face is looked for closely where it was.

    Raises:
        ValueError: an unknown detector.
    """
    if detector not in _REACH or faces.is_face_crop(gray):
        return faces.detect(gray, detector, min_score)
    regions = regions_of(gray.shape, _REACH[detector], min_face)
    if known is not None:
        regions = regions[:1]
    if detector != "blazeface":
        look = partial(faces.detect, detector=detector, min_score=min_score)
        return distinct(_seen_in(regions, gray, look))
    return _find_with_blazeface(gray, regions, min_score, known or ())


def distinct(boxes: list[Box], known: Sequence[Box] = ()) -> list[Box]:
    """Return the boxes that are neither a known one's nor a better one's again, best first."""
    kept = list(known)
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(faces.overlap(box, other) <= _SAME_FACE for other in kept):
            kept.append(box)
    return kept[len(known) :]


def _find_with_blazeface(
    gray: np.ndarray, regions: list[Region], min_score: float, known: Sequence[Box]
) -> list[Box]:
    """Return the faces of the whole picture, and those of tiles that a closer look confirms."""
    score = min(min_score, _PROPOSAL_SCORE)
    look = partial(faces.propose, detector="full", min_score=min_score, proposal_score=score)
    proposals = look(gray)
    sure = [faces.refined(gray, box) for box in proposals if box.score >= min_score]
    unsure = proposals[len(sure) :] + _seen_in(regions[1:], gray, look)
    candidates = distinct([*unsure, *known], known=sure)[:MAX_PROPOSALS]
    if len(candidates) > 1:
        candidates = faces.glance(gray, candidates)
    confirmed = [close for box in candidates if (close := _confirmed(gray, box, min_score))]
    return sorted(sure + distinct(confirmed, known=sure), key=lambda box: -box.score)


def _seen_in(
    regions: list[Region], gray: np.ndarray, look: Callable[[np.ndarray], list[Box]]
) -> list[Box]:
    return [
        box.moved(left, top)
        for left, top, side in regions
        for box in look(gray[top : top + side, left : left + side])
        if not _is_cut(box, left, top, side, gray.shape)
    ]


def _confirmed(gray: np.ndarray, box: Box, min_score: float) -> Box | None:
    """Return the box as a closer look shows it, or None where it shows no face."""
    near = faces.closer(gray, box)
    seen = near is not None and near.score >= max(min_score, _CONFIRMED_SCORE)
    return near if seen else None


def regions_of(shape: tuple[int, int], reach: float, min_face: float) -> list[Region]:
    """Return (left, top, side) of the whole picture and of its tiles, the largest first."""
    longest = max(shape)
    wanted = min_face or max(SMALLEST_FACE, SMALLEST_SHARE * longest)
    finest = max(wanted / reach, faces.SMALL_SIDE)
    while True:
        regions = [(0, 0, longest)]
        for side, larger in _levels(longest, finest):
            overlap = _MARGIN * reach * larger  # the largest face that the larger ones left out
            regions += _tiles(shape, side, overlap)
        if len(regions) <= MAX_TILES + 1:
            return regions
        finest *= 1.1


def _levels(longest: int, finest: float) -> list[tuple[int, int]]:
    """Return (side, side of the level before), down to tiles of the finest side."""
    if longest < _ENOUGH * finest:
        return []
    count = math.ceil(math.log(longest / finest) / math.log(_RATIO))
    sides = [round(longest * (finest / longest) ** (level / count)) for level in range(count + 1)]
    return list(zip(sides[1:], sides[:-1], strict=True))


def _tiles(shape: tuple[int, int], side: int, overlap: float) -> list[Region]:
    height, width = shape
    return [
        (left, top, side)
        for top in _starts(height, side, overlap)
        for left in _starts(width, side, overlap)
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Return where tiles begin that cover a length evenly."""
    if length <= side:
        return [0]
    count = math.ceil((length - overlap) / (side - overlap))
    return np.linspace(0, length - side, count).round().astype(int).tolist()


def _is_cut(box: Box, left: int, top: int, side: int, shape: tuple[int, int]) -> bool:
    """Tell whether a box in a tile's own pixels crosses an edge within the picture."""
    height, width = shape
    return (
        (box.x_min < 0 and left > 0)
        or (box.y_min < 0 and top > 0)
        or (box.x_max > side and left + side < width)
        or (box.y_max > side and top + side < height)
    )
