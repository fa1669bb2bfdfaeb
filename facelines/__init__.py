"""Facelines: read an expression label from the shape of a face.

    from facelines import Recognizer
    predictions = Recognizer.load("landmark")(gray)

It guesses a label from facial geometry; it does not read feelings.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

__version__ = "0.2.0"
__all__ = ["Prediction", "Recognizer", "__version__"]

# Nothing of a face, or of its use, is to leave the machine. onnxruntime's Linux build looks a
# telemetry host up and keeps a database of its sessions unless this is set before it is imported;
# Ray and Hugging Face's libraries count their uses.
os.environ |= {
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}

_ROOT = Path(__file__).resolve().parent.parent
if (_ROOT / "run.py").is_file() and (_ROOT / "pyproject.toml").is_file():
    # A checkout keeps its folders at the top; the installed package holds them (pyproject.toml).
    __path__.append(str(_ROOT))

if TYPE_CHECKING:
    from facelines.model.recognizer import Prediction, Recognizer


def __getattr__(name: str) -> object:
    # Not at the top: `facelines --help` and the tests of this package need no OpenCV for it.
    if name in ("Prediction", "Recognizer"):
        from facelines.model import recognizer

        return getattr(recognizer, name)
    raise AttributeError(f"module 'facelines' has no attribute {name!r}")
