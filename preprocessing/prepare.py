"""`facelines preprocess`: a face data set -> OUT, a folder of landmark images ready to train on.

OUT holds data/*.parquet (the rows) and _about/ (manifest, errors, contact sheet, card, and receipts
by which the same command goes on where it stopped, and does only what is new); see `layout`. The
manifest is written last: a folder with one is complete. Nothing here grows with the set but a few
bytes a picture (with references 2 kB: see `moved`).
"""

import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facelines import shape_predictor
from facelines.preprocessing import aspect as aspects
from facelines.preprocessing import (
    contact_sheet,
    dataset_card,
    executors,
    export,
    faces,
    layout,
    moved,
    plan,
    shards,
    survey,
)
from facelines.preprocessing.datasets import Dataset
from facelines.preprocessing.layout import Folder, LocalFolder, open_folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.samples import EVALUATION_SPLITS, DatasetError, ReadError, Sample
from facelines.preprocessing.shards import Recipe
from facelines.preprocessing.summary import Run, Summary, beyond, manifest, summarise
from facelines.preprocessing.tally import Tally


def preprocess(source: str | Path, out: str | Path, options: Options | None = None) -> Summary:
    """Prepare a data set; run again after an interruption it does only what is missing.

    Args:
        source: a CSV, a folder, a photo, a video, or a glob of photos.
        out: a new folder, or one that this very command has begun; a path or an fsspec URL.

    Raises:
        DatasetError: the source cannot be used, or OUT holds something else.
        ShardError: the run broke off; run again to go on.
        EngineError: Ray cannot be used.
        BlockingIOError: another run writes to OUT.
        OSError: OUT cannot be written, or a model file is missing.
    """
    options = options or Options()
    folder = open_folder(out)
    local = isinstance(folder, LocalFolder)
    if options.export_as and not local:
        raise DatasetError(f"{out}: a URL, but --export writes to folders of this machine alone.")
    dataset = options.open(source, skip=(folder.root,) if local else ())
    check_models(options.pipeline)
    planned = plan.plan_of(dataset, options)
    plan.check_folder(folder)
    if local:
        folder.root.mkdir(parents=True, exist_ok=True)
    with layout.locked(folder.root) if local else contextlib.nullcontext():
        plan.claim(folder, planned, options.overwrite)
        return _prepare(dataset, folder, planned, options)


def _prepare(dataset: Dataset, folder: Folder, planned: dict, options: Options) -> Summary:
    started, account = time.monotonic(), dataset.account()
    recipe = _recipe(dataset, options)
    folder.remove(layout.MANIFEST)  # until this run has completed the set
    contents = survey.count(_samples(dataset, options.limit))
    _check_people(contents, options)
    dealt = _deal(dataset, folder, contents, options)
    changes, tally = survey.Changes(), Tally()
    with tqdm(total=contents.pictures, unit="img", file=sys.stderr) as progress:
        for evaluated in (True, False):  # first the splits that training must not see
            samples = _samples(dataset, options.limit)
            items = dealt.apply(changes.watch(samples) if evaluated else samples)
            batches = (
                batch
                for batch in shards.batches(items, options.shard_samples)
                if (batch.split in EVALUATION_SPLITS) == evaluated
            )
            recipe = replace(recipe, evaluation=frozenset(tally.evaluated))
            for done in executors.run_shards(
                batches,
                recipe,
                folder,
                workers=options.workers,
                engine=options.engine,
                cluster=options.cluster,
            ):
                tally.add(done)
                progress.update(done.receipt["pictures"])
    tally.shards.sort()
    _remove_stale(folder, tally)
    _write_errors(folder, tally)
    if options.references and tally.rows:
        tally = moved.move(folder, tally, options.references, options.pipeline)
    run = Run(dataset, folder, account, recipe, tally, dealt, beyond(dataset, options.limit))
    summary = summarise(
        run,
        changes=changes.since(folder),
        reference=planned.get("reference", {}),
        seconds=time.monotonic() - started,
    )
    _complete(run, changes, manifest(planned, summary, tally), options.export_as)
    return summary


def _complete(run: Run, changes: survey.Changes, facts: dict, export_as: str | None) -> None:
    """Write all that stands beside the shards; the manifest last."""
    folder, rows = run.folder, run.rows()
    contact_sheet.write(folder, rows, run.dataset, run.recipe.labels, run.recipe.aspect)
    if export_as:
        export.remove(folder.root)
        export.write(folder.root / export_as, rows, export_as)
    if run.dealt.splits:
        run.dealt.write(folder)
    changes.write(folder)
    dataset_card.write(folder, facts)
    folder.write(layout.MANIFEST, plan.to_json(facts))


def _samples(dataset: Dataset, limit: int | None) -> Iterator[Sample | ReadError]:
    return itertools.islice(dataset.samples(), limit)


def _recipe(dataset: Dataset, options: Options) -> Recipe:
    return Recipe(
        options.pipeline,
        plan.labels_of(dataset, options.classes),
        cropped=dataset.already_cropped,
        largest=options.largest or (dataset.one_face and not dataset.already_cropped),
        aspect=_factor(dataset, options.pipeline, options.aspect, options.limit),
        framings=options.framings,
    )


def _deal(
    dataset: Dataset, folder: Folder, contents: survey.Contents, options: Options
) -> survey.Dealt:
    """Deal a split to labelled pictures that come without one."""
    if contents.split or not contents.labelled:
        return survey.Dealt({})
    return survey.deal(
        lambda: _samples(dataset, options.limit),
        folder,
        pictures=contents.pictures,
        size=options.shard_samples,
        workers=options.workers,
        seed=options.split_seed,
    )


def _check_people(contents: survey.Contents, options: Options) -> None:
    """Fail at once, not after all faces are found, where a person's reference has no person."""
    if options.references and options.references.by == "subject" and contents.unnamed:
        raise DatasetError(
            f"{contents.unnamed}: nothing says who this is, as --reference subject needs; give "
            "--subject-from with a regular expression that finds it in the paths, --labels-from "
            "with a column subject, or --reference set."
        )


def check_models(pipeline: Pipeline) -> None:
    """Fail at once, not at every picture, where a model file is missing (FileNotFoundError)."""
    shape_predictor.find()
    faces.detect(np.zeros((64, 64), np.uint8), pipeline.detector, pipeline.min_score)


def _factor(dataset: Dataset, pipeline: Pipeline, wanted: str | float, limit: int | None) -> float:
    """Return how much taller pictures are made: only those that are one face each."""
    if not dataset.already_cropped or wanted != aspects.AUTO:
        return aspects.factor_of(wanted if dataset.already_cropped else 1, 1.0)

    def samples() -> Iterator[Sample]:
        return (item for item in _samples(dataset, limit) if isinstance(item, Sample))

    step = max(1, sum(1 for _ in samples()) // aspects.SAMPLE)
    spread = list(itertools.islice(samples(), 0, step * aspects.SAMPLE, step))
    return aspects.factor_of(wanted, aspects.median_ratio(spread, pipeline))


def _remove_stale(folder: Folder, tally: Tally) -> None:
    """Remove what a killed run left half written, and the shards of pictures that have changed."""
    kept = {shard.file for shard in tally.shards}
    kept |= {layout.receipt_file(shard.name) for shard in tally.shards}
    layout.remove_all_but(folder, kept, surveys=not tally.shards)


def _write_errors(folder: Folder, tally: Tally) -> None:
    lines = []
    for shard in tally.shards:
        if shard.has_errors:
            receipt = json.loads(folder.read(layout.receipt_file(shard.name)))
            lines += [json.dumps(error) + "\n" for error in receipt["errors"]]
    folder.write(layout.ERRORS, "".join(lines).encode())
