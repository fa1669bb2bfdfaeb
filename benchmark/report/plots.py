"""The report's plots as inline SVG: no file, no request; told apart without colour.

Shape is a filled circle and a solid line, pixels a hollow square and a dashed line, both together
a diamond and a dotted line; the colours (Okabe and Ito's) also differ in lightness.
"""

import io
import re
from collections.abc import Sequence

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib.figure import Figure

from facelines.benchmark.schema import BOTH, PIXELS, SHAPE
from facelines.preprocessing.points import GROUPS

_INK, _PALE = "#1d1d1f", "#b9b9bf"
_COLOUR = {SHAPE: "#004c86", PIXELS: "#c25400", BOTH: "#1d1d1f"}
_MARK = {SHAPE: "o", PIXELS: "s", BOTH: "D"}
_DASH = {SHAPE: "-", PIXELS: "--", BOTH: ":"}
_MARKS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "*")
_STYLE = {
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.fonttype": "none",
    "legend.frameon": False,
    "grid.color": "#dedee3",
    "grid.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
}
_LABEL_WIDTH = 12  # percentage points, at most, that a figure takes on the scale of `forest`
_WIDE = 4.6  # inches: readable at a phone's width, not lost on paper


def svg_of(draw, name: str, width: float = _WIDE, height: float = 3.2) -> str:
    """Return what `draw(axes)` draws as an SVG element for HTML.

    Args:
        name: unique in the page: the ids inside are made from it.
    """
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _for_html(file.getvalue())


def _for_html(text: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", text)  # axes_1 ...: nothing points to them
    return text.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


def _marker(sees: str) -> dict:
    face = "white" if sees == PIXELS else _COLOUR[sees]
    return {"marker": _MARK[sees], "color": _COLOUR[sees], "markerfacecolor": face, "markersize": 6}


def forest(rows: list[dict], name: str = "forest") -> str:
    """Return a dot and its 95 % interval for each {label, sees, accuracy, interval, published}."""

    def draw(axes):
        for place, row in enumerate(reversed(rows)):
            low, high = (100 * bound for bound in row["interval"])
            axes.plot([low, high], [place, place], color=_COLOUR[row["sees"]], linewidth=1.6)
            axes.plot(100 * row["accuracy"], place, linestyle="none", **_marker(row["sees"]))
            # To the right, unless the published figure stands there.
            right = not 0 < 100 * (row.get("published") or 0) - high < _LABEL_WIDTH
            axes.annotate(
                f"{100 * row['accuracy']:.1f}",
                (high if right else low, place),
                (5 if right else -5, 0),
                va="center",
                ha="left" if right else "right",
                textcoords="offset points",
                fontsize=8,
            )
            if row.get("published"):
                axes.plot(
                    100 * row["published"],
                    place,
                    "|",
                    color=_INK,
                    markersize=13,
                    markeredgewidth=1.6,
                )
        axes.set_yticks(range(len(rows)), [row["label"] for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.2)
        axes.set_xlabel("accuracy, %")
        axes.margins(x=0.1)  # room for the figures
        axes.grid(visible=False, axis="y")

    return svg_of(draw, name, height=0.75 + 0.36 * len(rows))


def curve(name: str, history: list[dict], sees: str) -> str:
    """Return test accuracy by epoch of one training, and its loss below in gray dashes."""

    def draw(axes):
        scored = [row for row in history if "accuracy" in row]
        accuracy = [100 * row["accuracy"] for row in scored]
        kept = len(accuracy) - 1 - int(np.argmax(accuracy[::-1]))  # of equals the last, as `fit`
        axes.plot(
            [row["epoch"] for row in scored],
            accuracy,
            linestyle=_DASH[sees],
            markevery=[kept],
            **_marker(sees),
        )
        axes.set(xlabel="epoch", ylabel="test accuracy, %")
        axes.set_title(f"{name}: best {max(accuracy):.1f} %", fontsize=9)
        axes.xaxis.get_major_locator().set_params(integer=True)
        loss = axes.twinx()
        loss.plot(
            [row["epoch"] for row in history],
            [row["loss"] for row in history],
            color="#8a8a92",
            linestyle=(0, (1, 1)),
        )
        loss.set_ylabel("training loss (dotted gray)")
        loss.grid(visible=False)

    return svg_of(draw, f"curve-{name}", 3.2, 2.3)


def _line(sees: str, index: int) -> dict:
    """Return how the index-th of several lines looks: the sees's line, with a mark of its own."""
    face = "white" if sees == PIXELS else _COLOUR[sees]
    return {
        "color": _COLOUR[sees],
        "linestyle": _DASH[sees],
        "marker": _MARKS[index % len(_MARKS)],
        "markersize": 4,
        "markerfacecolor": face,
    }


def _legend_below(axes, columns: int = 2) -> None:
    axes.figure.legend(loc="outside lower center", ncols=columns, fontsize=8, handlelength=3)


def reliability(name: str, bins: list[dict], ece: float) -> str:
    """Return accuracy against confidence; the area of a dot is the share of faces in its bin."""
    total = sum(one["n"] for one in bins)

    def draw(axes):
        axes.plot([0, 100], [0, 100], color=_PALE, linewidth=1)
        confidence = [100 * one["confidence"] for one in bins]
        accuracy = [100 * one["accuracy"] for one in bins]
        axes.plot(confidence, accuracy, color=_INK, linewidth=1)
        sizes = [12 + 260 * one["n"] / total for one in bins]
        axes.scatter(confidence, accuracy, sizes, color="white", edgecolors=_INK, zorder=3)
        axes.set(xlim=(0, 103), ylim=(0, 103), xlabel="confidence, %", ylabel="accuracy, %")
        axes.set_title(f"{name}: off by {100 * ece:.1f} %", fontsize=9)
        axes.set_aspect("equal")

    return svg_of(draw, f"reliability-{name}", 2.7, 2.7)


def by_share(named: dict[str, tuple[str, list[dict]]]) -> str:
    """Return accuracy on the most certain share of the faces, for {name: (sees, rows)}."""

    def draw(axes):
        for index, (name, (sees, rows)) in enumerate(named.items()):
            axes.plot(
                [100 * row["coverage"] for row in rows],
                [100 * row["accuracy"] for row in rows],
                markevery=(1, 3),
                label=f"{name} ({sees})",
                **_line(sees, index),
            )
        axes.set(xlabel="share of the faces answered, surest first, %", ylabel="accuracy, %")
        _legend_below(axes)

    return svg_of(draw, "by-share", height=2.9 + 0.2 * ((len(named) + 1) // 2))


def cost(rows: list[dict]) -> str:
    """Return accuracy against multiplications for {number, sees, accuracy, macs}.

    Dots carry numbers, as sixteen names would lie over each other.
    """

    def draw(axes):
        axes.set_xscale("log")
        for row in rows:
            place = row["macs"] / 1e6, 100 * row["accuracy"]
            axes.plot(*place, linestyle="none", **_marker(row["sees"]))
            axes.annotate(str(row["number"]), place, (5, 4), textcoords="offset points", fontsize=8)
        axes.set(
            xlabel="million multiplications a face (all views, logarithmic)", ylabel="accuracy, %"
        )
        axes.margins(0.08, 0.1)

    return svg_of(draw, "cost", height=3.4)


def corruption(kind: str, one: dict, clean: dict, seen_by: dict[str, str]) -> str:
    """Return accuracy by strength of one kind of corruption, 0 being the picture as it was."""

    def draw(axes):
        places = range(len(one["levels"]) + 1)
        for index, (name, accuracies) in enumerate(one["models"].items()):
            values = [100 * clean[name], *(100 * value for value in accuracies)]
            axes.plot(places, values, label=name, **_line(seen_by[name], index))
        axes.set_xticks(places, ["0", *(f"{abs(level):g}" for level in one["levels"])])
        axes.set_title(kind, fontsize=9)
        axes.set_xlabel(one["unit"])
        axes.set_ylabel("accuracy, %")
        axes.set_ylim(bottom=0)
        _legend_below(axes, 2)

    return svg_of(draw, f"corruption-{kind}", 3.1, 2.9)


def bars(rows: list[tuple[str, float]], name: str, label: str, line: float | None = None) -> str:
    """Return horizontal bars of (label, share), the values written at their ends."""

    def draw(axes):
        places = range(len(rows))
        values = [100 * value for _, value in reversed(rows)]
        axes.barh(places, values, color="#d5d9e2", edgecolor=_INK, linewidth=0.8, height=0.6)
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:.1f}",
                (max(value, 0), place),
                (4, 0),
                va="center",
                fontsize=8,
                textcoords="offset points",
            )
        axes.set_yticks(places, [text for text, _ in reversed(rows)])
        if line is not None:
            axes.axvline(100 * line, color=_INK, linestyle="--", linewidth=1)
        axes.set_xlabel(label)
        axes.set_xlim(min(0, *values) * 1.1, max(values) * 1.18 + 0.1)
        axes.grid(visible=False, axis="y")

    return svg_of(draw, name, 3.4, 0.7 + 0.32 * len(rows))


def heat(values: Sequence[Sequence[float]], mean_face: np.ndarray, title: str, name: str) -> str:
    """Return an occlusion map with a mean face's lines over it; darker is more important."""
    grid = np.asarray(values)

    def draw(axes):
        edge = 4.5 / 48  # the middle of the first square
        axes.imshow(
            grid,
            cmap="Greys",
            vmin=0,
            vmax=max(grid.max(), 1e-6),
            interpolation="bilinear",
            extent=(edge, 1 - edge, 1 - edge, edge),
        )
        for line in strokes(mean_face):
            axes.plot(*line.T, color="#c25400", linewidth=1)
        axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
        axes.grid(visible=False)
        axes.set_title(title, fontsize=9)

    return svg_of(draw, name, 1.5, 1.7)


def strokes(points: np.ndarray) -> list[np.ndarray]:
    """Return the lines of a face of 51 points, closed ones with their first point at the end."""
    found = []
    for name, group in GROUPS.items():
        line = np.asarray(points)[group]
        if name == "nose":
            found += [line[:4], line[4:]]
        elif "eyebrow" in name:
            found.append(line)
        else:
            found.append(np.vstack([line, line[:1]]))
    return found


def face(points: np.ndarray, alternative: str) -> str:
    """Return one face's drawing as a small SVG, white on black as the networks see it."""
    lines = "".join(
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in 48 * line)}"/>'
        for line in strokes(points)
    )
    return (
        f'<svg class="face" viewBox="0 0 48 48" role="img" aria-label="{alternative}">'
        f'<rect width="48" height="48"/>{lines}</svg>'
    )
