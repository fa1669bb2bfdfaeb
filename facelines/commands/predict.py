"""`facelines predict`: photos, folders and videos -> a line for each face."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from facelines.commands.arguments import add_engine, cluster_of, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--model", default="landmark", help="a released name or a folder")
    written = parser.add_argument_group("what is written")
    written.add_argument(
        "--out", type=Path, metavar="FILE", help="a row a face: .csv, .parquet or .jsonl"
    )
    written.add_argument("--annotate", type=Path, metavar="DIR", help="draw on copies in DIR")
    written.add_argument(
        "--thumbnails", type=Path, metavar="DIR", help="a small picture of each face in DIR"
    )
    written.add_argument("--json", action="store_true", help="end with one line of JSON")
    search = parser.add_argument_group("what is looked for")
    search.add_argument("--detector", help="blazeface (default), short, full, haar, hog or none")
    search.add_argument(
        "--min-face",
        type=positive,
        default=0,
        metavar="PIXELS",
        help="smallest face looked for in photos (40, or 1/60 of the longer side if more)",
    )
    search.add_argument(
        "--assume-face",
        action="store_true",
        help="every picture is a face: where none is found, read the whole picture as one",
    )
    parser.add_argument(
        "--reference",
        action="append",
        metavar="WHAT",
        help="read the shapes against this person's face: neutral photos (give it again for "
        "more), a folder of the person's pictures, a file of `reference make`, or auto: what the "
        "pictures together, or each face of a video so far, look like",
    )
    parser.add_argument("--every", type=positive, default=1, metavar="N", help="frame of videos")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="files at once")
    add_engine(parser.add_argument_group("other machines"))


def run(arguments: argparse.Namespace) -> int:
    """Print or write a row a face; return the exit status (1 where nothing could be read)."""
    from facelines.model.predict_files import Options, predict_paths
    from facelines.model.recognizer import Recognizer
    from facelines.model.rows import NO_FACE, summary, written_to

    cluster = cluster_of(arguments)
    recognizer = Recognizer.load(
        arguments.model,
        assume_face=arguments.assume_face,
        detector=_known_detector(arguments.detector),
        min_face=arguments.min_face,
    )
    reference = _reference(recognizer, arguments)
    options = Options(
        annotated=arguments.annotate,
        thumbnails=arguments.thumbnails,
        every=arguments.every,
        jobs=arguments.jobs,
        progress=arguments.out is not None,
        reference=reference,
        follow_reference=arguments.reference == ["auto"],
        cluster=cluster,
    )
    out = written_to(arguments.out, recognizer.labels) if arguments.out else nullcontext(_print)
    rows, passed_over = [], Counter()
    with out as write:
        for row in predict_paths(recognizer, arguments.paths, options, passed_over):
            write(row)
            rows.append(row)
    nothing_read = all(row.error and not row.error.startswith(NO_FACE) for row in rows)
    print("\n".join(["", *summary(rows), *_written(arguments, nothing_read)]))
    if passed_over:
        each = ", ".join(f"{why} {count}" for why, count in sorted(passed_over.items()))
        print(f"{passed_over.total()} files passed over ({each})", file=sys.stderr)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
    return 1 if nothing_read else 0


def _reference(recognizer, arguments: argparse.Namespace):
    from facelines.model.reference_files import pictures_reference, read_reference

    if not arguments.reference:
        return None
    if arguments.reference == ["auto"]:
        return pictures_reference(recognizer, arguments.paths)
    return read_reference(recognizer, [Path(path) for path in arguments.reference])


def _known_detector(name: str | None) -> str | None:
    from facelines.preprocessing.faces import DETECTORS

    if name is not None and name not in DETECTORS:
        raise ValueError(f"--detector {name!r}: expected one of {', '.join(DETECTORS)}.")
    return name


def _written(arguments: argparse.Namespace, nothing_read: bool) -> Iterator[str]:
    from facelines.model.video_copy import KEEPS_SOUND

    if arguments.out:
        yield f"Rows are in {arguments.out}"
    if arguments.annotate and not nothing_read:
        yield f"Annotated copies are in {arguments.annotate}" + (
            "" if KEEPS_SOUND else "; videos are silent (pip install facelines[video] keeps sound)"
        )
    if arguments.thumbnails and not nothing_read:
        yield f"Pictures of the faces are in {arguments.thumbnails}"


def _print(row) -> None:
    print(_row_text(row))


def _row_text(row) -> str:
    where = row.path if row.time is None else f"{row.path} {row.time:7.2f} s"
    if row.error:
        return row.error if row.error.startswith(row.path) else f"{where}: {row.error}"
    left, top, right, bottom = row.box
    percent = "" if row.emotion == "unreadable" else f"{100 * row.confidence:5.1f} %"
    return (
        f"{where}  face {row.face}  {row.emotion:<10} {percent:>7}  "
        f"box {left:.0f},{top:.0f} to {right:.0f},{bottom:.0f}  quality {row.quality:.2f}"
    )
