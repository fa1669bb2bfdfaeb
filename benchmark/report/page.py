"""results.json -> one self-contained page. Nothing is measured here."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from facelines.benchmark.report import plots
from facelines.benchmark.report.comparisons import comparisons
from facelines.benchmark.report.markup import Html, element, figure, grid, join, text
from facelines.benchmark.report.markup import table as html_table
from facelines.benchmark.report.sections import classes, corruption, further, interval
from facelines.benchmark.schema import FER2013, PROBED
from facelines.model.format import percent, points

_TEMPLATE = Path(__file__).with_name("page.html")
_TITLE = "How much of an expression is in the shape of a face, and how much in its pixels?"


def page(results: dict) -> str:
    """Return the report as HTML that asks for nothing from outside."""
    sections = list(_sections(results))
    contents = join(
        *(element("li", Html(f'<a href="#{key}">{text(title)}</a>')) for key, title, _ in sections)
    )
    main = join(
        *(
            element("section", join(element("h2", title), body), id=key)
            for key, title, body in sections
        )
    )
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=_TITLE, lead=text(_lead(results)), facts=_facts(results), contents=contents,
        main=main, footer=_footer(results),
    )  # fmt: skip


def _measured(results: dict) -> list[dict]:
    return [row for row in results["contenders"] if "accuracy" in row]


def _lead(results: dict) -> str:
    data = results["data"]
    return (
        f"{len(_measured(results))} networks tested on the same {data['test']:,} faces of "
        f"{data['name']} {data['test_split']}, {len(results['labels'])} labels, every image "
        "counted, whether a face was found in it or not."
        + (" A quick run: small budgets, no picture is needed." if results["quick"] else "")
    )


def _facts(results: dict) -> Html:
    rows = {row["network"]: row for row in _measured(results)}
    found = []
    for label, names in (
        ("shape alone, best", [name for name in rows if rows[name]["sees"] == "shape"]),
        ("pixels alone, best", [name for name in rows if rows[name]["sees"] == "pixels"]),
        ("both, best", [name for name in rows if rows[name]["sees"] == "both"]),
    ):
        best = max((rows[name] for name in names), key=lambda row: row["accuracy"], default=None)
        found.append((label, percent(best["accuracy"]) if best else "not measured"))
    if {"landmark_cnn", "pixel_cnn"} <= set(rows):
        gap = rows["pixel_cnn"]["accuracy"] - rows["landmark_cnn"]["accuracy"]
        found.append(("one network, pixels over drawings", points(gap)))
    data = results["data"]
    commonest = max(one["test"] for one in data["classes"].values()) / data["test"]
    found.append(("always the commonest label", percent(commonest)))
    items = (element("div", join(element("dt", key), element("dd", value))) for key, value in found)
    return element("dl", join(*items), class_="facts")


def _sections(results: dict) -> Iterator[tuple[str, str, Html]]:
    yield "learned", "What we learned", _learned(results)
    yield "contenders", "Every model on the same faces", _contenders(results)
    yield "published", "Beside the published figures", _published(results)
    yield "corruption", "Where the shape wins", corruption(results)
    yield from further(results)
    yield "classes", "Class by class", classes(results)
    yield "certainty", "How sure, and how rightly", _certainty(results)
    yield "cost", "What it costs", _cost(results)
    yield "training", "Learning curves", _training(results)
    yield "protocol", "How it was measured", _protocol(results)


def _learned(results: dict) -> Html:
    if not results["learned"]:
        return element("p", "Nothing was measured in this run.", class_="needs")
    items = join(*(element("li", sentence) for sentence in results["learned"]))
    note = "Each sentence is put together from this run's figures; none is typed."
    return join(element("ol", items, class_="findings"), element("p", note, class_="note"))


def _contenders(results: dict) -> Html:
    rows = _measured(results)
    shown = [
        {
            "label": row["network"], "sees": row["sees"], "accuracy": row["accuracy"],
            "interval": row["accuracy_interval"],
            "published": _published_accuracy(row, len(results["labels"])),
        }
        for row in rows
    ]  # fmt: skip
    listed = "; ".join(f"{row['network']} {percent(row['accuracy'])}" for row in rows)
    plot = figure(
        plots.forest(shown),
        f"Accuracy with 95 % intervals: {listed}.",
        "Accuracy with its 95 % interval (bootstrap over images). Filled circle: sees the shape; "
        "hollow square: the pixels; diamond: both. An upright bar is the published figure.",
    ) if rows else ""  # fmt: skip
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
    header = ("model", "sees", "accuracy, %", "95 %", "macro-F1", "balanced, %", "FER+, %",
              "where a face is found, %", "seeds")  # fmt: skip
    body = [_contender_row(row) for row in results["contenders"]]
    status = join(
        *(
            element("li", Html(f"<code>{text(row['network'])}</code>: {text(_status(row))}"))
            for row in _measured(results)
        )
    )
    voters = [row["network"] for row in _measured(results) if row.get("learned_votes")]
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
    said = {row["network"]: row["most_said"] for row in _measured(results)}
    rows = [
        (f"`{name}`", f"{one['size']:.2g}", percent(one["spread"]),
         f"{percent(said[name]['share'])} {said[name]['label']}")
        for name, one in found.items()
    ]  # fmt: skip
    header = ("model", "mean feature", "differs between faces by", "answers most, when trained")
    return join(
        element("h3", "Why VGG19 collapsed"),
        element("p", "What 16 convolutions with random weights leave of 64 faces. Features that "
                "are small and alike for every face can only learn how common each label is."),
        html_table(header, rows, "VGG19 as published, and mended"),
    )  # fmt: skip


def _pair_table(results: dict) -> Html:
    if not results["pairs"]:
        return Html("")
    rows = [
        (f"`{pair['first']}` against `{pair['second']}`", pair["n"], pair["only_first"],
         pair["only_second"], f"{pair['p']:.2g}")
        for pair in results["pairs"]
    ]  # fmt: skip
    header = ("pair", "images", "only the first right", "only the second right", "p")
    caption = "McNemar's exact test, on the same images"
    return join(element("h3", "Do they differ by more than chance?"),
                html_table(header, rows, caption))  # fmt: skip


def _coverage(results: dict) -> Html:
    rows = [
        (label, one["train"], one["test"], one["found"],
         f"{100 * one['found'] / max(one['test'], 1):.2f}")
        for label, one in results["data"]["classes"].items()
    ]  # fmt: skip
    header = ("label", "training faces", "test faces", "of these found", "found, %")
    return join(element("h3", "Is a face found in every class alike?"),
                html_table(header, rows, "Coverage of the detector by class"))  # fmt: skip


def _published(results: dict) -> Html:
    rows, reasons = [], []
    for one in comparisons(results):
        claim, ours = one["claim"], one["ours"]
        stated = percent(claim["low"])
        if claim["high"] != claim["low"]:
            stated = f"{100 * claim['low']:.0f} to {100 * claim['high']:.0f} %"
        where = f"{claim['data']}, {claim['classes']} classes, {claim['kind']}"
        if ours is None:
            rows.append((f"`{one['network']}`", stated, where, "not measured", "", ""))
            continue
        rows.append(
            (f"`{one['network']}`", stated, where, percent(ours["accuracy"]),
             f"{ours['where']}, {ours['classes']} classes", f"{100 * one['gap']:+.1f}")
        )  # fmt: skip
        if one["below"]:
            why = "; ".join(one["reasons"]) or "no reason was found in the figures of this run"
            reasons.append(
                element("li", f"`{one['network']}`, {points(one['gap'])} below {stated}: {why}.")
            )
    header = ("model", "published", "on", "ours", "on", "points")
    parts = [html_table(header, rows, "Published beside measured", "words")]
    if reasons:
        parts += [element("h3", "Why ours is lower, where it is by more than 1.5 points"),
                  element("ul", join(*reasons))]  # fmt: skip
    return join(*parts)


def _certainty(results: dict) -> Html:
    rows = _measured(results)
    diagrams = [
        figure(
            plots.reliability(row["network"], row["reliability"], row["ece"]),
            f"Reliability of {row['network']}: "
            + "; ".join(
                f"confidence {percent(one['confidence'], 0)}, accuracy "
                f"{percent(one['accuracy'], 0)}, {one['n']} faces"
                for one in row["reliability"]
            ),
            kind="small",
        )
        for row in rows
    ]
    few = [row for row in rows if row["network"] in PROBED] or rows[:6]
    named = {row["network"]: (row["sees"], row["by_share"]) for row in few}
    halves = "; ".join(
        f"{row['network']} {percent(row['by_share'][9]['accuracy'])} at 50 %" for row in few
    )
    return join(
        element("p", "On the line, a model that says 70 % is right seven times in ten. Released "
                "weights carry a temperature fitted on this split; models trained here are shown "
                "raw."),
        grid(diagrams),
        figure(plots.by_share(named), f"Accuracy on the surest share: {halves}.",
               "Accuracy where only the surest share of the faces is answered.") if rows else "",
    )  # fmt: skip


def _cost(results: dict) -> Html:
    rows = [row for row in _measured(results) if "cost" in row]
    if not rows:
        return element("p", "Nothing was measured in this run.", class_="needs")
    body = [
        (
            f"{number} `{row['network']}`",
            f"{row['cost']['parameters'] / 1e6:.2f}",
            f"{row['cost']['macs'] / 1e6:.1f}",
            row["cost"]["views"],
            f"{row['cost']['file_mb']:.1f}",
            f"{row['timing']['latency_ms']:.2f}",
            f"{row['timing']['faces_per_second']:.0f}",
            _duration(row["timing"].get("training_seconds")),
        )
        for number, row in enumerate(rows, start=1)
    ]
    header = ("model", "parameters, M", "multiplications a view, M", "views", "ONNX file, MB",
              "one face, ms", "faces a second, batch 64", "training")  # fmt: skip
    threads = rows[0]["timing"]["threads"]
    shown = [
        {"number": number, "sees": row["sees"], "accuracy": row["accuracy"],
         "macs": row["cost"]["macs"] * row["cost"]["views"]}
        for number, row in enumerate(rows, start=1)
    ]  # fmt: skip
    listed = "; ".join(
        f"{row['network']} {one['macs'] / 1e6:.1f} million, {percent(one['accuracy'])}"
        for row, one in zip(rows, shown, strict=True)
    )
    return join(
        html_table(header, body, f"ONNX Runtime, {threads} thread, all views counted in the times"),
        element("p", "Times are of this machine while it did whatever else it did; multiplications "
                "and sizes are exact.", class_="note"),
        figure(plots.cost(shown), f"Accuracy against multiplications: {listed}.",
               "Accuracy against cost, numbered as in the table: up and to the left is better."),
    )  # fmt: skip


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _training(results: dict) -> Html:
    rows = [row for row in _measured(results) if row.get("curve")]
    if not rows:
        return element("p", "No network was trained in this run.", class_="needs")
    figures = [
        figure(
            plots.curve(row["network"], row["curve"], row["sees"]),
            f"Learning curve of {row['network']}: test accuracy by epoch "
            + ", ".join(
                f"{one['epoch']}: {percent(one['accuracy'])}"
                for one in row["curve"] if "accuracy" in one
            ),
            kind="small",
        )
        for row in rows
    ]  # fmt: skip
    body = [
        (f"`{row['network']}`", row["epochs"], row["faces"], percent(row["training_accuracy"]),
         percent(row["accuracy"]), f"{100 * row['best_over_last_epoch']:.1f}")
        for row in rows
    ]  # fmt: skip
    header = ("model", "epochs", "faces", "on training faces", "on test faces",
              "points, best over last epoch")  # fmt: skip
    return join(
        element("p", "The mark is the epoch that was kept."),
        grid(figures),
        html_table(header, body, "Learned, and learned by heart"),
    )


def _protocol(results: dict) -> Html:
    data = results["data"]
    leaked = (
        f"{data['leaked']} test images also stand in the training split as published; "
        if data["leaked"] else ""
    )  # fmt: skip
    said = (
        f"Trained on {data['train']:,} faces, tested on {data['test']:,} ({data['test_split']}).",
        f"{leaked}{data['left_out_of_training']} training images that also stand in an "
        "evaluation split were left out of training.",
        "Each training keeps its best epoch by accuracy on the test split, which flatters every "
        "figure; its lead over the last epoch stands under Learning curves.",
        "All contenders share the label set, the faces, the order and the optimiser (AdamW, warm-"
        "up and cosine); each one's budget of epochs is stated above.",
        "Run twice with one seed on one machine, the figures are the same; times are not.",
        "No photograph of a data set is in this page: faces are shown as drawings of their "
        "landmarks, and maps are means over many faces.",
    )
    return element("ul", join(*(element("li", line) for line in said)))


def _footer(results: dict) -> Html:
    run = results["run"]
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
    return text(
        f"`{run['command']}` on {run['date']}, {run['machine']}, {_duration(run['seconds'])}. "
        f"Commit {run['commit']}, training code {run['code']}, Python {run['python']}, {versions}. "
        "It guesses a label from the geometry or the picture of a face; it does not read feelings. "
        "FER2013 is for research only."
    )
