"""A set that names persons and has no split of its own is dealt to folds, person by person."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from facelines.preprocessing.samples import PassedOver, ReadError, Sample

FOLDS = 10


def in_folds(
    rows: Iterable[Sample | ReadError | PassedOver],
) -> Iterator[Sample | ReadError | PassedOver]:
    """Yield the rows with their splits set to fold0 ... fold9 by subject, never by picture.

    The sorted subjects are dealt to the folds in turn, so all have the same number of them,
    give or take one. A sample without a subject keeps its split.
    """
    rows = list(rows)
    subjects = sorted({row.subject for row in rows if isinstance(row, Sample)} - {None})
    folds = {subject: f"fold{index % FOLDS}" for index, subject in enumerate(subjects)}
    for row in rows:
        if isinstance(row, Sample) and row.subject is not None:
            yield replace(row, split=folds[row.subject])
        else:
            yield row
