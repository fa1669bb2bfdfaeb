"""What `preprocess` is asked for, and OUT's plan: what makes two runs the same one."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from facelines import shape_predictor
from facelines.preprocessing import datasets, executors, export, labels, layout, shards, splits
from facelines.preprocessing.datasets import Dataset
from facelines.preprocessing.files import shown
from facelines.preprocessing.layout import Folder, LocalFolder
from facelines.preprocessing.moved import References
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.prepared import read_json
from facelines.preprocessing.ray_engine import Cluster
from facelines.preprocessing.samples import DatasetError


@dataclass(frozen=True)
class Options:
    """How a data set is prepared; `facelines preprocess` fills it.

    pipeline: from a picture to faces.
    format, ferplus, every, labels_from, subject_from: see `datasets.open_dataset`.
    classes: 3, 6 or 7 emotions; pictures of other labels are counted and left out. By default
        the source's own labels where they are not emotions, else 6.
    largest: of several faces in a photo take the largest.
    framings: so many randomly reframed copies of every training picture follow it, for
        training (see `framings.reframed`).
    aspect: how much taller each picture is made, or `aspect.AUTO` (see `aspect.factor_of`).
    limit: only the first so many pictures; the others are counted as left out.
    shard_samples: about so many pictures a shard (see `shards.batches`).
    split_seed: of the split that is dealt to labelled pictures that come with none.
    workers, engine, cluster: see `executors.run_shards`.
    export_as: one of `export.KINDS`, written to OUT as well.
    overwrite: replace what another command prepared in OUT.
    references: what points and drawings are read against, or None.
    """

    pipeline: Pipeline = field(default_factory=Pipeline)
    format: str | None = None
    ferplus: str | Path | None = None
    every: int = 1
    labels_from: str | Path | None = None
    subject_from: str | None = None
    classes: int | None = None
    largest: bool = False
    framings: int = 0
    aspect: str | float = 1.0
    limit: int | None = None
    shard_samples: int = executors.SHARD_SAMPLES
    split_seed: int = splits.SEED
    workers: int = 1
    engine: str = "processes"
    cluster: Cluster | None = None
    export_as: str | None = None
    overwrite: bool = False
    references: References | None = None

    def open(self, source: str | Path, skip: tuple[Path, ...] = ()) -> Dataset:
        """Open the source (see `datasets.open_dataset`, and what it raises)."""
        return datasets.open_dataset(
            source,
            self.format,
            self.ferplus,
            self.every,
            labels_from=self.labels_from,
            subject_from=self.subject_from,
            skip=skip,
        )


def plan_of(dataset: Dataset, options: Options) -> dict:
    """Return what makes two runs the same: a run goes on only in a folder of an equal plan."""
    return {
        "source": dataset.name,
        "format": dataset.format,
        "ferplus": dataset.ferplus and dataset.ferplus.name,
        "every": dataset.every,
        "labels": list(labels_of(dataset, options.classes)),
        "labels_from": [list_.name for list_ in _label_lists(dataset)],
        "subject_from": dataset.subject_from,
        "largest": options.largest,
        "framings": options.framings,
        "aspect": options.aspect,
        "limit": options.limit,
        "shard_samples": options.shard_samples,
        "split_seed": options.split_seed,
        "pipeline": asdict(options.pipeline),
        "fingerprint": options.pipeline.fingerprint(),
        "landmark_file": shape_predictor.sha256(shape_predictor.find()),
        "version": shards.VERSION,
        **({"reference": options.references.facts()} if options.references else {}),
    }


def labels_of(dataset: Dataset, classes: int | None) -> tuple[str, ...]:
    """Return the label set: of so many emotions, or the source's own, or 6 emotions."""
    if classes or not dataset.labels:
        return labels.label_set(classes or 6)
    return dataset.labels


def _label_lists(dataset: Dataset) -> tuple[Path, ...]:
    known = dataset.recognised.labels
    return known.lists if known and dataset.format == "list" else ()


def check_folder(folder: Folder) -> None:
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


def claim(folder: Folder, plan: dict, overwrite: bool) -> None:
    """Make OUT ours: new, or of the same plan; what else is in it stays as it is."""
    plan_name = next(filter(folder.exists, (layout.PLAN, layout.OLD_PLAN)), None)
    if plan_name:
        before = read_json(folder, plan_name)
        if not isinstance(before, dict):
            raise DatasetError(
                f"{folder}/{plan_name}: not written by preprocess; give another folder."
            )
        if before != plan and not overwrite:
            names = [name for name in before | plan if before.get(name) != plan.get(name)]
            changes = ", ".join(f"{name} {_short(before.get(name))}" for name in names)
            raise DatasetError(
                f"{folder}: prepared with another {changes}; "
                "give another folder, or --overwrite to replace it."
            )
        if before != plan:
            _clear(folder)
    folder.write(layout.PLAN, to_json(plan))


def _short(value) -> str:
    text = "settings" if isinstance(value, dict) else repr(value)
    return text if len(text) < 40 else text[:37] + "..."


def _clear(folder: Folder) -> None:
    """Remove what another command prepared, and nothing that is not ours."""
    layout.remove_all_but(folder, set())
    if isinstance(folder, LocalFolder):
        export.remove(folder.root)
    for name in layout.WRITTEN:
        folder.remove(name)


def to_json(value) -> bytes:
    """Return a value as the folder's JSON files have it."""
    return (json.dumps(value, indent=2) + "\n").encode()
