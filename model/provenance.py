"""Which code and which machine made a figure."""

import os
import platform
import subprocess
from pathlib import Path


def commit() -> str:
    """Return the commit's short hash, "+" after it where files differ; "unknown" without git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def machine() -> str:
    """Return the processor's kind and count, as the card states it."""
    return f"{os.cpu_count()} CPU cores ({platform.machine()})"
