#!/usr/bin/env python3
"""Facelines: read an expression from the shape of a face. `run.py COMMAND --help` says more."""

import argparse
import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

from preprocessing.arguments import positive

LICENCES = (
    "Code: MIT. Weights and the embedded landmark set: research use only (FER2013). Landmark "
    "file: trained on iBUG 300-W, commercial use excluded. BlazeFace, face mesh: Apache-2.0. It "
    "guesses a label from a face's shape and does not read feelings; not for work, school or "
    "decisions."
)


def main(argv: list[str] | None = None) -> int:
    """Parse, call one function, print; return the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow talks a lot at import
    arguments = _parser().parse_args(argv)
    try:
        return arguments.handler(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        if arguments.debug:
            raise
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(
            f"error: the package {error.name} is missing; pip install -r requirements.txt.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130


def _preprocess(arguments) -> int:
    from preprocessing import preprocess

    return preprocess.run(arguments)


def _train(arguments) -> int:
    from model import training
    from model.networks import NETWORKS
    from model.train import Config, with_overrides

    if arguments.network not in NETWORKS:
        raise ValueError(
            f"unknown network {arguments.network!r}; expected one of {', '.join(NETWORKS)}."
        )
    config = Config(arguments.network)
    if arguments.config:
        config = training.read_config(arguments.config)
    config = with_overrides(
        config,
        network=arguments.network,
        classes=arguments.classes,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
        class_weights=arguments.class_weights,
        precision=arguments.precision,
        start=arguments.start,
    )
    folder = arguments.out or Path("runs") / arguments.network
    if arguments.cross_validate:
        if arguments.teacher or arguments.views > 1 or arguments.labels != "fer2013":
            raise ValueError(
                "--cross-validate trains on the data's own labels and tests one view of each face; "
                "leave --teacher, --views and --labels out."
            )
        figures = training.cross_validate(config, arguments.data, folder, resume=arguments.resume)
        (folder / "cross_validation.json").write_text(json.dumps(figures, indent=2) + "\n")
    else:
        figures = training.train(
            config,
            arguments.data,
            folder,
            labels_of=arguments.labels,
            teachers=arguments.teacher,
            views=arguments.views,
            resume=arguments.resume,
            command=_this_command(),
        )
    _print_figures(figures, folder.name)
    print(f"\nWritten to {folder}")
    return 0


def _evaluate(arguments) -> int:
    from model.scoring import score

    figures = score(
        arguments.artifact,
        arguments.source,
        split=arguments.split,
        labels_of=arguments.labels,
        **_reading(arguments),
    )
    _print_figures(figures, figures["model"])
    if arguments.json:
        print(json.dumps(figures))
    return 0


def _reading(arguments) -> dict:
    """Return the options that only raw data sets take, where they were given."""
    names = ("format", "ferplus", "limit", "workers")
    given = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def _predict(arguments) -> int:
    from model.predict import predict_paths
    from model.recognizer import Recognizer

    recognizer = Recognizer.load(arguments.model)
    rows = []
    for row in predict_paths(recognizer, arguments.paths, arguments.annotate):
        rows.append(row)
        print(_row_text(row))
    nothing_read = all(row.error and row.error != "no face found" for row in rows)
    if arguments.annotate and not nothing_read:
        print(f"\nAnnotated copies are in {arguments.annotate}")
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
    return 1 if nothing_read else 0


def _row_text(row) -> str:
    where = row.path if row.time is None else f"{row.path} {row.time:7.2f} s"
    if row.error:
        return row.error if row.error.startswith(row.path) else f"{where}: {row.error}"
    left, top, right, bottom = row.box
    return (
        f"{where}  face {row.face}  {row.emotion:<9} {100 * row.confidence:5.1f} %  "
        f"box {left:.0f},{top:.0f} to {right:.0f},{bottom:.0f}  quality {row.quality:.2f}"
    )


def _doctor(arguments) -> int:
    from model.doctor import report

    lines, healthy = report()
    print("\n".join([*lines, "", LICENCES]))
    return 0 if healthy else 1


def _webapp(arguments) -> int:
    from webapp.server import serve
    from webapp.settings import Settings

    serve(
        Settings(
            host=arguments.host,
            port=arguments.port,
            ssl_certfile=arguments.ssl_certfile,
            ssl_keyfile=arguments.ssl_keyfile,
            allow_origin=tuple(arguments.allow_origin),
            max_clients=arguments.max_clients,
            model=arguments.model,
        )
    )
    return 0


def _demo(arguments) -> int:
    from model.demo import demonstrate

    demonstrate(arguments.out)
    if not sys.stdout.isatty():  # a script's run must end by itself
        print("Web app: python run.py webapp")
        return 0
    return main(["webapp"])


def _embed(arguments) -> int:
    from model import embedded
    from preprocessing.prepared import load_prepared

    embedded.save(load_prepared(arguments.prepared), arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")
    return 0


def _table(arguments) -> int:
    from model import table

    text = table.markdown(table.measure(arguments.prepared, arguments.split), arguments.split)
    print(text)
    if arguments.write:
        table.write_into(arguments.write, text)
    return 0


def _card(arguments) -> int:
    from model.release import rewrite_card

    for name in arguments.artifacts:
        print(rewrite_card(name))
    return 0


def _benchmark(arguments) -> int:
    from model import benchmark, table
    from model.entries import Options

    options = Options(
        data=arguments.data,
        out=arguments.out,
        quick=arguments.quick,
        only=tuple(arguments.only),
        epochs=arguments.epochs,
        seeds=arguments.seeds,
        classes=arguments.classes,
        also=tuple(arguments.also),
        peer=arguments.peer,
        workers=arguments.workers or os.cpu_count() or 1,
        probe_rows=arguments.probe_rows,
        command=_this_command(),
    )
    if arguments.write:  # before the hours: a page without markers is said at once
        table.check_markers(arguments.write, "benchmark")
    results = benchmark.run(options)
    if arguments.write:
        text = (arguments.out / "table.md").read_text().rstrip()
        table.write_into(arguments.write, text, name="benchmark")
    print("\n".join(f"- {sentence}" for sentence in results["learned"]))
    print(f"\n{arguments.out / 'report.html'}\n{arguments.out / 'results.json'}")
    return 0


def _print_figures(figures: dict, name: str) -> None:
    from model.report_text import figures_text

    print(figures_text(figures, name))


def _this_command() -> str:
    return shlex.join(["python", "run.py", *sys.argv[1:]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__, epilog=LICENCES)
    parser.add_argument("--version", action="version", version=f"Facelines 0.1.0\n{LICENCES}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_preprocess(commands)
    _add_train(commands)
    _add_evaluate(commands)
    _add_benchmark(commands)
    _add_predict(commands)
    _add_webapp(commands)
    _add_small(commands)
    return parser


def _add_preprocess(commands) -> None:
    from preprocessing.preprocess import add_arguments

    command = commands.add_parser("preprocess", help="turn a face data set into landmark images")
    add_arguments(command)
    command.set_defaults(handler=_preprocess)


def _add_train(commands) -> None:
    command = commands.add_parser("train", help="train a network and export it as an artifact")
    command.add_argument("network", help="landmark_cnn, pixel_cnn, points_mlp, landmark, ...")
    command.add_argument("--data", required=True, help='a prepared folder, or "embedded"')
    command.add_argument("--config", type=Path, help="a file such as configs/landmark.py")
    command.add_argument("--out", type=Path, help="the artifact's folder (runs/NETWORK)")
    command.add_argument("--labels", choices=("fer2013", "ferplus"), default="fer2013")
    command.add_argument("--classes", type=int, choices=(3, 6, 7))
    command.add_argument("--epochs", type=positive)
    command.add_argument("--batch-size", type=positive)
    command.add_argument("--learning-rate", type=float)
    command.add_argument("--seed", type=int)
    command.add_argument("--class-weights", type=float, metavar="POWER", help="0 off, 1 balanced")
    command.add_argument("--precision", choices=("float32", "mixed_bfloat16"))
    command.add_argument("--start", help="a model.keras to take weights from")
    command.add_argument(
        "--teacher", type=Path, nargs="+", default=(), metavar="ARTIFACT",
        help="artifacts, the mean of whose answers joins the targets",
    )  # fmt: skip
    command.add_argument(
        "--views", type=int, choices=(1, 2, 4, 6, 8), default=1, help="of a face, averaged at test"
    )
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    command.add_argument(
        "--cross-validate", action="store_true", help="train once a split, test on it (CK+)"
    )
    command.set_defaults(handler=_train)


def _add_evaluate(commands) -> None:
    from preprocessing.datasets import FORMATS

    command = commands.add_parser("evaluate", help="score an artifact on every image of a source")
    command.add_argument("artifact", help="a released name (landmark) or an artifact's folder")
    command.add_argument("source", help='a data set, a prepared folder, or "embedded"')
    command.add_argument("--split", help="PublicTest, PrivateTest, Training, ...; all by default")
    command.add_argument("--labels", choices=("fer2013", "ferplus"), default="fer2013")
    command.add_argument("--ferplus", help="of raw data: fer2013new.csv; found beside the CSV")
    command.add_argument("--format", choices=FORMATS, help="of raw data; by default recognised")
    command.add_argument("--limit", type=positive, help="only the first so many images")
    command.add_argument(
        "--workers", type=positive, help="processes, for raw data; all cores by default"
    )
    command.add_argument("--json", action="store_true", help="end with one line of JSON")
    command.set_defaults(handler=_evaluate)


def _add_benchmark(commands) -> None:
    command = commands.add_parser("benchmark", help="landmarks against raw pixels: a report")
    command.add_argument(
        "--data", default="embedded", help='a prepared FER2013 with pictures, or "embedded"'
    )
    command.add_argument("--out", type=Path, default=Path("out/benchmark"), metavar="DIR")
    command.add_argument("--quick", action="store_true", help="a small one, in about 3 minutes")
    command.add_argument("--only", nargs="+", default=[], metavar="NETWORK")
    command.add_argument("--epochs", type=positive, help="in place of each network's own")
    command.add_argument("--seeds", type=positive, default=1, help="trainings a network (1)")
    command.add_argument("--classes", type=int, choices=(3, 6, 7), default=6)
    command.add_argument(
        "--also", action="append", default=[], metavar="PATH", help="cross with CK+48 or another"
    )
    command.add_argument("--peer", choices=("fer",), default="", help="an installed package too")
    command.add_argument("--workers", type=positive, help="processes and threads; all by default")
    command.add_argument(
        "--probe-rows", type=positive, default=1000, metavar="N", help="faces to damage (1000)"
    )
    command.add_argument("--write", type=Path, metavar="FILE", help="its table, between markers")
    command.set_defaults(handler=_benchmark)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 (any free) to 65535")
    return int(text)


def _add_predict(commands) -> None:
    command = commands.add_parser("predict", help="read photos, folders and videos")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument("--model", default="landmark", help="a released name or a folder")
    command.add_argument("--annotate", type=Path, metavar="DIR", help="draw on copies in DIR")
    command.add_argument("--json", action="store_true", help="end with one line of JSON")
    command.set_defaults(handler=_predict)


def _add_webapp(commands) -> None:
    command = commands.add_parser("webapp", help="live expressions from your own camera")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=_port, default=8000)
    command.add_argument("--ssl-certfile", help="PEM; browsers lend cameras to https only")
    command.add_argument("--ssl-keyfile")
    command.add_argument("--allow-origin", action="append", default=[], metavar="ORIGIN")
    command.add_argument("--max-clients", type=positive, default=32)
    command.add_argument("--model", default="landmark-ferplus", help="of the start")
    command.set_defaults(handler=_webapp)


def _add_small(commands) -> None:
    command = commands.add_parser("doctor", help="check versions, model files and licences")
    command.set_defaults(handler=_doctor)
    command = commands.add_parser("demo", help="a sample photo, the shipped model, the web app")
    command.add_argument("--out", type=Path, default=Path("out/demo"))
    command.set_defaults(handler=_demo)
    command = commands.add_parser("table", help="measure the released models for the README")
    command.add_argument("prepared", type=Path, help="FER2013 prepared with --ferplus")
    command.add_argument("--split", default="PublicTest")
    command.add_argument("--write", type=Path, metavar="FILE", help="put it between the markers")
    command.set_defaults(handler=_table)
    command = commands.add_parser("card", help="write artifacts' cards anew from their metrics")
    command.add_argument("artifacts", nargs="+")
    command.set_defaults(handler=_card)
    command = commands.add_parser("embed", help="write a prepared FER2013's geometry as one file")
    command.add_argument("prepared", type=Path)
    command.add_argument("--out", type=Path, default=Path("data/fer2013_landmarks.parquet"))
    command.set_defaults(handler=_embed)


if __name__ == "__main__":
    sys.exit(main())
