"""What does leading a run cost, shard by shard? Stub shards: nothing is read, drawn or written.

    python -m facelines.benchmark.scheduling 20000 200000 2000000

What is left is naming and handing out shards, adding up their receipts, and the manifest: what one
process does for all workers, and so what ends the scaling of a run.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facelines.benchmark.preparing import resident
from facelines.preprocessing import executors, plan, shards
from facelines.preprocessing.labels import label_set
from facelines.preprocessing.layout import LocalFolder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.samples import Sample
from facelines.preprocessing.summary import manifest
from facelines.preprocessing.tally import Tally

_RECEIPT = {
    "pictures": 500,
    "with_rows": 500,
    "errors": [],
    "left_out": {},
    "coverage": {"happy": {"found": 500, "fallback": 0, "failed": 0}},
    "evaluated": [],
    "rows": 500,
    "splits": {"train": 500},
    "sha256": "0" * 64,
    "bytes": 3_000_000,
    "rows_sum": "0" * 64,
}


@dataclass
class _NoSummary:
    pass


def run(count: int) -> dict:
    """Lead a run of so many stub shards and return what it took."""
    shards.finished = lambda *_: None
    shards.complete_shard = lambda *_: json.loads(json.dumps(_RECEIPT))  # no two share anything
    recipe = shards.Recipe(Pipeline(detector="none"), label_set(6), cropped=True)
    tally, before, started = Tally(), resident(), time.process_time()
    for done in executors.run_shards(_batches(count), recipe, LocalFolder(Path())):
        tally.add(done)
    led, tallied = time.process_time(), resident()
    tally.shards.sort()
    tally.digest()
    text = plan.to_json(manifest({"labels": []}, _NoSummary(), tally))
    return {
        "shards": count,
        "microseconds_a_shard": round((led - started) / count * 1e6),
        "tally_mb": round(tallied - before),
        "manifest_seconds": round(time.process_time() - led, 1),
        "manifest_mb": round(len(text) / 1e6),
        "resident_mb": round(resident()),
    }


def _batches(count: int) -> Iterator[shards.Batch]:
    for place in range(count):
        yield shards.Batch(place, "train", [Sample(f"{place}.png", "train", "happy", "")])


def main() -> None:
    """Run for each count and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", nargs="+", type=int)
    for count in parser.parse_args().counts:
        print(json.dumps(run(count)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
