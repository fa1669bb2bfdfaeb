"""500 real PublicTest images through preprocess and evaluate: the card's accuracy must hold."""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = 500
ROOT = Path(__file__).parent.parent
CARD = ROOT / "model" / "weights" / "landmark" / "metrics.json"


def main() -> None:
    data = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        run(data / "unpack.py", folder, "--only", "csv")
        sample = Path(folder) / "sample.csv"
        labelled = write_sample(Path(folder) / "fer2013.csv", sample)
        prepared = Path(folder) / "prepared"
        run("run.py", "preprocess", sample, prepared, "--workers", "2")
        raw = figures(sample, "--split", "PublicTest")
        again = figures(prepared)
    assert raw["n"] == labelled, f"{raw['n']} faces scored, {labelled} labelled images given"
    assert sum(raw["coverage"].values()) == labelled
    assert raw["accuracy"] == again["accuracy"], "raw and prepared images score differently"
    found = raw["coverage"]["found"] / labelled
    assert found >= 0.98, f"a face was found in {100 * found:.1f} % only"
    stated = json.loads(CARD.read_text())["accuracy"]
    margin = 2.58 * (stated * (1 - stated) / labelled) ** 0.5  # 99 % interval of a sample
    print(f"accuracy {raw['accuracy']:.3f} on {labelled} images, card {stated:.3f} +- {margin:.3f}")
    assert abs(raw["accuracy"] - stated) <= margin
    print("5 passed, 0 failed")


def write_sample(source: Path, target: Path) -> int:
    """Copy the first PublicTest rows; return how many are of the 6 classes."""
    with open(source, newline="") as read, open(target, "w", newline="") as write:
        rows = csv.reader(read)
        writer = csv.writer(write)
        writer.writerow(next(rows))
        chosen = [row for row in rows if row[2] == "PublicTest"][:IMAGES]
        writer.writerows(chosen)
    return sum(row[0] != "1" for row in chosen)


def run(*command) -> str:
    """Run a script of the project with this Python and return what it printed."""
    finished = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return finished.stdout


def figures(source: Path, *options: str) -> dict:
    """Return the last line of `run.py evaluate landmark SOURCE --json`."""
    printed = run("run.py", "evaluate", "landmark", source, "--json", *options)
    return json.loads(printed.splitlines()[-1])


if __name__ == "__main__":
    main()
