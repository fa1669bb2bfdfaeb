"""A reference face: what a person's shape is like at rest, so that what is left is the expression.

A face's points say who it is before they say what it shows. Moved by the difference between what a
reference's faces should look like, had they the training set's mean face, and what they do look
like, a shape is read against its own rest, and the network stays as it is (docs/reference.md).
Only means of points are kept: geometry, no picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facelines.model.inputs import SOURCES
from facelines.preprocessing.labels import label_indices
from facelines.preprocessing.mesh import READ
from facelines.preprocessing.points import POINTS
from facelines.preprocessing.quality import DOUBTFUL

KINDS = ("neutral", "mean")

# Faces after which a reference is half believed: one at rest says nearly all, while expressions
# differ from face to face and have to be averaged out (docs/reference.md).
_HALF = {"neutral": 0.1, "mean": 1.0}
_STEPS, _HOLD = 40, 3.0  # of `mixture_of`: steps, and faces that an equal mixture counts for
_FAR = 3.0  # median distances from the median face, beyond which points are taken for wrong
_FEW = 4  # faces among which nothing can be called far
_COUNTS = {"points": POINTS, "vertices": len(READ)}
_DECIMALS = 4  # of the drawing's side: a two-hundredth of a pixel
_FORMAT = 1


class ReferenceError(ValueError):
    """A reference that cannot be made or used; the message is one line for the user."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The mean face of some pictures.

    points: for each source of points ("points", "vertices") float32 (51 or 151, 2), the
        mean of the faces' normalised points: shift, scale and roll are out of them.
    mixture: how much of each label its faces show, summing to 1: {"neutral": 1.0} is a face at
        rest, an equal share of each label the mean of balanced pictures.
    count: how many faces it was made from.
    part: how far of the way to the training set's face it moves others. Not part of the JSON.
    landmarker: whose points they are (see `Pipeline`), "" where that is not known.
    wider: what is believed instead where these faces are few, such as the whole set's mean; None
        leaves a face the nearer to where it is. Not part of the JSON.
    """

    points: Mapping[str, np.ndarray]
    mixture: Mapping[str, float]
    count: int
    part: float = 1.0
    landmarker: str = ""
    wider: "Reference | None" = None

    @property
    def kind(self) -> str:
        """What it stands for: "neutral", or the "mean" of several expressions."""
        return "neutral" if set(self.mixture) == {"neutral"} else "mean"

    def to_json(self) -> str:
        """Return it as JSON; `from_json` reads it back."""
        return json.dumps(_values(self))

    @classmethod
    def from_json(cls, text: str) -> "Reference":
        """Read a reference (ReferenceError if this is none)."""
        try:
            return _read(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ReferenceError(
                f"not a reference ({error!r}); expected what `facelines reference make` writes."
            ) from error


def load(path: Path) -> Reference:
    """Read a file of `facelines reference make` (ReferenceError, OSError)."""
    try:
        return Reference.from_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReferenceError(f"{path}: {error}") from error


def mean_of(
    batch: Mapping[str, np.ndarray],
    probabilities: np.ndarray,
    prior: Mapping[str, float],
    quality: np.ndarray | None = None,
) -> Reference:
    """Return the mean of faces that show whatever they show, without those whose points are wrong.

    Args:
        batch: the faces' normalised points by source, each float32 (n, 51 or 151, 2); other
            inputs are passed over.
        probabilities: float (n, labels), what a network sees in them, calibrated.
        prior: the share of each label that such probabilities expect, in their order.
        quality: (n,), the faces' `Face.quality`.

    Raises:
        ReferenceError: no face.
    """
    kept = _trusted(batch["points"], quality)
    expected = np.array(list(prior.values()), np.float64)
    shares = mixture_of(np.asarray(probabilities)[kept], expected / expected.sum())
    return _mean(batch, kept, dict(zip(prior, shares.tolist(), strict=True)))


def neutral_of(batch: Mapping[str, np.ndarray], quality: np.ndarray | None = None) -> Reference:
    """Return the mean of faces that are all at rest (arguments and errors as of `mean_of`)."""
    return _mean(batch, _trusted(batch["points"], quality), {"neutral": 1.0})


def mixture_of(probabilities: np.ndarray, prior: np.ndarray, hold: float = _HOLD) -> np.ndarray:
    """Return how much of each label faces show, float (labels,) summing to 1.

    A network's mean probability leans towards the shares that it was trained on: of faces that are
    all happy it says three quarters. So the shares are those under which the probabilities say the
    most (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a
    priori probabilities"), held towards an equal mixture where there are few faces.

    Args:
        probabilities: float (n, labels), calibrated.
        prior: float (labels,), each label's share of the training set.
        hold: how many faces an equal mixture counts for.
    """
    shares = prior
    for _ in range(_STEPS):
        weighted = probabilities * (shares / prior)
        weighted /= weighted.sum(axis=1, keepdims=True)
        shares = (weighted.sum(axis=0) + hold / len(prior)) / (len(weighted) + hold)
    return shares


def _mean(batch, kept: np.ndarray, mixture: Mapping[str, float]) -> Reference:
    if not len(kept):
        raise ReferenceError("No face to make a reference of; expected at least one.")
    points = {name: batch[name][kept].mean(axis=0) for name in SOURCES if name in batch}
    return Reference(points, mixture, int(kept.sum()))


def training_references(
    arrays: Mapping[str, np.ndarray], labels: Sequence[str]
) -> dict[str, Reference]:
    """Return the mean face of each label in the set that a network learned from.

    They travel with the network: the mean neutral face is one of them, the mean of balanced faces
    is their mean, and any other mixture follows likewise.

    Args:
        arrays: the training rows, with "label" and the points' sources.
        labels: the network's label set; each must have a row.
    """
    places = label_indices(arrays["label"], tuple(labels))
    rows = {label: places == index for index, label in enumerate(labels)}
    if missing := [label for label, chosen in rows.items() if not chosen.any()]:
        raise ReferenceError(f"No face is labelled {', '.join(missing)}; expected some of each.")
    return {
        label: Reference(
            {name: arrays[name][chosen].mean(axis=0) for name in SOURCES if name in arrays},
            {label: 1.0},
            int(chosen.sum()),
        )
        for label, chosen in rows.items()
    }


def training_to_json(references: Mapping[str, Reference]) -> str:
    """Return a training set's references as JSON; `training_from_json` reads them back."""
    return json.dumps({label: _values(one) for label, one in references.items()})


def training_from_json(text: str) -> dict[str, Reference]:
    """Read a training set's references (ReferenceError if these are none)."""
    try:
        return {label: _read(values) for label, values in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReferenceError(f"not references ({error!r}); train again.") from error


def shift(
    reference: Reference, training: Mapping[str, Reference], sources: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return how far to move each source's normalised points, float32 (51 or 151, 2).

    It is the training set's mean face of the reference's own mixture less the reference, and less
    of it where the reference has few faces.

    Raises:
        ReferenceError: the reference lacks a source, or knows a label that the training did not.
    """
    if missing := [name for name in sources if name not in reference.points]:
        raise ReferenceError(
            f"The reference has no {' and no '.join(missing)}, which this model reads; "
            "make it again with --model."
        )
    if unknown := sorted(set(reference.mixture) - set(training)):
        raise ReferenceError(
            f"The reference's faces show {', '.join(unknown)}, which this model does not know "
            f"(it knows {', '.join(training)}); make it again with --model."
        )
    half = _HALF[reference.kind]
    belief = np.float32(reference.part * reference.count / (reference.count + half))
    moves = {
        name: belief * (_typical(training, reference.mixture, name) - reference.points[name])
        for name in sources
    }
    if reference.wider is None:
        return moves
    wider = shift(reference.wider, training, sources)
    return {name: move + (1 - belief) * wider[name] for name, move in moves.items()}


def require_unmoved(arrays: Mapping[str, np.ndarray]) -> None:
    """Fail where faces are read against a reference already (ReferenceError)."""
    if "moved" in arrays:
        raise ReferenceError(
            "This set was prepared with --reference: its points are moved already, and would be "
            "moved twice; use --reference none, or prepare it without."
        )


def rest(reference: Reference, training: Mapping[str, Reference]) -> np.ndarray:
    """Return the face at rest that a reference speaks for, float32 (51, 2), normalised.

    Moved as the reference says, it is the training set's mean neutral face.
    """
    return training["neutral"].points["points"] - shift(reference, training, ["points"])["points"]


def shifts(
    references: Sequence[Reference | None],
    training: Mapping[str, Reference],
    sources: Sequence[str],
) -> dict[str, np.ndarray]:
    """Return how far to move each of n faces, float32 (n, 51 or 151, 2); not at all for None."""
    known = {id(one): shift(one, training, sources) for one in references if one is not None}
    first = next(iter(known.values()))
    still = {name: np.zeros_like(first[name]) for name in sources}
    each = [known.get(id(one), still) for one in references]
    return {name: np.stack([moves[name] for moves in each]) for name in sources}


def _typical(training, mixture: Mapping[str, float], name: str) -> np.ndarray:
    """Return the mean face (k, 2) that the training set would have with this mixture."""
    faces = [share * training[label].points[name] for label, share in mixture.items()]
    return np.sum(faces, axis=0, dtype=np.float32)


def _trusted(points: np.ndarray, quality: np.ndarray | None) -> np.ndarray:
    """Return which faces (n,) count: not those that are doubtful or far from all the others."""
    kept = np.ones(len(points), bool)
    if quality is not None and (np.asarray(quality) >= DOUBTFUL).any():
        kept = np.asarray(quality) >= DOUBTFUL
    if kept.sum() >= _FEW:
        apart = np.linalg.norm(points - np.median(points[kept], axis=0), axis=-1).mean(axis=-1)
        kept &= apart <= _FAR * np.median(apart[kept])
    return kept


def _values(reference: Reference) -> dict:
    return {
        "format": _FORMAT,
        "kind": reference.kind,
        "count": reference.count,
        **({"landmarker": reference.landmarker} if reference.landmarker else {}),
        "mixture": {label: round(share, 4) for label, share in reference.mixture.items()},
        "points": {
            name: np.round(points.astype(np.float64), _DECIMALS).tolist()
            for name, points in reference.points.items()
        },
    }


def _read(values: dict) -> Reference:
    if values["format"] != _FORMAT:
        raise ValueError(f"format {values['format']}, but this version reads {_FORMAT}")
    points = {name: np.array(rows, np.float32) for name, rows in values["points"].items()}
    mixture = {label: float(share) for label, share in values["mixture"].items()}
    for name, rows in points.items():
        if rows.shape != (_COUNTS[name], 2) or not np.isfinite(rows).all():
            raise ValueError(f"{name} are of shape {rows.shape}, not {_COUNTS[name]} of x and y")
    total = sum(mixture.values())
    if "points" not in points or values["count"] < 1 or not abs(total - 1) < 0.01:
        raise ValueError(
            f"{sorted(points)} of {values['count']} faces whose mixture sums to {total:.3f}"
        )
    shares = {label: share / total for label, share in mixture.items() if share > 0}
    landmarker = str(values.get("landmarker", ""))
    return Reference(points, shares, int(values["count"]), landmarker=landmarker)
