"""Facelines in a Ray Data pipeline: `dataset.map_batches(Recognize, fn_constructor_args=...)`.

Ray itself is not imported: what follows is a plain callable on batches of columns, so it can be
tried without a cluster. See docs/scale.md.
"""

import numpy as np

from facelines.model.recognizer import Recognizer
from facelines.preprocessing.images import ImageError, decode_gray


class Recognize:
    """Reads the faces of a batch of encoded pictures; one instance a worker loads its model once.

    A row comes out for every face: the picture's other columns, and face (its place among the
    picture's, best first), emotion, confidence, probabilities float32 (n,), box float32 (4,),
    quality and error. A picture without a face, or that cannot be decoded, has one row with face
    -1 and the reason in `error`: nothing is dropped.
    """

    def __init__(self, model: str = "landmark-ferplus", column: str = "bytes"):
        """Load a model.

        Args:
            model: a released name or an artifact's folder, there on every machine.
            column: the column that holds each picture as a file's bytes.

        Raises:
            ArtifactError: there is no such model.
        """
        self._recognizer = Recognizer.load(model)
        self._column = column

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return a batch with a row for every face.

        Raises:
            ValueError: the batch has no column of this name.
        """
        if self._column not in batch:
            raise ValueError(
                f"The batch has no column {self._column!r}, only {', '.join(batch)}; name the "
                "pictures' with Recognize's `column`."
            )
        rows, places = [], []
        for place, data in enumerate(batch[self._column]):
            for row in self._rows(bytes(data)):
                rows.append(row)
                places.append(place)
        others = {
            name: np.asarray(values)[places]
            for name, values in batch.items()
            if name != self._column
        }
        return others | {name: np.array([row[name] for row in rows]) for name in _EMPTY}

    def _rows(self, data: bytes) -> list[dict]:
        nothing = _EMPTY | {"probabilities": np.zeros(len(self._recognizer.labels), np.float32)}
        try:
            predictions = self._recognizer(decode_gray(data))
        except ImageError as error:
            return [nothing | {"error": str(error)}]
        if not predictions:
            return [nothing | {"error": "no face found"}]
        return [
            {
                "face": face,
                "emotion": prediction.emotion,
                "confidence": np.float32(prediction.confidence),
                "probabilities": prediction.probabilities,
                "box": np.array(prediction.face.box.corners, np.float32),
                "quality": np.float32(prediction.face.quality),
                "error": "",
            }
            for face, prediction in enumerate(predictions)
        ]


_EMPTY = {
    "face": -1,
    "emotion": "",
    "confidence": np.float32(0),
    "probabilities": np.empty(0, np.float32),
    "box": np.zeros(4, np.float32),
    "quality": np.float32(0),
    "error": "",
}
