"""Who stands where: the contenders' figures, their differences, their coverage."""

from facelines.benchmark.report import plots
from facelines.benchmark.report.markup import Html, element, figure, join, text
from facelines.benchmark.report.markup import table as html_table
from facelines.benchmark.report.sections import interval
from facelines.benchmark.schema import FER2013, Row
from facelines.model.format import percent


def measured(results: dict) -> list[Row]:
    """Return the rows of the contenders that have figures."""
    return [row for row in results["contenders"] if "accuracy" in row]


def standings(results: dict) -> Html:
    """Return every contender's figures, and what tells them apart."""
    rows = measured(results)
    shown = [
        {
            "label": row["network"],
            "sees": row["sees"],
            "accuracy": row["accuracy"],
            "interval": row["accuracy_interval"],
            "published": _published_accuracy(row, len(results["labels"])),
        }
        for row in rows
    ]
    listed = "; ".join(f"{row['network']} {percent(row['accuracy'])}" for row in rows)
    plot = (
        figure(
            plots.forest(shown),
            f"Accuracy with 95 % intervals: {listed}.",
            "Accuracy with its 95 % interval (bootstrap over images). Filled circle: sees the "
            "shape; hollow square: the pixels; diamond: both. An upright bar is the published "
            "figure.",
        )
        if rows
        else ""
    )
    return join(
        plot,
        _contender_table(results),
        _collapse(results),
        _pair_table(results),
        _coverage(results),
    )


def _published_accuracy(row: dict, labels: int) -> float | None:
    claims = (
        claim["low"]
        for claim in row["claims"]
        if claim["data"] == FER2013 and abs(claim["classes"] - labels) <= 1
    )
    return next(claims, None)


def _contender_table(results: dict) -> Html:
    header = (
        "model",
        "sees",
        "accuracy, %",
        "95 %",
        "macro-F1",
        "balanced, %",
        "FER+, %",
        "where a face is found, %",
        "seeds",
    )
    body = [_contender_row(row) for row in results["contenders"]]
    status = join(
        *(
            element("li", Html(f"<code>{text(row['network'])}</code>: {text(_status(row))}"))
            for row in measured(results)
        )
    )
    voters = [row["network"] for row in measured(results) if row.get("learned_votes")]
    note = (
        "FER+: against the majority of ten raters"
        + (f" ({', '.join(voters)} learned the training faces' votes as well)" if voters else "")
        + ". Face found: on the images with a detected face alone; every other figure counts all "
        "images. Seeds: mean and standard deviation over trainings that differ in nothing but the "
        "seed; the other columns are the first one's."
    )
    return join(
        html_table(header, body, "Every contender"),
        element("p", note, class_="note"),
        element("h3", "Where each one's weights come from"),
        element("ul", status, class_="note"),
    )


def _contender_row(row: dict) -> tuple:
    name = Html(f"<code>{text(row['network'])}</code><br><small>{text(row['title'])}</small>")
    if "accuracy" not in row:
        missing = Html(f'<td class="missing" colspan="7">{text(row["status"])}</td>')
        return name, row["sees"], missing
    ferplus, found = row["ferplus"], row["found_only"]
    balanced = f"{100 * row['balanced_accuracy']:.1f}"
    return (
        name,
        row["sees"],
        Html(f"<td><strong>{100 * row['accuracy']:.1f}</strong></td>"),
        interval(row["accuracy_interval"]),
        _with_small(f"{row['macro_f1']:.3f}", _plain(row["macro_f1_interval"])),
        _with_small(balanced, interval(row["balanced_accuracy_interval"])),
        f"{100 * ferplus['accuracy']:.1f}" if ferplus else "",
        f"{100 * found['accuracy']:.1f}" if found else "",
        _seeds(row.get("seeds", ())),
    )


def _with_small(value: str, small: str) -> Html:
    return Html(f"<td>{text(value)}<br><small>{text(small)}</small></td>")


def _plain(bounds: list[float]) -> str:
    return f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def _status(row: dict) -> str:
    start = row.get("start", "random")
    return row["status"] + ("" if start == "random" else f"; {start}")


def _seeds(accuracies) -> str:
    if len(accuracies) < 2:
        return "one"
    mean = sum(accuracies) / len(accuracies)
    variance = sum((one - mean) ** 2 for one in accuracies) / (len(accuracies) - 1)
    return f"{100 * mean:.1f} ± {100 * variance**0.5:.2f} ({len(accuracies)})"


def _collapse(results: dict) -> Html:
    found = results["collapse"]
    if "needs" in found:
        return Html("")
    said = {row["network"]: row["most_said"] for row in measured(results)}
    rows = [
        (
            f"`{name}`",
            f"{one['size']:.2g}",
            percent(one["spread"]),
            f"{percent(said[name]['share'])} {said[name]['label']}",
        )
        for name, one in found.items()
    ]
    header = ("model", "mean feature", "differs between faces by", "answers most, when trained")
    return join(
        element("h3", "Why VGG19 collapsed"),
        element(
            "p",
            "What 16 convolutions with random weights leave of 64 faces. Features that "
            "are small and alike for every face can only learn how common each label is.",
        ),
        html_table(header, rows, "VGG19 as published, and mended"),
    )


def _pair_table(results: dict) -> Html:
    if not results["pairs"]:
        return Html("")
    rows = [
        (
            f"`{pair['first']}` against `{pair['second']}`",
            pair["n"],
            pair["only_first"],
            pair["only_second"],
            f"{pair['p']:.2g}",
        )
        for pair in results["pairs"]
    ]
    header = ("pair", "images", "only the first right", "only the second right", "p")
    caption = "McNemar's exact test, on the same images"
    return join(
        element("h3", "Do they differ by more than chance?"), html_table(header, rows, caption)
    )


def _coverage(results: dict) -> Html:
    rows = [
        (
            label,
            one["train"],
            one["test"],
            one["found"],
            f"{100 * one['found'] / max(one['test'], 1):.2f}",
        )
        for label, one in results["data"]["classes"].items()
    ]
    header = ("label", "training faces", "test faces", "of these found", "found, %")
    return join(
        element("h3", "Is a face found in every class alike?"),
        html_table(header, rows, "Coverage of the detector by class"),
    )
