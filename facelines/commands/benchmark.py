"""`facelines benchmark`: landmarks against raw pixels, measured and written as a report."""

import argparse
import os
from pathlib import Path

from facelines.benchmark.schema import SECTIONS
from facelines.commands.arguments import number
from facelines.commands.output import this_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--data", default="embedded", help='a prepared FER2013 with pictures, or "embedded"'
    )
    parser.add_argument("--out", type=Path, default=Path("out/benchmark"), metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="a small one, in minutes")
    parser.add_argument("--only", nargs="+", default=[], metavar="NETWORK")
    parser.add_argument(
        "--epochs", type=number(1, 100_000, int), help="in place of each network's own"
    )
    parser.add_argument(
        "--seeds", type=number(1, 1000, int), default=1, help="trainings a network (1)"
    )
    parser.add_argument("--classes", type=int, choices=(3, 6, 7), default=6)
    parser.add_argument(
        "--also", action="append", default=[], metavar="PATH", help="cross with CK+48 or another"
    )
    parser.add_argument("--peer", choices=("fer",), default="", help="an installed package too")
    parser.add_argument(
        "--workers", type=number(1, 1024, int), help="processes and threads; all by default"
    )
    parser.add_argument(
        "--probe-rows",
        type=number(1, 1_000_000, int),
        default=1000,
        metavar="N",
        help="faces to corrupt (1000)",
    )
    parser.add_argument(
        "--sections",
        nargs="+",
        default=[],
        choices=SECTIONS,
        metavar="NAME",
        help=f"ask these further questions alone: {', '.join(SECTIONS)}",
    )
    parser.add_argument(
        "--report-only", type=Path, metavar="DIR", help="draw an earlier run's report again"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="its table, between markers")


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark and print what was learned; return the exit status."""
    from facelines.benchmark.report import markdown

    out = arguments.report_only or arguments.out
    if arguments.write:  # before the hours: a page without markers is said at once
        markdown.check_markers(arguments.write, "benchmark")
    results = _redrawn(out) if arguments.report_only else _measured(arguments)
    if arguments.write:
        text = (out / "table.md").read_text().rstrip()
        markdown.write_into(arguments.write, text, name="benchmark")
    print("\n".join(f"- {sentence}" for sentence in results["learned"]))
    print(f"\n{out / 'report.html'}\n{out / 'results.json'}")
    return 0


def _redrawn(out: Path) -> dict:
    from facelines.benchmark.report import draw

    return draw.redraw(out)


def _measured(arguments: argparse.Namespace) -> dict:
    from facelines.benchmark import runner
    from facelines.benchmark.schema import Options

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
        sections=tuple(arguments.sections),
        command=this_command(),
    )
    return runner.run(options)
