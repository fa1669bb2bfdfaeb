"""`facelines evaluate`: an artifact's figures on every image of a source."""

import argparse
import json

from facelines.commands.arguments import number, positive
from facelines.commands.output import print_figures
from facelines.preprocessing import aspect
from facelines.preprocessing.datasets import FORMATS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("artifact", help="a released name (landmark) or an artifact's folder")
    parser.add_argument("source", help='a data set, a prepared folder, or "embedded"')
    parser.add_argument("--split", help="PublicTest, PrivateTest, Training, ...; all by default")
    parser.add_argument("--labels", choices=("fer2013", "ferplus"), default="fer2013")
    parser.add_argument("--ferplus", help="of raw data: fer2013new.csv; found beside the CSV")
    parser.add_argument(
        "--labels-from", metavar="CSV", help="labels of a folder's pictures: path,label and more"
    )
    parser.add_argument("--format", choices=FORMATS, help="of raw data; by default recognised")
    parser.add_argument(
        "--aspect",
        type=aspect.parse,
        metavar="auto|1|FACTOR",
        help="of raw data: make pictures so much taller; auto (the default) where faces are "
        "plainly squashed or stretched",
    )
    parser.add_argument("--limit", type=positive, help="only the first so many images")
    parser.add_argument(
        "--workers", type=number(1, 1024, int), help="processes, for raw data; all cores by default"
    )
    parser.add_argument(
        "--reference",
        choices=("none", "set", "subject"),
        default="none",
        help="read each shape against the mean of all the faces, or of the same person's",
    )
    parser.add_argument(
        "--subject-from", metavar="REGEX", help="finds the person in each picture's path"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")


def run(arguments: argparse.Namespace) -> int:
    """Score an artifact and print its figures; return the exit status."""
    from facelines.model.evaluate import score

    figures = score(
        arguments.artifact,
        arguments.source,
        split=arguments.split,
        labels_of=arguments.labels,
        reference=arguments.reference,
        subject_from=arguments.subject_from,
        **_reading(arguments),
    )
    print_figures(figures, figures["model"])
    if line := aspect.remark(**figures["aspect"]):
        print(f"\n{line}")
    if arguments.json:
        print(json.dumps(figures))
    return 0


def _reading(arguments) -> dict:
    """Return the options that only raw data sets take, where they were given."""
    names = ("format", "ferplus", "labels_from", "aspect", "limit", "workers")
    given = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}
