"""Whether a face's part of the picture is as it was when its points were last read. No web."""

import cv2
import numpy as np

from facelines.preprocessing.faces import Box

_CELLS = 16  # a side; each is the mean of many pixels, which a camera's noise hardly changes
_CHANGED = 3.0  # gray levels of one cell; an eyelid or a lip changes its cells by 5 and more
_FRAMES = 4  # in a row that may go unread


class Stillness:
    """Remembers how a face looked when it was read, and tells whether it still looks so."""

    def __init__(self):
        self._cells: np.ndarray | None = None
        self._unread = 0

    def remember(self, gray: np.ndarray, box: Box) -> None:
        """Take in the picture, uint8 (H, W), in which a face was read, and the face's place."""
        height, width = gray.shape
        left, top = max(0, round(box.x_min)), max(0, round(box.y_min))
        right, bottom = min(width, round(box.x_max)), min(height, round(box.y_max))
        self._region = slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))
        self._cells = self._look(gray)
        self._unread = 0

    def lasts(self, gray: np.ndarray) -> bool:
        """Tell whether the next frame shows the face unchanged; True a few times in a row only."""
        if self._cells is None or self._unread >= _FRAMES:
            return False
        cells = self._look(gray)
        if cells is None or np.abs(cells - self._cells).max() >= _CHANGED:
            return False
        self._unread += 1
        return True

    def _look(self, gray: np.ndarray) -> np.ndarray | None:
        region = gray[self._region]
        if not region.size:
            return None
        # To float first: whole gray levels are too coarse for a mean.
        return cv2.resize(region.astype(np.float32), (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
