"""A whole training: a config, its data, labels and teachers, what to expect. No Keras here."""

import runpy
from dataclasses import dataclass
from pathlib import Path

from facelines.model.sources import SourceError
from facelines.model.training.config import Config


@dataclass(frozen=True)
class Recipe:
    """A whole training: what a file of `configs/` says and `facelines train` does.

    config: the network and how it learns.
    data: a prepared folder or "embedded"; docs/training.md says how out/fer is made.
    labels: whose it learns and is selected on: "fer2013", "ferplus" (the FER+ majority), or ""
        for those that the data comes with.
    landmarker: "mean", or "mesh" to learn from the mesh's points and drawings alone.
    teachers: artifacts by their name or folder, the mean of whose answers about every changed
        face joins the targets (`config.teacher`).
    ask_once: the teachers are asked once about each face as it is: they may then see what the
        student does not, such as pixels, and an epoch takes no longer than without them.
    views: of a face, averaged at test at so many times the cost (see `inputs.views`).
    cross_validate: train once for each split of the data and test on it.
    expected: the accuracy on the validation split (of all folds) that it has given, as a share;
        None where that was not measured.
    """

    config: Config
    data: str | Path = "out/fer"
    labels: str = ""
    landmarker: str = "mean"
    teachers: tuple[str | Path, ...] = ()
    ask_once: bool = False
    views: int = 1
    cross_validate: bool = False
    expected: float | None = None


def read_recipe(path: Path) -> Recipe:
    """Read a file such as `configs/pixel.py`: Python that sets `recipe`, or `config` alone.

    Raises:
        SourceError: missing, or without either.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such config; expected a Python file that sets `recipe`.")
    try:
        names = runpy.run_path(str(path))
    except (SyntaxError, TypeError, NameError, ImportError) as error:
        raise SourceError(f"{path} is no valid config: {error}.") from error
    if isinstance(names.get("recipe"), Recipe):
        return names["recipe"]
    if isinstance(names.get("config"), Config):
        return Recipe(names["config"])
    raise SourceError(f"{path} sets neither `recipe` to a Recipe nor `config` to a Config.")
