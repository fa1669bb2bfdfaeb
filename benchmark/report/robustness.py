"""The report's tables of accuracy where the pictures are worse, or framed otherwise."""

from collections.abc import Iterator

from facelines.benchmark.report import plots
from facelines.benchmark.report.markup import Html, element, figure, grid, join, needs
from facelines.benchmark.report.markup import table as html_table
from facelines.benchmark.schema import NOT_YET
from facelines.model.format import percent

FRAMINGS = {
    "clean": "as it is",
    "squashed": "squashed to 0.76",
    "tight": "inner 80 %",
    "loose": "padded by 25 %",
    "turned": "turned by 20 degrees",
}


def corruption(results: dict) -> Html:
    """Return the plots and the table of accuracy under corruption."""
    found = results["corruptions"]
    if "needs" in found:
        return needs(found)
    seen_by = {row["network"]: row["sees"] for row in results["contenders"]}
    figures = [
        figure(
            plots.corruption(kind, one, found["clean"], seen_by),
            f"Accuracy under {kind} from none to strongest: "
            + "; ".join(
                f"{name} {percent(found['clean'][name])} to {percent(values[-1])}"
                for name, values in one["models"].items()
            ),
            kind="small",
        )
        for kind, one in found["kinds"].items()
    ]
    names = list(found["clean"])
    rows = [
        (
            kind,
            *(f"{100 * one['models'][name][-1]:.1f}" for name in names),
            f"{100 * one['found'][-1]:.0f}",
        )
        for kind, one in found["kinds"].items()
    ]
    clean = ("(uncorrupted)", *(f"{100 * found['clean'][name]:.1f}" for name in names), "")
    header = ("kind", *(f"`{name}`" for name in names), "face found, %")
    return join(
        element(
            "p",
            f"{found['n']} test images are corrupted and go through the whole pipeline "
            "from there, so detector and landmarks suffer as well; the pixel networks get the "
            "corrupted image itself. Solid lines see the shape, dashed ones the pixels.",
        ),
        grid(figures),
        html_table(header, [clean, *rows], "Accuracy in % at the strongest of five strengths"),
    )


def framing(results: dict) -> Html:
    """Return the table of accuracy on pictures framed otherwise, and what each framing costs."""
    # Results of before it was asked have no such section.
    found = results.get("framings", NOT_YET)
    if "needs" in found:
        return needs(found)
    rows = [
        (f"`{name}`", *(f"{100 * value:.1f}" for value in values)) for name, values in framed(found)
    ]
    caption = (
        f"The {found['n']} test pictures framed otherwise, through the whole pipeline again: "
        "accuracy in %"
    )
    return join(
        element("h3", "Faces framed otherwise"),
        html_table(("model", *FRAMINGS.values()), rows, caption),
    )


def framed(found: dict) -> Iterator[tuple[str, list[float]]]:
    """Yield (network, its accuracies in the order of FRAMINGS)."""
    for name, clean in found["clean"].items():
        kinds = [one["models"][name] for one in map(found["kinds"].get, list(FRAMINGS)[1:])]
        yield name, [clean, *kinds]
