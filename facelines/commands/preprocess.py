"""`facelines preprocess`: a face data set -> a folder of landmark images."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict

from facelines.commands.arguments import add_engine, cluster_of, number, positive
from facelines.preprocessing import (
    aspect,
    datasets,
    executors,
    export,
    faces,
    labels,
    render,
    splits,
)
from facelines.preprocessing.landmarks import MAX_PASSES
from facelines.preprocessing.moved import References
from facelines.preprocessing.pipeline import LANDMARKERS, Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess
from facelines.preprocessing.summary import Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", help="CSV, folder, photo, video or glob")
    parser.add_argument("out", help="folder to write to, or an fsspec URL (s3://...)")
    parser.add_argument("--format", choices=datasets.FORMATS, help="by default recognised")
    parser.add_argument("--ferplus", metavar="CSV", help="fer2013new.csv: FER+ votes by row")
    parser.add_argument(
        "--labels-from", metavar="CSV", help="labels of a folder's pictures: path,label and more"
    )
    parser.add_argument(
        "--subject-from", metavar="REGEX", help="finds the person in a picture's path"
    )
    parser.add_argument(
        "--classes",
        type=int,
        choices=sorted(labels.LABEL_SETS),
        help="emotions; by default the source's own labels, or 6",
    )
    _add_pipeline(parser)
    _add_references(parser)
    _add_rows(parser)
    _add_run(parser)


def _add_pipeline(parser: argparse.ArgumentParser) -> None:
    default = Pipeline()
    parser.add_argument("--detector", choices=faces.DETECTORS, default=default.detector)
    parser.add_argument("--draw", choices=render.STYLES, default=default.style)
    parser.add_argument(
        "--size", type=number(16, 1024, int), default=default.size, help="pixels a side"
    )
    parser.add_argument(
        "--passes",
        type=int,
        choices=range(1, MAX_PASSES + 1),
        default=default.passes,
        metavar=f"1..{MAX_PASSES}",
        help="how often dlib looks at each face",
    )
    parser.add_argument(
        "--landmarker",
        choices=LANDMARKERS,
        default=default.landmarker,
        help="whose points are drawn: dlib's, the mesh's, or the mean of both",
    )


def _add_references(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reference",
        choices=("none", "set", "subject"),
        default="none",
        help="move points and drawings: read each face against the mean of all of them, or of the "
        "same person's other pictures",
    )
    parser.add_argument(
        "--reference-model",
        default="landmark",
        metavar="NAME",
        help="the network whose training faces count, and whose guess of what the faces show",
    )


def _add_rows(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--largest", action="store_true", help="only a photo's largest face")
    parser.add_argument(
        "--framings",
        type=int,
        default=0,
        metavar="N",
        help="add N randomly reframed copies of every training picture",
    )
    parser.add_argument(
        "--aspect",
        type=aspect.parse,
        default=1.0,
        metavar="auto|1|FACTOR",
        help="make pictures so much taller; auto: where faces are plainly squashed or stretched",
    )
    parser.add_argument("--every", type=positive, default=1, help="each n-th frame of a video")
    parser.add_argument("--limit", type=positive, help="only the first so many pictures")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--export", choices=export.KINDS, help="write the drawings so as well")
    parser.add_argument("--workers", type=number(1, 1024, int), default=1)
    add_engine(parser)
    parser.add_argument(
        "--shard-size",
        type=positive,
        default=executors.SHARD_SAMPLES,
        metavar="N",
        help=f"about so many pictures a file ({executors.SHARD_SAMPLES})",
    )
    parser.add_argument(
        "--split-seed",
        type=int,
        default=splits.SEED,
        metavar="N",
        help="of the split that pictures get which come with labels and without one",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace another set in OUT")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prepare a data set; return the exit status (0 done, 1 without a row, 130 interrupted).

    Raises:
        DatasetError, ShardError, OSError: as `preprocess`.
    """
    try:
        summary = preprocess(arguments.source, arguments.out, options_of(arguments))
    except KeyboardInterrupt:
        print("Interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    print(table_text(summary))
    if arguments.json:
        print(json.dumps(asdict(summary)))
    return 0 if summary.rows else 1


def options_of(arguments: argparse.Namespace) -> Options:
    """Return what the arguments ask for."""
    return Options(
        Pipeline(
            detector=arguments.detector,
            passes=arguments.passes,
            size=arguments.size,
            style=arguments.draw,
            landmarker=arguments.landmarker,
        ),
        format=arguments.format,
        ferplus=arguments.ferplus,
        every=arguments.every,
        labels_from=arguments.labels_from,
        subject_from=arguments.subject_from,
        classes=arguments.classes,
        largest=arguments.largest,
        framings=arguments.framings,
        aspect=arguments.aspect,
        limit=arguments.limit,
        shard_samples=arguments.shard_size,
        split_seed=arguments.split_seed,
        workers=arguments.workers,
        engine=arguments.engine,
        cluster=cluster_of(arguments),
        export_as=arguments.export,
        overwrite=arguments.overwrite,
        references=_references(arguments),
    )


def _references(arguments: argparse.Namespace) -> References | None:
    if arguments.reference == "none":
        return None
    from facelines.model.reference_files import references_of_set

    return references_of_set(arguments.reference_model, arguments.reference, arguments.landmarker)


def table_text(summary: Summary) -> str:
    """Return the summary for a person: counts, then coverage by class."""
    rate = summary.pictures / max(summary.seconds, 1e-9)
    total = Counter()
    for seen in summary.coverage.values():
        total.update(seen)
    lines = [f"{'class':<12}{'found':>8}{'fallback':>10}{'failed':>8}{'found %':>9}"]
    for label, seen in [*summary.coverage.items(), ("all", total)]:
        share = 100 * seen["found"] / max(sum(seen.values()), 1)
        lines.append(
            f"{label:<12}{seen['found']:>8}{seen['fallback']:>10}{seen['failed']:>8}{share:>9.1f}"
        )
    lines += [
        "",
        f"read as {summary.format}; labels: {', '.join(summary.labels)}",
        *([f"in our spelling: {_renamed_text(summary.renamed)}"] if summary.renamed else []),
        *accounting(summary),
        f"{summary.rows} rows: "
        + ", ".join(f"{split} {count}" for split, count in summary.splits.items()),
        *_dealt_text(summary),
        _duplicates_text(**summary.duplicates),
        *_changes_text(**summary.changes),
        *filter(None, [aspect.remark(**summary.aspect)]),
        *_reference_text(**summary.reference),
        f"{summary.seconds:.1f} s, {rate:.0f} pictures a second"
        + (f" ({summary.reused_shards} shards were there)" if summary.reused_shards else ""),
        f"in {summary.out}: data/; in its _about/: README.md, contact_sheet.png, errors.jsonl, ...",
    ]
    return "\n".join(lines)


def _dealt_text(summary: Summary) -> list[str]:
    if not summary.dealt:
        return []
    return [
        "the source has no split: this one was dealt, people and look-alikes together "
        "(_about/split.csv)"
    ]


def _reference_text(by: str = "", model: str = "") -> list[str]:
    if not by:
        return []
    return [f"points and drawings are read against each {by}'s mean face, as {model} reads them"]


def _changes_text(new: int = 0, changed: int = 0, gone: int = 0) -> list[str]:
    if not new + changed + gone:
        return []
    return [f"since the last run: {new} new, {changed} changed, {gone} gone"]


def accounting(summary: Summary) -> list[str]:
    """Return the lines that account for every file and picture of the source."""
    rest = (
        f"{summary.pictures_with_rows} with rows + {summary.errors} errors "
        f"+ {_counted(summary.left_out, 'left out')}"
    )
    passed_over = _counted(summary.passed_over, "passed over")
    if summary.files_read == summary.pictures:
        return [f"{summary.files} files = {rest} + {passed_over}"]
    return [
        f"{summary.files} files = {summary.files_read} read + {passed_over}",
        f"{summary.pictures} pictures = {rest}",
    ]


def _counted(counts: dict[str, int], what: str) -> str:
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{sum(counts.values())} {what}" + (f" ({each})" if each else "")


def _renamed_text(renamed: dict[str, str]) -> str:
    return ", ".join(f"{name} -> {label}" for name, label in renamed.items())


def _duplicates_text(
    copies: int, across_splits: int, conflicting_labels: int, excluded: int
) -> str:
    return (
        f"duplicates: {copies} copies, {across_splits} pictures in several splits, "
        f"{conflicting_labels} with conflicting labels; {excluded} kept out of training"
    )
