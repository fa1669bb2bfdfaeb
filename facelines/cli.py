"""The command line: `facelines COMMAND`, or `python run.py COMMAND` in a checkout.

Each command is a module of `facelines.commands` with `add_arguments(parser)` and
`run(arguments) -> int`, imported only when it is asked for: `--help` needs no OpenCV.
"""

import argparse
import errno
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

from facelines import __version__
from facelines.licences import LICENCES

COMMANDS = {
    "preprocess": "turn a face data set into landmark images",
    "train": "train a network and export it as an artifact",
    "evaluate": "score an artifact on every image of a source",
    "benchmark": "landmarks against raw pixels: a report",
    "predict": "read photos, folders and videos",
    "reference": "keep what a person's face at rest looks like",
    "webapp": "live expressions from your own camera",
    "speed": "how fast it is on this machine, beside yardsticks",
    "doctor": "check versions, model files and licences",
    "demo": "a sample photo, the shipped model, the web app",
    "table": "measure the released models for the README",
    "card": "write artifacts' cards anew from their metrics",
    "embed": "write a prepared FER2013's geometry as one file",
}
# Of the packages that only an extra installs: what to say where one is missing.
_EXTRAS = {
    "keras": "train",
    "tensorflow": "train",
    "tf2onnx": "train",
    "onnx": "train",
    "matplotlib": "train",
    "sklearn": "benchmark",
    "scipy": "benchmark",
    "ray": "ray",
    "fsspec": "remote",
    "av": "video",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run one command, and return the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow talks a lot at import
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files, which have a row of ours
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what a video lacks we say ourselves
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    # Faces are small: threads cost more than they give, and processes scale. Workers inherit it;
    # a program that imports the library keeps OpenCV as it is.
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")
    # Arrow's own allocator keeps what scans of shards have read: a third of the peak.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    arguments = None
    _escape_what_cannot_be_shown()
    try:
        arguments = parse(list(sys.argv[1:] if argv is None else argv))
        status = arguments.run(arguments)
        sys.stdout.flush()  # a reader that has gone is seen here, and not at exit
        return status
    except BrokenPipeError:
        return _without_reader()
    except (ValueError, OSError, RuntimeError) as error:
        if getattr(arguments, "debug", False):
            raise
        print(f"error: {' '.join(_said(error).split())}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {_missing(error.name or '')}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _said(error: Exception) -> str:
    """Return what an error says; of one of the system's own, also what can be done."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    mend = {
        errno.EROFS: "; give a place that can be written to",
        errno.EACCES: "; change its permissions, or give another path",
        errno.EPERM: "; change its permissions, or give another path",
        errno.ENOSPC: "; make room, or give another place",
    }
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    where = f"{' -> '.join(names)}: " if names else ""
    return f"{where}{error.strerror}{mend.get(error.errno, '')}."


def _escape_what_cannot_be_shown() -> None:
    """Print a name in another script, or one that is not UTF-8, on any console."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")


def _without_reader() -> int:
    """Return what a shell gives a command whose reader (`| head`) has gone; say nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 141


def parse(argv: list[str]) -> argparse.Namespace:
    """Return the arguments of the command asked for; it alone is imported."""
    parser = argparse.ArgumentParser(
        prog="facelines",
        description="Read an expression label from the shape of a face.",
        epilog=LICENCES,
    )
    version = f"Facelines {__version__}\n{LICENCES}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    asked_for = next((word for word in argv if not word.startswith("-")), None)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose)
        if name == asked_for:
            module = importlib.import_module(f"facelines.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser.parse_args(argv)


def _missing(package: str) -> str:
    extra = _EXTRAS.get(package.partition(".")[0])
    install = f'pip install "facelines[{extra}]"' if extra else "pip install facelines"
    return (
        f"the package {package} is missing; install it with {install}, "
        "or in a checkout with pip install -r requirements.txt."
    )
