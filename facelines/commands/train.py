"""`facelines train`: prepared data -> a trained network, exported as an artifact."""

import argparse
import json
from pathlib import Path

from facelines.commands.arguments import number
from facelines.commands.output import print_figures, this_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("network", help="landmark_cnn, pixel_cnn, points_mlp, landmark, ...")
    parser.add_argument("--data", required=True, help='a prepared folder, or "embedded"')
    parser.add_argument("--config", type=Path, help="a file such as configs/landmark.py")
    parser.add_argument("--out", type=Path, help="the artifact's folder (runs/NETWORK)")
    parser.add_argument(
        "--labels", choices=("fer2013", "ferplus"), default="",
        help="ferplus: the FER+ majority; by default the labels that the data comes with",
    )  # fmt: skip
    parser.add_argument(
        "--classes", type=number(2, 1000, int), help="3, 6 or 7 of ours; or all of the data's"
    )
    parser.add_argument(
        "--landmarker", choices=("mean", "mesh"), default="mean",
        help="mesh: learn from the mesh's points and drawings, without dlib's",
    )  # fmt: skip
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
    parser.add_argument(
        "--teacher", type=Path, nargs="+", default=(), metavar="ARTIFACT",
        help="artifacts, the mean of whose answers joins the targets",
    )  # fmt: skip
    parser.add_argument(
        "--views", type=int, choices=(1, 2, 4, 6, 8), default=1, help="of a face, averaged at test"
    )
    parser.add_argument(
        "--stream", action="store_true", help="keep the faces on the disk, for sets beyond memory"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--cross-validate", action="store_true", help="train once a split, test on it (CK+)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train as the config says; return the exit status."""
    from facelines.model.training import recipe
    from facelines.model.training.config import Config, read_config, with_overrides
    from facelines.model.training.networks import NETWORKS

    if arguments.network not in NETWORKS:
        raise ValueError(
            f"unknown network {arguments.network!r}; expected one of {', '.join(NETWORKS)}."
        )
    config = Config(arguments.network)
    if arguments.config:
        config = read_config(arguments.config)
    config = with_overrides(
        config,
        network=arguments.network,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
        class_weights=arguments.class_weights,
        precision=arguments.precision,
        start=arguments.start,
        patience=arguments.patience,
    )
    folder = arguments.out or Path("runs") / arguments.network
    if arguments.cross_validate:
        if arguments.teacher or arguments.views > 1 or arguments.labels == "ferplus":
            raise ValueError(
                "--cross-validate trains on the data's own labels and tests one view of each face; "
                "leave --teacher, --views and --labels out."
            )
        figures = recipe.cross_validate(
            config, arguments.data, folder, classes=arguments.classes, resume=arguments.resume
        )
        (folder / "cross_validation.json").write_text(json.dumps(figures, indent=2) + "\n")
    else:
        figures = recipe.train(
            config,
            arguments.data,
            folder,
            labels_of=arguments.labels,
            classes=arguments.classes,
            landmarker=arguments.landmarker,
            teachers=arguments.teacher,
            views=arguments.views,
            stream=arguments.stream,
            resume=arguments.resume,
            command=this_command(),
        )
    print_figures(figures, folder.name)
    print(f"\nWritten to {folder}")
    return 0
