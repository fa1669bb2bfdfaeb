"""`run.py preprocess`: a face data set -> OUT, a folder of landmark images ready to train on.

OUT holds data/*.parquet (the rows), manifest.json (what was done, counts, digests), errors.jsonl,
contact_sheet.png, and receipts/ and plan.json, by which the same command goes on where it
stopped. The manifest is written last: a folder with one is complete.
"""

import hashlib
import itertools
import json
import platform
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pyarrow.compute as pc
from tqdm import tqdm

from facelines import shape_predictor
from facelines.preprocessing import aspect as aspects
from facelines.preprocessing import (
    contact_sheet,
    datasets,
    executors,
    export,
    faces,
    labels,
    layout,
    shards,
)
from facelines.preprocessing.datasets import Account, Dataset
from facelines.preprocessing.executors import ShardError
from facelines.preprocessing.files import is_url, shown
from facelines.preprocessing.layout import write_atomically
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import read_json, read_rows
from facelines.preprocessing.samples import DatasetError, Sample
from facelines.preprocessing.shards import Recipe


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
    duplicates: {copies, across_splits, conflicting_labels, excluded} in pictures, see
        `shards.count_duplicates`.
    aspect: {median_ratio, factor}: the faces' `aspect.ratio` before, and how much taller the
        pictures were made.
    digest: of the shards' bytes and the errors, in order.
    rows_sum: of the rows in any order, without their sources (see `shards.rows_sum`).
    seconds, reused_shards: of this run alone.
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
    duplicates: dict[str, int]
    aspect: dict[str, float]
    digest: str
    rows_sum: str
    seconds: float
    reused_shards: int


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
) -> Summary:
    """Prepare a data set; run again after an interruption it does only what is missing.

    Args:
        source, format, ferplus, every, labels_from, subject_from: see `datasets.open_dataset`.
        out: a new folder, or one that this very command has begun.
        classes: 3, 6 or 7 emotions; pictures of other labels are counted and left out. By default
            the source's own labels where they are not emotions, else 6.
        framings: so many randomly reframed copies of every training picture follow it, for
            training (see `framings.reframed`).
        aspect: how much taller each picture is made, or `aspect.AUTO` (see `aspect.factor_of`).
        limit: only the first so many pictures; the others are counted as left out.
        workers, engine, shard_samples: see `executors.run_shards`.
        export_as: one of `export.KINDS`, written to OUT as well.
        overwrite: replace what another command prepared in OUT.

    Raises:
        DatasetError: the source cannot be used, or OUT holds something else.
        ShardError: the run broke off; run again to go on.
        BlockingIOError: another run writes to OUT.
        OSError: OUT cannot be written, or a model file is missing.
    """
    pipeline = pipeline or Pipeline()
    if is_url(out):
        raise DatasetError(f"{out}: a URL; expected a folder of this machine to write to.")
    out = Path(out)
    dataset = datasets.open_dataset(
        source, format, ferplus, every,
        labels_from=labels_from, subject_from=subject_from, skip=(out,),
    )  # fmt: skip
    check_models(pipeline)
    label_set = labels.label_set(classes or 6) if classes or not dataset.labels else dataset.labels
    plan = _plan(dataset, pipeline, label_set, largest, framings, aspect, limit, shard_samples)
    _check_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    with layout.locked(out):
        _claim(out, plan, overwrite)
        return _prepare(dataset, out, plan, pipeline, workers, engine, export_as)


def _prepare(
    dataset: Dataset,
    out: Path,
    plan: dict,
    pipeline: Pipeline,
    workers: int,
    engine: str,
    export_as: str | None,
) -> Summary:
    started = time.monotonic()
    count, evaluation = shards.survey(dataset.samples())
    limit, account = plan["limit"], dataset.account()
    recipe = Recipe(
        pipeline,
        tuple(plan["labels"]),
        cropped=dataset.already_cropped,
        largest=plan["largest"] or (dataset.one_face and not dataset.already_cropped),
        aspect=_factor(dataset, pipeline, plan["aspect"], limit),
        framings=plan["framings"],
        evaluation=evaluation,
    )
    (out / "manifest.json").unlink(missing_ok=True)  # until this run has completed the set
    receipts, reused = [], 0
    with tqdm(total=min(count, limit or count), unit="img", file=sys.stderr) as progress:
        for receipt, was_there in executors.run_shards(
            itertools.islice(dataset.samples(), limit),
            recipe,
            out,
            workers=workers,
            engine=engine,
            shard_samples=plan["shard_samples"],
        ):
            receipts.append(receipt)
            reused += was_there
            progress.update(receipt["pictures"])
    receipts.sort(key=lambda receipt: receipt["index"])
    _remove_stale(out, len(receipts))
    _write_errors(out, receipts)
    table = read_rows(out, len(receipts))
    beyond = _beyond(dataset, limit)
    summary = _summary(out, dataset, account, recipe, receipts, beyond, table, reused, started)
    as_they_are = table.filter(pc.equal(table["framing"], 0))
    contact_sheet.write(
        out / "contact_sheet.png", as_they_are, dataset, recipe.labels, recipe.aspect
    )
    if export_as:
        export.remove(out)
        export.write(out / export_as, as_they_are, export_as)
    _write_manifest(out, plan, summary, receipts)
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
        "pipeline": asdict(pipeline),
        "fingerprint": pipeline.fingerprint(),
        "landmark_file": shape_predictor.sha256(shape_predictor.find()),
        "version": shards.VERSION,
    }


def _label_lists(dataset: Dataset) -> tuple[Path, ...]:
    known = dataset.recognised.labels
    return known.lists if known and dataset.format == "list" else ()


def _check_folder(out: Path) -> None:
    """Raise a DatasetError where OUT is a file, or holds what is not ours."""
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{shown(out)}: is a file; give a folder to write to.")
    if not out.is_dir() or (out / "plan.json").is_file():
        return
    if any(path.name != layout.LOCK and not layout.is_ours(path) for path in out.iterdir()):
        raise DatasetError(
            f"{shown(out)}: not empty and not a prepared set; give a new folder to write to."
        )


def _factor(dataset: Dataset, pipeline: Pipeline, wanted: str | float, limit: int | None) -> float:
    """Return how much taller pictures are made: only those that are one face each."""
    if not dataset.already_cropped or wanted != aspects.AUTO:
        return aspects.factor_of(wanted if dataset.already_cropped else 1, 1.0)
    items = itertools.islice(dataset.samples(), limit)
    samples = [item for item in items if isinstance(item, Sample)]
    return aspects.factor_of(wanted, aspects.median_ratio(samples, pipeline))


def _aspect(table, factor: float) -> dict[str, float]:
    """Return {median_ratio, factor}, the first of the pictures as they were."""
    points = table.filter(pc.equal(table["framing"], 0))["points"].to_pylist()
    ratios = [aspects.ratio(np.reshape(face, (-1, 2))) for face in points]
    median = float(np.median(ratios)) / factor if ratios else aspects.FER2013_RATIO
    return {"median_ratio": round(median, 3), "factor": factor}


def _claim(out: Path, plan: dict, overwrite: bool) -> None:
    """Make OUT ours: new, or of the same plan; what else is in it stays as it is."""
    plan_file = out / "plan.json"
    if plan_file.is_file():
        before = read_json(plan_file)
        if not isinstance(before, dict):
            raise DatasetError(f"{plan_file}: not written by preprocess; give another folder.")
        if before != plan and not overwrite:
            names = [name for name in plan if before.get(name) != plan[name]]
            changes = ", ".join(f"{name} {_short(before.get(name))}" for name in names)
            raise DatasetError(
                f"{out}: prepared with another {changes}; "
                "give another folder, or --overwrite to replace it."
            )
        if before != plan:
            _clear(out)
    write_atomically(plan_file, _to_json(plan))


def _short(value) -> str:
    text = "settings" if isinstance(value, dict) else repr(value)
    return text if len(text) < 40 else text[:37] + "..."


def _clear(out: Path) -> None:
    """Remove what another command prepared, and nothing that is not ours."""
    _remove_stale(out, 0)
    export.remove(out)
    for name in ("manifest.json", "errors.jsonl", "contact_sheet.png", "plan.json"):
        (out / name).unlink(missing_ok=True)


def _remove_stale(out: Path, count: int) -> None:
    """Remove what a killed run left half written, and shards of a source that was longer."""
    kept = {layout.shard_file(out, index) for index in range(count)}
    kept |= {layout.receipt_file(out, index) for index in range(count)}
    for folder in (out / "data", out / "receipts", out):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path not in kept and layout.is_ours(path):
                path.unlink()


def _write_errors(out: Path, receipts: list[dict]) -> None:
    lines = [json.dumps(error) + "\n" for receipt in receipts for error in receipt["errors"]]
    write_atomically(out / "errors.jsonl", "".join(lines).encode())


def _summary(
    out, dataset, account: Account, recipe, receipts, beyond, table, reused, started
) -> Summary:
    left_out, coverage = Counter(beyond), defaultdict(Counter)
    for receipt in receipts:
        left_out.update(receipt["left_out"])
        for label, seen in receipt["coverage"].items():
            coverage[label].update(seen)
    pictures = sum(receipt["pictures"] for receipt in receipts) + beyond.total()
    errors = sum(len(receipt["errors"]) for receipt in receipts)
    first = pc.and_(pc.equal(table["face_index"], 0), pc.equal(table["framing"], 0))
    with_rows = pc.sum(first).as_py() or 0
    if pictures != with_rows + errors + sum(left_out.values()):
        raise ShardError(
            f"{pictures} pictures in, but {with_rows} with rows, {errors} errors and "
            f"{sum(left_out.values())} left out; this is a bug, please report it."
        )
    order = [*recipe.labels, shards.UNLABELLED]
    return Summary(
        out=str(out),
        source=dataset.name,
        format=dataset.format,
        labels=recipe.labels,
        renamed=dataset.renamed,
        files=account.files,
        files_read=account.read,
        passed_over=account.passed_over,
        pictures=pictures,
        pictures_with_rows=with_rows,
        rows=table.num_rows,
        errors=errors,
        left_out=dict(sorted(left_out.items())),
        coverage={
            label: {name: coverage[label][name] for name in ("found", "fallback", "failed")}
            for label in order
            if label in coverage
        },
        splits=dict(sorted(Counter(table["split"].to_pylist()).items())),
        duplicates=shards.count_duplicates(table),
        aspect=_aspect(table, recipe.aspect),
        digest=_digest(receipts),
        rows_sum=f"{sum(int(receipt['rows_sum'], 16) for receipt in receipts) % (1 << 256):064x}",
        seconds=round(time.monotonic() - started, 2),
        reused_shards=reused,
    )


def _digest(receipts: list[dict]) -> str:
    digest = hashlib.sha256()
    for receipt in receipts:
        digest.update(receipt["sha256"].encode() + json.dumps(receipt["errors"]).encode())
    return digest.hexdigest()


def _write_manifest(out: Path, plan: dict, summary: Summary, receipts: list[dict]) -> None:
    manifest = {
        "plan": plan,
        "labels": plan["labels"],
        "summary": {key: value for key, value in asdict(summary).items() if key != "out"},
        "shards": [
            {
                "file": layout.shard_file(Path(), receipt["index"]).as_posix(),
                "rows": receipt["rows"],
                "sha256": receipt["sha256"],
            }
            for receipt in receipts
        ],
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "pyarrow", "pillow")}
        | {"opencv": cv2.__version__},
    }
    write_atomically(out / "manifest.json", _to_json(manifest))


def _to_json(value) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
