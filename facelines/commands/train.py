"""`facelines train`: prepared data -> a trained network, exported as an artifact."""

import argparse
import json
from pathlib import Path

from facelines.commands.arguments import number
from facelines.commands.output import print_figures, this_command
from facelines.model.training.config import Config, with_overrides
from facelines.model.training.recipe import Recipe, read_recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; each takes the place of what the config says."""
    parser.add_argument(
        "what",
        metavar="CONFIG|NETWORK",
        help="a recipe such as configs/landmark.py; or a network: points_mlp, pixel_cnn, ...",
    )
    parser.add_argument("--data", help='a prepared folder, or "embedded" (the config\'s: out/fer)')
    parser.add_argument("--config", type=Path, help="a recipe, for another NETWORK than its own")
    parser.add_argument("--out", type=Path, help="the artifact's folder (runs/CONFIG or NETWORK)")
    parser.add_argument(
        "--labels",
        choices=("fer2013", "ferplus"),
        help="ferplus: the FER+ majority; by default the labels that the data comes with",
    )
    parser.add_argument(
        "--classes", type=number(2, 1000, int), help="3, 6 or 7 of ours; or all of the data's"
    )
    parser.add_argument(
        "--landmarker",
        choices=("mean", "mesh"),
        help="mesh: learn from the mesh's points and drawings, without dlib's",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        nargs="+",
        metavar="ARTIFACT",
        help="artifacts, the mean of whose answers joins the targets",
    )
    parser.add_argument(
        "--ask-once",
        action="store_true",
        help="the teachers answer once about each face as it is: they may see what is not learned "
        "from, such as pixels",
    )
    parser.add_argument(
        "--views", type=int, choices=(1, 2, 4, 6, 8), help="of a face, averaged at test"
    )
    _add_config(parser)
    parser.add_argument(
        "--stream", action="store_true", help="keep the faces on the disk, for sets beyond memory"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--cross-validate", action="store_true", help="train once a split, test on it (CK+)"
    )


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--epochs", type=number(1, 100_000, int))
    parser.add_argument("--batch-size", type=number(1, 65_536, int))
    parser.add_argument("--learning-rate", type=number(1e-8, 1), help="0.00000001 to 1")
    parser.add_argument("--seed", type=number(0, 2**32 - 1, int))
    parser.add_argument(
        "--class-weights", type=number(0, 2), metavar="POWER", help="0 off, 1 balanced, at most 2"
    )
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"))
    parser.add_argument(
        "--start", metavar="MODEL", help="take weights of a released model, artifact or model.keras"
    )
    parser.add_argument(
        "--patience",
        type=number(1, 10_000, int),
        metavar="N",
        help="stop after N validations without a gain",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train as the recipe says; return the exit status."""
    from facelines.model.training.train import cross_validate, train

    recipe = recipe_of(arguments)
    if recipe.ask_once and not recipe.teachers:
        raise ValueError("--ask-once asks a teacher, and there is none; give --teacher ARTIFACT.")
    folder = arguments.out or Path("runs") / Path(arguments.what).stem
    if recipe.cross_validate:
        if arguments.teacher or arguments.views or arguments.labels:
            raise ValueError(
                "--cross-validate trains on the data's own labels and tests one view of each face; "
                "leave --teacher, --views and --labels out."
            )
        figures = cross_validate(
            recipe.config, recipe.data, folder, classes=arguments.classes, resume=arguments.resume
        )
        (folder / "cross_validation.json").write_text(json.dumps(figures, indent=2) + "\n")
    else:
        figures = train(
            recipe,
            folder,
            classes=arguments.classes,
            stream=arguments.stream,
            resume=arguments.resume,
            command=this_command(),
        )
    print_figures(figures, folder.name)
    if recipe.expected is not None:
        print(f"\nThis recipe has given an accuracy of {recipe.expected:.1%} on {recipe.data}.")
    print(f"\nWritten to {folder}")
    return 0


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Return what the config says, with what the other arguments say in its place.

    Raises:
        SourceError: there is no such config.
        ValueError: no such network, two configs, or neither a config nor data.
    """
    from facelines.model.training.networks import NETWORKS

    path = Path(arguments.what) if arguments.what.endswith(".py") else None
    if path and arguments.config:
        raise ValueError(f"two configs, {path} and --config {arguments.config}; give one.")
    network = None if path else arguments.what
    if network and network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}; expected one of {', '.join(NETWORKS)}.")
    path = path or arguments.config
    if not path and not arguments.data:
        raise ValueError(f'{network}: --data is missing; give a prepared folder, or "embedded".')
    recipe = read_recipe(path) if path else Recipe(Config(network))
    config = with_overrides(
        recipe.config,
        network=network,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
        class_weights=arguments.class_weights,
        precision=arguments.precision,
        start=arguments.start,
        patience=arguments.patience,
    )
    return with_overrides(
        recipe,
        config=config,
        data=arguments.data,
        labels=arguments.labels,
        landmarker=arguments.landmarker,
        teachers=tuple(arguments.teacher or ()) or None,
        ask_once=arguments.ask_once or None,
        views=arguments.views,
        cross_validate=arguments.cross_validate or None,
    )
