"""Follow faces from frame to frame. Detection runs only when following needs it. No web."""

from dataclasses import dataclass, field, replace

import numpy as np

from facelines.model.steady import HeldLabel
from facelines.preprocessing import faces
from facelines.preprocessing.faces import Box
from facelines.preprocessing.landmarks import frame_of
from facelines.preprocessing.pipeline import Face, Pipeline
from facelines.preprocessing.points import GROUPS, centre, eye_centres, frame_of_points
from facelines.webapp.face_reader import FaceReader
from facelines.webapp.smoothing import PointSmoother, ProbabilitySmoother
from facelines.webapp.stillness import Stillness
from facelines.webapp.stopwatch import Stopwatch

_DETECT_EVERY = 12  # frames; between them the last points say where to look
_RETRY_AFTER = 3  # frames between detections that a lost face asks for
_MIN_QUALITY = 0.93  # of points; a face in view has 0.95 and more, a bare wall 0.82 (some 0.94)
_MAX_SHIFT = 0.35  # of a face's side in one frame; points that jump further are not trusted
_MAX_GROWTH = 1.4
_SAME_FACE = 0.7  # of a face's side: a detected box nearer than this is the face followed
_DRIFT = 0.2  # of a face's side between box and points, from which the box is believed
_KEEP_SCORE = 0.25  # a face that is followed is kept at lower scores than one that is new
_MISSES_ALLOWED = 1  # detections in a row that may miss a face before it is dropped
_SURE_SCORE = 0.75  # a new face is shown at once from here on, else when it is seen once more
_PRESENT = 5.0  # the mesh's logit that a new face needs; hair and walls have up to 6, most under 0
_FULL_EVERY = 3  # detections, of which one looks for far faces though near ones were found
_SAME_BOX = 0.3  # intersection over union
_BOX_TO_SIDE = 1 / (2.2 * 0.43)  # the box width for which `landmarks.frame_of` returns the side


@dataclass
class Track:
    """One face over time.

    number: 1, 2, 3 ... in order of appearance; kept while the face is in view.
    points: float32 (51, 2), pixels, as dlib found them on the last frame.
    reader: what found them, and finds them on the next one.
    face: what the pipeline makes of the (smoothed) points.
    held: the label that each model holds for it.
    is_still: whether it looks as on the frame before, so that points and face are that one's.
    """

    number: int
    points: np.ndarray
    quality: float
    reader: FaceReader = field(default_factory=FaceReader)
    face: Face | None = None
    misses: int = 0
    held: dict[str, HeldLabel] = field(default_factory=dict)
    is_still: bool = False
    stillness: Stillness = field(default_factory=Stillness)
    smooth_points: PointSmoother = field(default_factory=PointSmoother)
    _probabilities: dict[str, ProbabilitySmoother] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        """Whether the mesh saw no face where it was last looked for."""
        presence = self.face.presence if self.face else None
        return presence is not None and presence < 0

    @property
    def is_lost(self) -> bool:
        """Whether the detector missed it twice, or once where its points do not hold either."""
        return self.misses > _MISSES_ALLOWED or (self.misses > 0 and self.quality < _MIN_QUALITY)

    def smooth_probabilities(
        self, model: str, probabilities: np.ndarray, seconds: float
    ) -> np.ndarray:
        """Return a model's smoothed probabilities for this face, float32 (n,)."""
        smoother = self._probabilities.setdefault(model, ProbabilitySmoother())
        return smoother(probabilities, seconds)


class Tracker:
    """Finds and follows the faces of one camera.

    tracks: the faces in view, by number.
    """

    def __init__(self, pipeline: Pipeline, max_faces: int = 8):
        self.tracks: list[Track] = []
        self._pipeline = pipeline
        self._max_faces = max_faces
        self._since_detection = _DETECT_EVERY
        self._detections = 0
        self._unsure: list[Box] = []  # new faces of the last detection
        self._next_number = 1

    def update(
        self,
        gray: np.ndarray,
        seconds: float,
        watch: Stopwatch,
        *,
        smooth: bool = True,
        mesh: bool = True,
    ) -> list[Track]:
        """Take the next frame.

        Args:
            gray: uint8 (H, W), of the same size as the frames before.
            seconds: when it was taken, on any clock that does not go back.
            watch: is told the time spent in "detect", "landmarks" and "draw".
            smooth: whether the faces are drawn of smoothed points.
            mesh: whether the faces need the mesh, a quarter of a frame's time.

        Returns:
            the faces in view, by number, each with its `face` of this frame.
        """
        self._since_detection += 1
        pipeline = replace(self._pipeline, mesh=mesh and self._pipeline.mesh)
        for track in self.tracks:
            has_all = track.face is not None and (track.face.mesh is not None or not pipeline.mesh)
            track.is_still = has_all and track.stillness.lasts(gray)
        if self._detection_is_due() or not self._follow(gray, seconds, watch):
            self._detect(gray, seconds, watch)
        with watch("draw"):
            for track in self.tracks:
                if track.is_still:
                    continue
                smoothed = track.smooth_points(track.points, seconds)
                points = smoothed if smooth else track.points
                box = box_of_points(points, track.quality)
                seen = track.reader.mesh(gray, points, seconds) if pipeline.mesh else None
                track.face = pipeline.describe(gray, box, points, track.quality, seen)
                track.stillness.remember(gray, box)
        return self.tracks

    def look_again(self) -> None:
        """Detect faces on the next frame, whether or not following needs it."""
        self._since_detection = _DETECT_EVERY

    def _detection_is_due(self) -> bool:
        soon = not self.tracks or bool(self._unsure)
        return soon or self._since_detection >= _DETECT_EVERY

    def _follow(self, gray: np.ndarray, seconds: float, watch: Stopwatch) -> bool:
        """Move every face from its last points; tell whether all can be trusted."""
        with watch("landmarks"):
            moved = [self._moved(gray, track, seconds) for track in self.tracks]
        trusted = all(
            is_reliable(track.points, points, quality)
            for track, (points, quality) in zip(self.tracks, moved, strict=True)
        )
        if not trusted and self._since_detection >= _RETRY_AFTER:
            return False
        for track, (points, quality) in zip(self.tracks, moved, strict=True):
            track.points, track.quality = points, quality
        return True

    def _moved(self, gray: np.ndarray, track: Track, seconds: float) -> tuple[np.ndarray, float]:
        if track.is_still:
            return track.points, track.quality
        return track.reader.follow(gray, box_of_points(track.points, track.quality), seconds)

    def _detect(self, gray: np.ndarray, seconds: float, watch: Stopwatch) -> None:
        with watch("detect"):
            boxes = self._boxes(gray)
        self._since_detection = 0
        matches = match(self.tracks, boxes)
        with watch("landmarks"):
            for track in self.tracks:
                self._place(gray, track, matches.get(track.number), seconds)
            self.tracks = [track for track in self.tracks if not track.is_lost]
            new = [box for box in boxes if box not in matches.values()]
            self._welcome(gray, new, seconds)

    def _boxes(self, gray: np.ndarray) -> list[Box]:
        """Return the faces of a frame.

        BlazeFace's short range takes a third of the full range's time. Where it finds a face, and
        all that are followed, the full range is asked only now and then, for those further away.
        """
        score = min(_KEEP_SCORE, self._pipeline.min_score)
        self._detections += 1
        if self._pipeline.detector == "blazeface" and self._detections % _FULL_EVERY:
            near = faces.detect(gray, "short", score)
            found = [box for box in near if box.score >= _SURE_SCORE]
            if found and len(match(self.tracks, near)) == len(self.tracks):
                return near
        return faces.detect(gray, self._pipeline.detector, score)

    def _place(self, gray: np.ndarray, track: Track, box: Box | None, seconds: float) -> None:
        """Put a track on its detected box, or follow its points where they agree with it."""
        track.is_still = False
        track.misses = 0 if box and not track.is_absent else track.misses + 1
        start = box_of_points(track.points, track.quality)
        if box is not None and _offset(track.points, box) > _DRIFT:
            start = box
        track.points, track.quality = track.reader.anew(gray, start, seconds)

    def _welcome(self, gray: np.ndarray, boxes: list[Box], seconds: float) -> None:
        """Take in new faces: sure ones at once, others when two detections in a row see them."""
        seen_before, self._unsure = self._unsure, []
        for box in sorted(boxes, key=lambda box: box.x_min):
            if box.score < self._pipeline.min_score or len(self.tracks) >= self._max_faces:
                continue
            again = any(faces.overlap(box, other) > _SAME_BOX for other in seen_before)
            if box.score < _SURE_SCORE and not again:
                self._unsure.append(box)
                continue
            reader = FaceReader()
            points, quality = reader.anew(gray, box, seconds)
            if reader.mesh(gray, points, seconds)[1] >= _PRESENT:
                self.tracks.append(Track(self._next_number, points, quality, reader))
                self._next_number += 1


def match(tracks: list[Track], boxes: list[Box]) -> dict[int, Box]:
    """Return the box of each track's number: the nearest pairs first, each box once."""
    pairs = sorted(
        (_offset(track.points, box), track.number, index)
        for track in tracks
        for index, box in enumerate(boxes)
    )
    matches, taken = {}, set()
    for offset, number, index in pairs:
        if offset <= _SAME_FACE and number not in matches and index not in taken:
            matches[number] = boxes[index]
            taken.add(index)
    return matches


def is_reliable(before: np.ndarray, after: np.ndarray, quality: float) -> bool:
    """Tell whether points (51, 2) can be the next place of points seen one frame before."""
    old, new = frame_of_points(before), frame_of_points(after)
    shift = np.hypot(new.x - old.x, new.y - old.y) / old.side
    growth = max(new.side / old.side, old.side / new.side)
    return bool(quality >= _MIN_QUALITY and shift <= _MAX_SHIFT and growth <= _MAX_GROWTH)


def box_of_points(points: np.ndarray, quality: float) -> Box:
    """Return the box of points (51, 2) in pixels: dlib looks there as `frame_of_points` says."""
    frame = frame_of_points(points)
    half = frame.side * _BOX_TO_SIDE / 2
    right_eye, left_eye = eye_centres(points)
    mouth = centre(points[GROUPS["mouth"]])
    nose = points[GROUPS["nose"]][3]
    across = (left_eye - right_eye) / 2  # an ear is about half an eye distance outside an eye
    keypoints = (right_eye, left_eye, nose, mouth, right_eye - across, left_eye + across)
    return Box(
        frame.x - half,
        frame.y - half,
        frame.x + half,
        frame.y + half,
        quality,
        keypoints=tuple((float(x), float(y)) for x, y in keypoints),
    )


def _offset(points: np.ndarray, box: Box) -> float:
    """Return the distance between where points and box place a face, in its sides."""
    followed, detected = frame_of_points(points), frame_of(box)
    side = max(followed.side, detected.side)
    return float(np.hypot(followed.x - detected.x, followed.y - detected.y)) / side
