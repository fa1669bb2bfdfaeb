"""`facelines preprocess`: a face data set -> OUT, a folder of landmark images ready to train on.

OUT holds data/*.parquet (the rows) and _about/ (manifest, errors, contact sheet, card, and receipts
by which the same command goes on where it stopped, and does only what is new); see `layout`. The
manifest is written last: a folder with one is complete. Nothing here grows with the set but a few
bytes a picture.
"""

import contextlib
import hashlib
import itertools
import json
import platform
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pyarrow.dataset as ds
from tqdm import tqdm

from facelines import shape_predictor
from facelines.preprocessing import aspect as aspects
from facelines.preprocessing import (
    contact_sheet,
    dataset_card,
    datasets,
    executors,
    export,
    faces,
    labels,
    layout,
    shards,
    splits,
    survey,
)
from facelines.preprocessing.datasets import Account, Dataset
from facelines.preprocessing.duplicates import count_duplicates
from facelines.preprocessing.executors import ShardError
from facelines.preprocessing.files import shown
from facelines.preprocessing.layout import Folder, LocalFolder, open_folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import read_json, rows_of
from facelines.preprocessing.samples import EVALUATION_SPLITS, DatasetError, Sample
from facelines.preprocessing.shards import Recipe
from facelines.preprocessing.tally import Tally

_NO_ERRORS = hashlib.sha256(b"[]").hexdigest()


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
    aspect: {median_ratio, factor}: the faces' `aspect.ratio` before, and how much taller the
        pictures were made.
    digest: of the shards' bytes and the errors, in order.
    rows_sum: of the rows in any order, without their sources (see `shards.rows_sum`).
    seconds, reused_shards: of this run alone.
    changes: {new, changed, gone} in pictures since the last complete run, {} for the first.
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


def preprocess(
    source: str | Path,
    out: str | Path,
    pipeline: Pipeline | None = None,
    *,
    classes: int | None = None,
    format: str | None = None,
    ferplus: str | Path | None = None,
    labels_from: str | Path | None = None,
    subject_from: str | None = None,
    largest: bool = False,
    framings: int = 0,
    aspect: str | float = 1.0,
    every: int = 1,
    limit: int | None = None,
    workers: int = 1,
    engine: str = "processes",
    export_as: str | None = None,
    overwrite: bool = False,
    shard_samples: int = executors.SHARD_SAMPLES,
    split_seed: int = splits.SEED,
) -> Summary:
    """Prepare a data set; run again after an interruption it does only what is missing.

    Args:
        source, format, ferplus, every, labels_from, subject_from: see `datasets.open_dataset`.
        out: a new folder, or one that this very command has begun; a path or an fsspec URL.
        classes: 3, 6 or 7 emotions; pictures of other labels are counted and left out. By default
            the source's own labels where they are not emotions, else 6.
        framings: so many randomly reframed copies of every training picture follow it, for
            training (see `framings.reframed`).
        aspect: how much taller each picture is made, or `aspect.AUTO` (see `aspect.factor_of`).
        limit: only the first so many pictures; the others are counted as left out.
        workers, engine: see `executors.run_shards`.
        shard_samples: about so many pictures a shard (see `shards.batches`).
        split_seed: of the split that is dealt to labelled pictures that come with none.
        export_as: one of `export.KINDS`, written to OUT as well.
        overwrite: replace what another command prepared in OUT.

    Raises:
        DatasetError: the source cannot be used, or OUT holds something else.
        ShardError: the run broke off; run again to go on.
        BlockingIOError: another run writes to OUT.
        OSError: OUT cannot be written, or a model file is missing.
    """
    pipeline = pipeline or Pipeline()
    folder = open_folder(out)
    local = isinstance(folder, LocalFolder)
    if export_as and not local:
        raise DatasetError(f"{out}: a URL, but --export writes to folders of this machine alone.")
    dataset = datasets.open_dataset(
        source, format, ferplus, every,
        labels_from=labels_from, subject_from=subject_from,
        skip=(folder.root,) if local else (),
    )  # fmt: skip
    check_models(pipeline)
    label_set = labels.label_set(classes or 6) if classes or not dataset.labels else dataset.labels
    plan = _plan(
        dataset, pipeline, label_set, largest, framings, aspect, limit, shard_samples, split_seed
    )
    _check_folder(folder)
    if local:
        folder.root.mkdir(parents=True, exist_ok=True)
    with layout.locked(folder.root) if local else contextlib.nullcontext():
        _claim(folder, plan, overwrite)
        return _prepare(dataset, folder, plan, pipeline, workers, engine, export_as)


def _prepare(
    dataset: Dataset,
    folder: Folder,
    plan: dict,
    pipeline: Pipeline,
    workers: int,
    engine: str,
    export_as: str | None,
) -> Summary:
    started, account = time.monotonic(), dataset.account()
    recipe = Recipe(
        pipeline,
        tuple(plan["labels"]),
        cropped=dataset.already_cropped,
        largest=plan["largest"] or (dataset.one_face and not dataset.already_cropped),
        aspect=_factor(dataset, pipeline, plan["aspect"], plan["limit"]),
        framings=plan["framings"],
    )
    folder.remove(layout.MANIFEST)  # until this run has completed the set

    def samples():
        return itertools.islice(dataset.samples(), plan["limit"])

    contents = survey.count(samples())
    dealt = survey.Dealt({})
    if contents.labelled and not contents.split:
        dealt = survey.deal(
            samples,
            folder,
            pictures=contents.pictures,
            size=plan["shard_samples"],
            workers=workers,
            seed=plan["split_seed"],
        )
    changes, tally = survey.Changes(), Tally()
    with tqdm(total=contents.pictures, unit="img", file=sys.stderr) as progress:
        for evaluated in (True, False):  # first the splits that training must not see
            items = dealt.apply(changes.watch(samples()) if evaluated else samples())
            batches = (
                batch
                for batch in shards.batches(items, plan["shard_samples"])
                if (batch.split in EVALUATION_SPLITS) == evaluated
            )
            recipe = replace(recipe, evaluation=frozenset(tally.evaluated))
            for done in executors.run_shards(
                batches, recipe, folder, workers=workers, engine=engine
            ):
                tally.add(done)
                progress.update(done.receipt["pictures"])
    tally.shards.sort()
    _remove_stale(folder, tally)
    _write_errors(folder, tally)
    rows = rows_of(folder, [shard.file for shard in tally.shards])
    summary = _summary(
        dataset, folder, account, recipe, tally, _beyond(dataset, plan["limit"]), rows,
        dealt, changes.since(folder), started,
    )  # fmt: skip
    contact_sheet.write(folder, rows, dataset, recipe.labels, recipe.aspect)
    if export_as:
        export.remove(folder.root)
        export.write(folder.root / export_as, rows, export_as)
    if dealt.splits:
        dealt.write(folder)
    changes.write(folder)
    manifest = _manifest(plan, summary, tally)
    dataset_card.write(folder, manifest)
    folder.write(layout.MANIFEST, _to_json(manifest))
    return summary


def _beyond(dataset: Dataset, limit: int | None) -> Counter:
    """Count what is beyond the limit, by split: a split may be there as a whole."""
    if limit is None:
        return Counter()
    splits = Counter(
        getattr(item, "split", "errors")
        for item in itertools.islice(dataset.samples(), limit, None)
    )
    return Counter({f"beyond --limit, {split}": n for split, n in splits.items()})


def check_models(pipeline: Pipeline) -> None:
    """Fail at once, not at every picture, where a model file is missing (FileNotFoundError)."""
    shape_predictor.find()
    faces.detect(np.zeros((64, 64), np.uint8), pipeline.detector, pipeline.min_score)


def _plan(
    dataset: Dataset,
    pipeline: Pipeline,
    label_set: tuple[str, ...],
    largest: bool,
    framings: int,
    aspect: str | float,
    limit: int | None,
    shard_samples: int,
    split_seed: int,
) -> dict:
    """Return what makes two runs the same: a run goes on only in a folder of an equal plan."""
    return {
        "source": dataset.name,
        "format": dataset.format,
        "ferplus": dataset.ferplus and dataset.ferplus.name,
        "every": dataset.every,
        "labels": list(label_set),
        "labels_from": [list_.name for list_ in _label_lists(dataset)],
        "subject_from": dataset.subject_from,
        "largest": largest,
        "framings": framings,
        "aspect": aspect,
        "limit": limit,
        "shard_samples": shard_samples,
        "split_seed": split_seed,
        "pipeline": asdict(pipeline),
        "fingerprint": pipeline.fingerprint(),
        "landmark_file": shape_predictor.sha256(shape_predictor.find()),
        "version": shards.VERSION,
    }


def _label_lists(dataset: Dataset) -> tuple[Path, ...]:
    known = dataset.recognised.labels
    return known.lists if known and dataset.format == "list" else ()


def _check_folder(folder: Folder) -> None:
    """Raise a DatasetError where OUT is a file, or holds what is not ours."""
    if isinstance(folder, LocalFolder) and folder.root.exists() and not folder.root.is_dir():
        raise DatasetError(f"{shown(folder.root)}: is a file; give a folder to write to.")
    if folder.exists(layout.PLAN) or folder.exists(layout.OLD_PLAN):
        return
    if any(name != layout.LOCK and not layout.is_ours(name) for name in folder.names()):
        raise DatasetError(
            f"{shown(str(folder))}: not empty and not a prepared set; "
            "give a new folder to write to."
        )


def _factor(dataset: Dataset, pipeline: Pipeline, wanted: str | float, limit: int | None) -> float:
    """Return how much taller pictures are made: only those that are one face each."""
    if not dataset.already_cropped or wanted != aspects.AUTO:
        return aspects.factor_of(wanted if dataset.already_cropped else 1, 1.0)
    items = itertools.islice(dataset.samples(), limit)
    samples = [item for item in items if isinstance(item, Sample)]
    return aspects.factor_of(wanted, aspects.median_ratio(samples, pipeline))


def _aspect(rows: ds.Dataset, factor: float) -> dict[str, float]:
    """Return {median_ratio, factor}, the first of the pictures as they were."""
    as_they_are = rows.to_batches(columns=["points"], filter=ds.field("framing") == 0)
    ratios = [
        aspects.ratio(np.reshape(points, (-1, 2)))
        for batch in as_they_are
        for points in batch["points"].to_pylist()
    ]
    median = float(np.median(ratios)) / factor if ratios else aspects.FER2013_RATIO
    return {"median_ratio": round(median, 3), "factor": factor}


def _claim(folder: Folder, plan: dict, overwrite: bool) -> None:
    """Make OUT ours: new, or of the same plan; what else is in it stays as it is."""
    plan_name = next(filter(folder.exists, (layout.PLAN, layout.OLD_PLAN)), None)
    if plan_name:
        before = read_json(folder, plan_name)
        if not isinstance(before, dict):
            raise DatasetError(
                f"{folder}/{plan_name}: not written by preprocess; give another folder."
            )
        if before != plan and not overwrite:
            names = [name for name in plan if before.get(name) != plan[name]]
            changes = ", ".join(f"{name} {_short(before.get(name))}" for name in names)
            raise DatasetError(
                f"{folder}: prepared with another {changes}; "
                "give another folder, or --overwrite to replace it."
            )
        if before != plan:
            _clear(folder)
    folder.write(layout.PLAN, _to_json(plan))


def _short(value) -> str:
    text = "settings" if isinstance(value, dict) else repr(value)
    return text if len(text) < 40 else text[:37] + "..."


def _clear(folder: Folder) -> None:
    """Remove what another command prepared, and nothing that is not ours."""
    _remove_stale(folder, Tally())
    if isinstance(folder, LocalFolder):
        export.remove(folder.root)
    for name in layout.WRITTEN:
        folder.remove(name)


def _remove_stale(folder: Folder, tally: Tally) -> None:
    """Remove what a killed run left half written, and the shards of pictures that have changed."""
    kept = {shard.file for shard in tally.shards}
    kept |= {layout.receipt_file(shard.name) for shard in tally.shards}
    for name in list(folder.names()):
        survey_of_now = tally.shards and name.startswith(layout.SURVEYS)
        if layout.is_ours(name) and name not in kept and not survey_of_now:
            folder.remove(name)


def _write_errors(folder: Folder, tally: Tally) -> None:
    lines = []
    for shard in tally.shards:
        if shard.errors_sha256 != _NO_ERRORS:
            receipt = json.loads(folder.read(layout.receipt_file(shard.name)))
            lines += [json.dumps(error) + "\n" for error in receipt["errors"]]
    folder.write(layout.ERRORS, "".join(lines).encode())


def _summary(
    dataset, folder, account: Account, recipe, tally, beyond, rows, dealt, changes, started
) -> Summary:
    left_out = tally.left_out + beyond
    pictures = tally.pictures + beyond.total()
    if pictures != tally.with_rows + tally.errors + left_out.total():
        raise ShardError(
            f"{pictures} pictures in, but {tally.with_rows} with rows, {tally.errors} errors and "
            f"{left_out.total()} left out; this is a bug, please report it."
        )
    order = [*recipe.labels, shards.UNLABELLED]
    return Summary(
        out=str(folder),
        source=dataset.name,
        format=dataset.format,
        labels=recipe.labels,
        renamed=dataset.renamed,
        files=account.files,
        files_read=account.read,
        passed_over=account.passed_over,
        pictures=pictures,
        pictures_with_rows=tally.with_rows,
        rows=tally.rows,
        errors=tally.errors,
        left_out=dict(sorted(left_out.items())),
        coverage={
            label: {name: tally.coverage[label][name] for name in ("found", "fallback", "failed")}
            for label in order
            if label in tally.coverage
        },
        splits=dict(sorted(tally.splits.items())),
        dealt=dict(tally.splits) if dealt.splits else {},
        duplicates=count_duplicates(rows),
        aspect=_aspect(rows, recipe.aspect),
        digest=tally.digest(),
        rows_sum=f"{tally.sum:064x}",
        seconds=round(time.monotonic() - started, 2),
        reused_shards=tally.reused,
        changes=changes,
    )


def _manifest(plan: dict, summary: Summary, tally: Tally) -> dict:
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


def _to_json(value) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
