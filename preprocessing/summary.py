"""What a run of `preprocess` did: the figures for people, `--json` and the manifest."""

import itertools
import platform
from array import array
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version

import cv2
import numpy as np
import pyarrow.compute as pc

from facelines.preprocessing import aspect as aspects
from facelines.preprocessing import shards
from facelines.preprocessing.datasets import Account, Dataset
from facelines.preprocessing.duplicates import count_duplicates
from facelines.preprocessing.executors import ShardError
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.points import POINTS
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.shards import Recipe
from facelines.preprocessing.survey import Dealt
from facelines.preprocessing.tally import Tally


@dataclass(frozen=True)
class Summary:
    """What a run did; the manifest and `--json` hold the same.

    files = files_read + the sum of passed_over, and
    pictures = pictures_with_rows + errors + the sum of left_out, always. A picture is a file that
    is read, a row of a table, a frame of a video, or what a list names and is not there.
    files: below the source, see `datasets.Account`.
    labels: the label set; renamed: names in the source that are spelled otherwise in it.
    left_out: by label, and what is beyond `limit` by split.
    rows: more than pictures_with_rows where a photo holds several faces, or with `framings`.
    coverage: {label: {found, fallback, failed}} in pictures.
    dealt: {split: rows} where the source has no split and `preprocess` dealt one, else {}.
    duplicates: {copies, across_splits, conflicting_labels, excluded} in pictures, see
        `shards.count_duplicates`.
    aspect: {median_ratio, factor}: the faces' `aspect.ratios` before, and how much taller the
        pictures were made.
    digest: of the shards' bytes and the errors, in order.
    rows_sum: of the rows in any order, without their sources (see `shards.rows_sum`).
    seconds, reused_shards: of this run alone.
    changes: {new, changed, gone} in pictures since the last complete run, {} for the first.
    reference: {by, model}, what points and drawings are read against, {} for nothing.
    """

    out: str
    source: str
    format: str
    labels: tuple[str, ...]
    renamed: dict[str, str]
    files: int
    files_read: int
    passed_over: dict[str, int]
    pictures: int
    pictures_with_rows: int
    rows: int
    errors: int
    left_out: dict[str, int]
    coverage: dict[str, dict[str, int]]
    splits: dict[str, int]
    dealt: dict[str, int]
    duplicates: dict[str, int]
    aspect: dict[str, float]
    digest: str
    rows_sum: str
    seconds: float
    reused_shards: int
    changes: dict[str, int]
    reference: dict[str, str]


@dataclass(frozen=True)
class Run:
    """A run whose shards are all there.

    beyond: the pictures beyond its limit, by what they are counted as.
    """

    dataset: Dataset
    folder: Folder
    account: Account
    recipe: Recipe
    tally: Tally
    dealt: Dealt
    beyond: Counter

    def rows(self) -> Rows:
        """Return the rows of all shards, in the source's order."""
        return Rows(self.folder, [shard.file for shard in self.tally.shards])


def summarise(
    run: Run, *, changes: dict[str, int], reference: dict[str, str], seconds: float
) -> Summary:
    """Return what a run did.

    Raises:
        ShardError: its counts do not add up.
    """
    dataset, tally, rows = run.dataset, run.tally, run.rows()
    left_out = tally.left_out + run.beyond
    pictures = tally.pictures + run.beyond.total()
    if pictures != tally.with_rows + tally.errors + left_out.total():
        raise ShardError(
            f"{pictures} pictures in, but {tally.with_rows} with rows, {tally.errors} errors and "
            f"{left_out.total()} left out; this is a bug, please report it."
        )
    return Summary(
        out=str(run.folder),
        source=dataset.name,
        format=dataset.format,
        labels=run.recipe.labels,
        renamed=dataset.renamed,
        files=run.account.files,
        files_read=run.account.read,
        passed_over=run.account.passed_over,
        pictures=pictures,
        pictures_with_rows=tally.with_rows,
        rows=tally.rows,
        errors=tally.errors,
        left_out=dict(sorted(left_out.items())),
        coverage=_coverage(tally, run.recipe.labels),
        splits=dict(sorted(tally.splits.items())),
        dealt=dict(tally.splits) if run.dealt.splits else {},
        duplicates=count_duplicates(rows),
        aspect=_aspect(rows, run.recipe.aspect),
        digest=tally.digest(),
        rows_sum=f"{tally.sum:064x}",
        seconds=round(seconds, 2),
        reused_shards=tally.reused,
        changes=changes,
        reference=reference,
    )


def _coverage(tally: Tally, labels: tuple[str, ...]) -> dict[str, dict[str, int]]:
    return {
        label: {name: tally.coverage[label][name] for name in ("found", "fallback", "failed")}
        for label in [*labels, shards.UNLABELLED]
        if label in tally.coverage
    }


def beyond(dataset: Dataset, limit: int | None) -> Counter:
    """Count what is beyond the limit, by split: a split may be there as a whole."""
    if limit is None:
        return Counter()
    by_split = Counter(
        getattr(item, "split", "errors")
        for item in itertools.islice(dataset.samples(), limit, None)
    )
    return Counter({f"beyond --limit, {split}": n for split, n in by_split.items()})


def _aspect(rows: Rows, factor: float) -> dict[str, float]:
    """Return {median_ratio, factor}, the first of the pictures as they were."""
    ratios = array("d")
    for table in rows.tables(["points", "framing"]):
        points = table.filter(pc.equal(table["framing"], 0))["points"].combine_chunks()
        faces = points.flatten().to_numpy().reshape(-1, POINTS, 2)
        ratios.frombytes(aspects.ratios(faces).tobytes())
    median = float(np.median(ratios)) / factor if ratios else aspects.FER2013_RATIO
    return {"median_ratio": round(median, 3), "factor": factor}


def manifest(plan: dict, summary: Summary, tally: Tally) -> dict:
    """Return what stands in OUT once it is complete."""
    return {
        "plan": plan,
        "labels": plan["labels"],
        "summary": {key: value for key, value in asdict(summary).items() if key != "out"},
        "bytes": dict(tally.bytes),
        "shards": [
            {"file": shard.file, "rows": shard.rows, "sha256": shard.sha256}
            for shard in tally.shards
        ],
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "pyarrow", "pillow")}
        | {"opencv": cv2.__version__},
    }
