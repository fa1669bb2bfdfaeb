"""What a training is given to learn from and to be tested on."""

from dataclasses import dataclass

from facelines.model.sources import Arrays
from facelines.preprocessing.pipeline import Pipeline


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be tested on, all labelled within `labels`.

    train, test: arrays as from `prepared.load_prepared`.
    pipeline: the recipe that the rows were made with.
    """

    train: Arrays
    test: Arrays
    labels: tuple[str, ...]
    pipeline: Pipeline
