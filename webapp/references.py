"""What the faces of one camera are read against: kept with its connection, in memory alone."""

import json
from collections.abc import Sequence

import numpy as np

from facelines.model import inputs
from facelines.model.recognizer import Recognizer
from facelines.model.reference import Reference, ReferenceError, neutral_of, rest
from facelines.model.running_reference import RunningReference
from facelines.preprocessing.pipeline import Face
from facelines.preprocessing.points import frame_of_points
from facelines.webapp.schema import Rest
from facelines.webapp.tracking import Track

_EXPECTED = 'expected {"type": "reference"} and "take": true, "own": {...} or "automatic": true'
_TAKING_SECONDS = 1.0
_TAKING_FACES = 5  # at least, for a slow connection


class LiveReferences:
    """The references of one client's faces.

    own: the user's, whose face is the largest in view; taken with `take`, or as the page kept it.
    automatic: whether the other faces, and all of them while there is no `own`, are read against
        what was seen of each so far.
    """

    def __init__(self):
        self.own: Reference | None = None
        self.automatic = False
        self._taken: list[Face] | None = None
        self._since = 0.0
        self._running: dict[tuple[int, str], RunningReference] = {}

    def obey(self, values: dict) -> None:
        """Do what a client's message asks for.

        Args:
            values: with any of "take": true, to make `own` of the largest face of the next second;
                "own": a reference as `observe` returned it, or null to forget it; "automatic".

        Raises:
            ValueError: none of them, or not so.
        """
        if not values.keys() & {"take", "own", "automatic"}:
            raise ValueError(f"This message cannot be used; {_EXPECTED}.")
        if "own" in values:
            try:
                own = values["own"] and Reference.from_json(json.dumps(values["own"]))
            except ReferenceError as error:
                raise ValueError(f"This reference cannot be used: {error}") from error
            self.own = own or None
        self.automatic = bool(values.get("automatic", self.automatic))
        if values.get("take"):
            self._taken = []

    def observe(self, tracks: Sequence[Track], seconds: float) -> Reference | None:
        """Look at the faces of the next frame; return `own` where this frame completed it."""
        numbers = {track.number for track in tracks}
        self._running = {key: one for key, one in self._running.items() if key[0] in numbers}
        if self._taken is None or not tracks:
            return None
        if not self._taken:
            self._since = seconds
        self._taken.append(_largest(tracks).face)
        if seconds - self._since < _TAKING_SECONDS or len(self._taken) < _TAKING_FACES:
            return None
        quality = np.array([face.quality for face in self._taken])
        self.own = neutral_of(inputs.of_faces(self._taken), quality)
        self._taken = None
        return self.own

    def of(
        self, tracks: Sequence[Track], recognizer: Recognizer, seconds: float
    ) -> list[Reference | None]:
        """Return what a model is to read each face against."""
        wanted = tracks and (self.own or self.automatic)
        if not wanted or not recognizer.references:
            return [None] * len(tracks)
        mine = _largest(tracks) if self.own else None
        return [
            self.own if track is mine else self._seen(track, recognizer, seconds)
            for track in tracks
        ]

    def _seen(self, track: Track, recognizer: Recognizer, seconds: float) -> Reference | None:
        if not self.automatic:
            return None
        key = (track.number, recognizer.name)
        running = self._running.setdefault(key, RunningReference(recognizer))
        return running(track.face, seconds)


def reference_message(text: str) -> dict | None:
    """Return the values of a client's message about references, None where it is of another."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    about = isinstance(values, dict) and values.get("type") == "reference"
    return values if about else None


def rest_values(reference: Reference | None, recognizer: Recognizer) -> dict[str, Rest]:
    """Return what the page shows of a face's reference, as JSON values; empty without one.

    "rest" holds the kind of reference and the points at rest, normalised, in thousandths.
    """
    if reference is None:
        return {}
    points = np.round(1000 * rest(reference, recognizer.references)).astype(int).tolist()
    return {"rest": {"kind": reference.kind, "count": reference.count, "points": points}}


def _largest(tracks: Sequence[Track]) -> Track:
    return max(tracks, key=lambda track: frame_of_points(track.face.points).side)
