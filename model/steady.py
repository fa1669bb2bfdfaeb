"""One label over time: held against flicker, given up as soon as another is clearly ahead. No I/O.

Probabilities of a talking face cross each other several times a second; whoever reads the label
wants to know what lasts. So the label follows the mean of the last moments, and changes only
where another's mean leads by a margin. Where even that happens all the time each label stays for
two seconds: nobody reads more than thirty a minute.
"""

from collections import deque

import numpy as np

WINDOW_SECONDS = 0.4  # what the mean is taken of
MARGIN = 0.1  # by which another label's mean must lead, and the shown one's fall to be uncertain
HELD_SECONDS = 0.5  # at least, before another label is shown
BUSY_CHANGES, BUSY_SECONDS = 3, 6.0  # so many within this time, and each label stays longer:
BUSY_HELD_SECONDS = BUSY_SECONDS / BUSY_CHANGES
_FORGET_SECONDS = 1.0  # after a longer gap the past says nothing about the present


class HeldLabel:
    """Holds the label of one face. Shown its frames in order, it says what to show for each.

    certain: whether the label's mean reaches `uncertain_below`; once it does, it may fall a
        margin lower.

    >>> held = HeldLabel(("happy", "sad"), uncertain_below=0.3)
    >>> held([0.8, 0.2], 0.0)
    'happy'
    >>> held([0.4, 0.6], 0.04)  # the mean is still happy's
    'happy'
    """

    def __init__(self, labels: tuple[str, ...], uncertain_below: float):
        self.certain = False
        self._labels = labels
        self._uncertain_below = uncertain_below
        self._recent: deque[tuple[float, np.ndarray]] = deque()
        self._shown: int | None = None
        self._changes: deque[float] = deque(maxlen=BUSY_CHANGES)

    def __call__(self, probabilities: np.ndarray, seconds: float) -> str:
        """Return the label to show for the next frame.

        Args:
            probabilities: float (n,), in the order of the labels, of this frame alone.
            seconds: when it was taken, on any clock that does not go back.
        """
        mean = self._mean(np.asarray(probabilities, np.float64), seconds)
        best = int(np.argmax(mean))
        if self._shown is None or self._gives_way(mean[best] - mean[self._shown], seconds):
            self._shown, self.certain = best, False
            self._changes.append(seconds)
        slack = MARGIN if self.certain else 0.0
        self.certain = bool(mean[self._shown] >= self._uncertain_below - slack)
        return self._labels[self._shown]

    def _gives_way(self, lead: float, seconds: float) -> bool:
        full = len(self._changes) == BUSY_CHANGES
        busy = full and seconds - self._changes[0] < BUSY_SECONDS
        held = BUSY_HELD_SECONDS if busy else HELD_SECONDS
        return lead > MARGIN and seconds - self._changes[-1] >= held

    def _mean(self, probabilities: np.ndarray, seconds: float) -> np.ndarray:
        if self._recent and not 0 <= seconds - self._recent[-1][0] < _FORGET_SECONDS:
            self._recent.clear()
            self._changes.clear()
            self._shown = None
        self._recent.append((seconds, probabilities))
        while seconds - self._recent[0][0] > WINDOW_SECONDS:
            self._recent.popleft()
        return np.mean([one for _, one in self._recent], axis=0)
