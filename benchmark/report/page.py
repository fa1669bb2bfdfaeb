"""results.json -> one self-contained page. Nothing is measured here."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from facelines.benchmark.report import plots
from facelines.benchmark.report.comparisons import comparisons
from facelines.benchmark.report.markup import Html, element, figure, grid, join, text
from facelines.benchmark.report.markup import table as html_table
from facelines.benchmark.report.robustness import corruption, framing
from facelines.benchmark.report.sections import classes, further
from facelines.benchmark.report.standings import measured, standings
from facelines.benchmark.schema import PROBED, Row
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
        title=_TITLE,
        lead=text(_lead(results)),
        facts=_facts(results),
        contents=contents,
        main=main,
        footer=_footer(results),
    )


def _lead(results: dict) -> str:
    data = results["data"]
    return (
        f"{len(measured(results))} networks tested on the same {data['test']:,} faces of "
        f"{data['name']} {data['test_split']}, {len(results['labels'])} labels, every image "
        "counted, whether a face was found in it or not."
        + (" A quick run: small budgets, no picture is needed." if results["quick"] else "")
    )


def _facts(results: dict) -> Html:
    rows = {row["network"]: row for row in measured(results)}
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
    yield "contenders", "Every model on the same faces", standings(results)
    yield "published", "Beside the published figures", _published(results)
    yield "corruption", "Where the shape wins", join(corruption(results), framing(results))
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
            (
                f"`{one['network']}`",
                stated,
                where,
                percent(ours["accuracy"]),
                f"{ours['where']}, {ours['classes']} classes",
                f"{100 * one['gap']:+.1f}",
            )
        )
        if one["below"]:
            why = "; ".join(one["reasons"]) or "no reason was found in the figures of this run"
            reasons.append(
                element("li", f"`{one['network']}`, {points(one['gap'])} below {stated}: {why}.")
            )
    header = ("model", "published", "on", "ours", "on", "points")
    parts = [html_table(header, rows, "Published beside measured", "words")]
    if reasons:
        parts += [
            element("h3", "Why ours is lower, where it is by more than 1.5 points"),
            element("ul", join(*reasons)),
        ]
    return join(*parts)


def _certainty(results: dict) -> Html:
    rows = measured(results)
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
        element(
            "p",
            "On the line, a model that says 70 % is right seven times in ten. Released "
            "weights carry a temperature fitted on this split; models trained here are shown "
            "raw.",
        ),
        grid(diagrams),
        figure(
            plots.by_share(named),
            f"Accuracy on the surest share: {halves}.",
            "Accuracy where only the surest share of the faces is answered.",
        )
        if rows
        else "",
    )


def _cost(results: dict) -> Html:
    rows = [row for row in measured(results) if "cost" in row]
    if not rows:
        return element("p", "Nothing was measured in this run.", class_="needs")
    return join(
        _cost_table(rows),
        element(
            "p",
            "Times are of this machine while it did whatever else it did; multiplications "
            "and sizes are exact.",
            class_="note",
        ),
        _cost_plot(rows),
    )


def _cost_table(rows: list[Row]) -> Html:
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
    header = (
        "model",
        "parameters, M",
        "multiplications a view, M",
        "views",
        "ONNX file, MB",
        "one face, ms",
        "faces a second, batch 64",
        "training",
    )
    threads = rows[0]["timing"]["threads"]
    caption = f"ONNX Runtime, {threads} thread, all views counted in the times"
    return html_table(header, body, caption)


def _cost_plot(rows: list[Row]) -> Html:
    shown = [
        {
            "number": number,
            "sees": row["sees"],
            "accuracy": row["accuracy"],
            "macs": row["cost"]["macs"] * row["cost"]["views"],
        }
        for number, row in enumerate(rows, start=1)
    ]
    listed = "; ".join(
        f"{row['network']} {one['macs'] / 1e6:.1f} million, {percent(one['accuracy'])}"
        for row, one in zip(rows, shown, strict=True)
    )
    return figure(
        plots.cost(shown),
        f"Accuracy against multiplications: {listed}.",
        "Accuracy against cost, numbered as in the table: up and to the left is better.",
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _training(results: dict) -> Html:
    rows = [row for row in measured(results) if row.get("curve")]
    if not rows:
        return element("p", "No network was trained in this run.", class_="needs")
    figures = [
        figure(
            plots.curve(row["network"], row["curve"], row["sees"]),
            f"Learning curve of {row['network']}: test accuracy by epoch "
            + ", ".join(
                f"{one['epoch']}: {percent(one['accuracy'])}"
                for one in row["curve"]
                if "accuracy" in one
            ),
            kind="small",
        )
        for row in rows
    ]
    body = [
        (
            f"`{row['network']}`",
            row["epochs"],
            row["faces"],
            percent(row["training_accuracy"]),
            percent(row["accuracy"]),
            f"{100 * row['best_over_last_epoch']:.1f}",
        )
        for row in rows
    ]
    header = (
        "model",
        "epochs",
        "faces",
        "on training faces",
        "on test faces",
        "points, best over last epoch",
    )
    return join(
        element("p", "The mark is the epoch that was kept."),
        grid(figures),
        html_table(header, body, "Learned, and learned by heart"),
    )


def _protocol(results: dict) -> Html:
    data = results["data"]
    leaked = (
        f"{data['leaked']} test images also stand in the training split as published; "
        if data["leaked"]
        else ""
    )
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
