"""`facelines embed`: a prepared FER2013's geometry -> the embedded landmark set."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--out", type=Path, default=Path("preprocessing/fer2013_landmarks.parquet"))


def run(arguments: argparse.Namespace) -> int:
    """Write the file and print its size; return the exit status."""
    from facelines.preprocessing import fer2013_landmarks
    from facelines.preprocessing.prepared import load_prepared

    fer2013_landmarks.save(load_prepared(arguments.prepared), arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")
    return 0
