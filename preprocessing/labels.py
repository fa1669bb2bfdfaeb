"""Label sets, and every data set's own names and codes, in one place.

Three label orders are in public use (FER2013's, alphabetical, FER+'s). Everything past
this module names emotions by string; an order exists only inside a label set.
"""

from collections.abc import Iterable

import numpy as np

LABEL_SETS = {
    6: ("angry", "fear", "happy", "neutral", "sad", "surprise"),
    7: ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    3: ("happy", "neutral", "sad"),
}

# The integer codes of fer2013.csv and icml_face_data.csv.
FER2013_CODES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# The vote columns of fer2013new.csv (FER+), in our spelling.
FERPLUS_COLUMNS = (
    "neutral", "happy", "surprise", "sad", "angry", "disgust",
    "fear", "contempt", "unknown", "not a face",
)  # fmt: skip

# RAF-DB's codes start at 1.
RAFDB_CODES = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")

_SPELLINGS = {
    "anger": "angry", "angry": "angry",
    "disgust": "disgust", "disgusted": "disgust",
    "fear": "fear", "fearful": "fear", "afraid": "fear",
    "happy": "happy", "happiness": "happy", "joy": "happy",
    "sad": "sad", "sadness": "sad",
    "surprise": "surprise", "surprised": "surprise",
    "neutral": "neutral", "neutrality": "neutral",
    "contempt": "contempt",
}  # fmt: skip


def canonical(name: str) -> str | None:
    """Return our spelling of an emotion's name (`anger` -> `angry`), None if unknown."""
    return _SPELLINGS.get(name.strip().lower())


def label_set(classes: int) -> tuple[str, ...]:
    """Return the label set of 3, 6 or 7 classes, in its fixed alphabetical order.

    Raises:
        ValueError: there is no such set.
    """
    if classes not in LABEL_SETS:
        raise ValueError(f"No label set of {classes} classes; expected one of 3, 6, 7.")
    return LABEL_SETS[classes]


def label_indices(names: Iterable[str], labels: tuple[str, ...]) -> np.ndarray:
    """Return the places of labels' names within a label set, int (n,).

    Raises:
        ValueError: a name outside the set.
    """
    names = list(names)
    if unknown := set(names) - set(labels):
        raise ValueError(f"Labels {sorted(unknown)} are not among {labels}.")
    return np.array([labels.index(name) for name in names], dtype=np.intp)


def ferplus_majority(votes, labels) -> str | None:
    """Return the FER+ majority label, or None where it is not one of `labels`.

    Args:
        votes: ten counts in the order of FERPLUS_COLUMNS.
        labels: the label set; other columns (contempt, unknown, not a face) win nothing,
            they only make the image one without a label.

    The majority rule is that of Barsoum et al. 2016: the most votes win, and an image whose
    winner is unknown, not a face or tied has no label.
    """
    best = max(votes)
    winners = [name for name, count in zip(FERPLUS_COLUMNS, votes, strict=True) if count == best]
    if best == 0 or len(winners) != 1 or winners[0] not in labels:
        return None
    return winners[0]
