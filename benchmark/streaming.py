"""Does training stay within memory? A prepared set, many times over, read from the disk.

    python -m facelines.benchmark.streaming OUT 100000 1000000

OUT's shards are linked under other names until there are so many rows; `train --stream` goes over
them for one epoch in a process of its own. The faces repeat, which memory does not know.
"""

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from facelines.benchmark.serving.speed import child
from facelines.preprocessing import layout
from facelines.preprocessing.prepared import read_manifest


def repeat(source: Path, out: Path, rows: int) -> int:
    """Make a prepared set of at least so many rows from another's shards; return how many."""
    manifest = read_manifest(source)
    if not manifest["summary"]["rows"]:
        raise ValueError(f"{source}: no row in it; expected a prepared set with some.")
    shards, count = [], 0
    for index, shard in enumerate(itertools.cycle(manifest["shards"])):
        if count >= rows:
            break
        file = Path(shard["file"])
        shards.append({**shard, "file": str(file.with_stem(f"{file.stem}-{index:06d}"))})
        count += shard["rows"]
        _link(source / file, out / shards[-1]["file"])
    target = out / layout.MANIFEST
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps({**manifest, "shards": shards}))
    return count


def _link(file: Path, name: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, name)
    except OSError:  # another file system
        shutil.copyfile(file, name)


def run(source: Path, rows: int, network: str, place: Path | None) -> dict:
    """Train one epoch on a set of so many rows and return what it took."""
    folder = Path(tempfile.mkdtemp(prefix="facelines-streaming-", dir=place))
    try:
        count = repeat(source, folder / "set", rows)
        arguments = ["--data", str(folder / "set"), "--out", str(folder / "run"), "--stream"]
        processor, peak = child("train", network, *arguments, "--epochs", "1")
        return {
            "rows": count,
            "processor_seconds": round(processor),
            "peak_mb": round(peak),
            "on_disk_mb": _megabytes(folder / "run" / "run" / "faces"),
        }
    finally:
        shutil.rmtree(folder)


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def main() -> None:
    """Run for each count and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a prepared set")
    parser.add_argument("counts", nargs="+", type=int, help="rows")
    parser.add_argument("--network", default="points_mlp")
    parser.add_argument("--folder", type=Path, help="where set and run are for the while")
    arguments = parser.parse_args()
    for count in arguments.counts:
        took = run(arguments.source, count, arguments.network, arguments.folder)
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    sys.exit(main())
