"""What the shards of a prepared set say of themselves, added up."""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass

from facelines.preprocessing import layout
from facelines.preprocessing.executors import Done

_NO_ERRORS = hashlib.sha256(b"[]").hexdigest()


@dataclass(order=True, frozen=True, slots=True)
class Shard:
    """What is kept of a shard once it is there; shards sort in the source's order."""

    place: int
    name: str
    rows: int
    bytes: int
    sha256: str
    errors_sha256: str

    @property
    def file(self) -> str:
        return layout.shard_file(self.name)

    @property
    def has_errors(self) -> bool:
        return self.errors_sha256 != _NO_ERRORS


class Tally:
    """What the shards' receipts say, added up as they come."""

    def __init__(self) -> None:
        self.shards: list[Shard] = []
        self.pictures = self.with_rows = self.errors = self.rows = self.reused = self.sum = 0
        self.left_out, self.splits, self.bytes = Counter(), Counter(), Counter()
        self.coverage: dict[str, Counter] = defaultdict(Counter)
        self.evaluated: set[str] = set()

    def add(self, done: Done) -> None:
        """Count a shard."""
        receipt = done.receipt
        errors = _NO_ERRORS  # one string for all, since nearly all have none
        if receipt["errors"]:
            errors = hashlib.sha256(json.dumps(receipt["errors"]).encode()).hexdigest()
        self.shards.append(
            Shard(
                done.place, done.name, receipt["rows"], receipt["bytes"], receipt["sha256"], errors
            )
        )
        self.pictures += receipt["pictures"]
        self.with_rows += receipt["with_rows"]
        self.errors += len(receipt["errors"])
        self.rows += receipt["rows"]
        self.reused += done.was_there
        self.sum = (self.sum + int(receipt["rows_sum"], 16)) % (1 << 256)
        self.left_out.update(receipt["left_out"])
        self.splits.update(receipt["splits"])
        for split in receipt["splits"]:  # a shard is of one
            self.bytes[split] += receipt["bytes"]
        for label, seen in receipt["coverage"].items():
            self.coverage[label].update(seen)
        self.evaluated.update(receipt["evaluated"])

    def digest(self) -> str:
        """Return a hash of the shards' bytes and the errors, in order."""
        digest = hashlib.sha256()
        for shard in self.shards:
            digest.update(f"{shard.sha256}{shard.errors_sha256}".encode())
        return digest.hexdigest()
