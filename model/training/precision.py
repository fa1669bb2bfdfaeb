"""Which precision a machine can train in."""

import platform
import sys
from pathlib import Path

import keras

_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # as Linux names them, of x86-64 and of Arm
_CPU_FLAGS = Path("/proc/cpuinfo")


def supported(policy: str) -> str:
    """Return a Keras dtype policy, or "float32" and say so where bfloat16 would be emulated.

    A processor that does not compute in bfloat16 takes seven times as long with it as without
    (docs/experiments.md, 2026-11-28); one that does, half as long.
    """
    if policy == "float32" or keras.distribution.list_devices("gpu") or _has_bfloat16():
        return policy
    print(
        f"{policy} is emulated, at several times the time, by this processor "
        f"({platform.machine()}); training in float32.",
        file=sys.stderr,
    )
    return "float32"


def _has_bfloat16() -> bool:
    """Tell whether the processor says that it computes in bfloat16; only Linux is asked."""
    if not _CPU_FLAGS.is_file():
        return False
    return bool(_BFLOAT16 & set(_CPU_FLAGS.read_text().split()))
