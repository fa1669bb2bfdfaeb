"""The report's sections on what the data sets and probes say; each stands or says what it needs."""

from collections.abc import Iterator

import numpy as np

from facelines.benchmark.report import plots
from facelines.benchmark.report.comparisons import published_accuracy
from facelines.benchmark.report.markup import Html, element, figure, grid, join, needs, text
from facelines.benchmark.report.markup import table as html_table
from facelines.benchmark.schema import BOTH, FER2013, NOT_YET
from facelines.model.format import percent


def further(results: dict) -> Iterator[tuple[str, str, Html]]:
    """Yield (id, title, body) of every further question."""
    yield "looks", "What each model looks at", join(_parts(results), _maps(results))
    yield "drawing", "What of the drawing matters", _drawings(results)
    yield "sources", "Whose landmarks matter", _point_sources(results)
    yield "cross", "On other people's faces", join(_cross(results), _folds(results))
    yield "labels", "On fewer labels, and on more", _label_sets(results)
    yield "identity", "How much identity is left", _identity(results)
    yield "references", "Shape with a reference", _references(results)
    yield "worst", "The surest mistakes", _worst(results)


def classes(results: dict) -> Html:
    """Return each model's confusion matrix and its precision, recall and F1 by class."""
    parts = []
    for row in (row for row in results["contenders"] if "accuracy" in row):
        labels = results["labels"]
        rows = [
            (label, *(f"{one[key]:.2f}" for key in ("precision", "recall", "f1")), one["support"])
            for label, one in row["per_class"].items()
        ]
        header = ("label", "precision", "recall", "F1", "faces")
        tables = [_confusion(row, labels), html_table(header, rows, f"By class, {row['network']}")]
        parts += [element("h3", f"`{row['network']}`"), grid(tables, "pair")]
    return join(*parts)


def _confusion(row: dict, labels: list[str]) -> Html:
    rows = []
    for index, (label, counts) in enumerate(zip(labels, row["confusion"], strict=True)):
        total = max(sum(counts), 1)
        cells = [_confusion_cell(count, total, index == at) for at, count in enumerate(counts)]
        rows.append((label, *cells))
    caption = (
        f"Confusion, {row['network']}: a row is the truth, a column the answer; "
        "% of the row, and faces"
    )
    return html_table(("", *labels), rows, caption, "confusion")


def _confusion_cell(count: int, total: int, right: bool) -> Html:
    share = count / total
    shade = round(255 - 200 * share)
    ink = "#fff" if shade < 140 else "#1d1d1f"
    kind = ' class="right"' if right else ""
    style = f"background:rgb({shade},{shade},{shade});color:{ink}"
    return Html(f'<td{kind} style="{style}">{100 * share:.0f}<small>{count}</small></td>')


def _parts(results: dict) -> Html:
    found = results["parts"]
    if "needs" in found:
        return needs(found)
    figures = []
    for name, values in found["models"].items():
        falls = [(part, values["nothing"] - values[part]) for part in values if part != "nothing"]
        listed = ", ".join(f"{part} {100 * fall:.1f}" for part, fall in falls)
        figures.append(
            figure(
                plots.bars(falls, f"parts-{name}", "points of accuracy lost without it"),
                f"{name}, points lost without each part: {listed}.",
                f"`{name}`: {percent(values['nothing'])} with all points.",
            )
        )
    return join(
        element("h3", "Shape: which part carries the label"),
        element(
            "p",
            f"Each part's points are put where the average training face has them "
            f"({found['n']} test faces); what is lost is what they told.",
        ),
        grid(figures),
    )


def _maps(results: dict) -> Html:
    found = results["maps"]
    title = element("h3", "Pictures: where hiding a square hurts")
    if "needs" in found:
        return join(title, needs(found))
    mean_face = np.array(found["mean_face"])
    parts = [
        element(
            "p",
            f"Fall of the true label's probability where a 9x9 square hides the picture, "
            f"mean of {found['faces']} faces a class; darker hurts more. The lines are "
            "an average face, for orientation.",
        ),
    ]
    for name, maps in found["models"].items():
        figures = [
            figure(
                plots.heat(values, mean_face, label, f"map-{name}-{label}"),
                f"{name}, {label}: {_where(np.array(values))}",
                kind="small",
            )
            for label, values in maps.items()
        ]
        parts += [element("p", f"`{name}`"), grid(figures, "small")]
    return join(title, *parts)


def _where(values: np.ndarray) -> str:
    """Return in words where a map is highest."""
    row, column = np.unravel_index(values.argmax(), values.shape)
    height = ("top", "middle", "bottom")[min(3 * row // len(values), 2)]
    side = ("left", "centre", "right")[min(3 * column // len(values), 2)]
    return f"hiding the {height} {side} hurts most, by {percent(float(values.max()))}"


def _drawings(results: dict) -> Html:
    found = results["drawings"]
    if "needs" in found:
        return needs(found)
    rows = [
        {
            "label": one["name"],
            "sees": "shape",
            "accuracy": one["accuracy"],
            "interval": one["interval"],
        }
        for one in found["variants"]
        if "accuracy" in one
    ]
    listed = "; ".join(f"{one['label']} {percent(one['accuracy'])}" for one in rows)
    missing = [one["name"] for one in found["variants"] if "needs" in one]
    note = f" Not measured: {', '.join(missing)}, which needs a data set with pictures."
    tested = [
        (one["name"], one["rival"], f"{one['p']:.2g}")
        for one in found["variants"]
        if "p" in one and one["name"] != one["rival"]
    ]
    return join(
        element(
            "p",
            f"One small network, {found['faces']:,} training faces, {found['epochs']} "
            "epochs, one recipe and one seed: only the way of drawing differs, and with its "
            "size the width of the last layer. The jaw needs room, so its fair rival is the "
            "smaller drawing without it." + (note if missing else ""),
        ),
        figure(
            plots.forest(rows, "drawings"),
            f"Accuracy by way of drawing: {listed}.",
            "Accuracy with 95 % intervals over images.",
        ),
        html_table(
            ("drawing", "against", "p"),
            tested,
            "McNemar's test on the same images; it covers the choice of images, not of the seed",
            "words",
        ),
    )


def _point_sources(results: dict) -> Html:
    found = results.get("sources", NOT_YET)
    if "needs" in found:
        return needs(found)
    rows = [
        (
            one["name"],
            f"{100 * one['accuracy']:.1f}",
            interval(one["interval"]),
            "" if one["name"] == BOTH else f"{one['p']:.2g}",
        )
        for one in found["variants"]
    ]
    caption = (
        f"Trained alike on {found['faces']:,} faces for {found['epochs']} epochs, one seed; p of "
        "McNemar's test against both, on the same images"
    )
    return html_table(("points of", "accuracy, %", "95 %", "p"), rows, caption)


def _cross(results: dict) -> Html:
    found = results["cross"]
    if "needs" in found:
        return needs(found)
    parts, home = [], results["data"]["name"]
    for name, both in found.items():
        forward = both["source_to_target"]
        rows = [
            (
                f"`{model}`",
                f"{100 * one['accuracy']:.1f}",
                interval(one["accuracy_interval"]),
                f"{one['macro_f1']:.3f}",
                f"{100 * one['balanced_accuracy']:.1f}",
            )
            for model, one in forward["models"].items()
        ]
        header = ("model", "accuracy, %", "95 %", "macro-F1", "balanced, %")
        caption = (
            f"Trained on {home}, tested on {forward['n']} faces of {name} "
            f"({', '.join(forward['labels'])})"
        )
        parts.append(html_table(header, rows, caption))
        reverse = both["target_to_source"]
        if "needs" in reverse:
            parts.append(needs(reverse))
            continue
        rows = [
            (f"`{model}`", f"{100 * one['accuracy']:.1f}", interval(one["accuracy_interval"]))
            for model, one in reverse["models"].items()
        ]
        caption = (
            f"The reverse: trained on {reverse['trained_on']} faces of {name}, tested on "
            f"{reverse['n']} of {home} ({', '.join(reverse['labels'])})"
        )
        parts.append(html_table(("model", "accuracy, %", "95 %"), rows, caption))
    return join(*parts)


def interval(bounds: list[float]) -> str:
    """Return an interval of shares in per cent, without the sign."""
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"


def _folds(results: dict) -> Html:
    found = results["folds"]
    if "needs" in found:
        return join(element("h3", "Cross-validated by subject"), needs(found))
    tables = (_fold_table(name, networks) for name, networks in found.items())
    return join(element("h3", "Cross-validated by subject"), *tables)


def _fold_table(name: str, networks: dict) -> Html:
    rows = [
        (
            f"`{network}`",
            one["n"],
            f"{100 * one['accuracy']:.1f}",
            interval(one["accuracy_interval"]),
            f"{100 * one['balanced_accuracy']:.1f}",
            f"{100 * min(fold['accuracy'] for fold in one['folds'].values()):.0f} to "
            f"{100 * max(fold['accuracy'] for fold in one['folds'].values()):.0f}",
        )
        for network, one in networks.items()
    ]
    header = ("model", "faces", "accuracy, %", "95 %", "balanced, %", "worst and best fold")
    return html_table(header, rows, f"{name}: nobody is both learned and tested on")


def _label_sets(results: dict) -> Html:
    if "needs" in results["label_sets"]:
        return needs(results["label_sets"])
    parts = [
        element(
            "p",
            "Asked: the networks above, trained on this benchmark's labels, answer with "
            "the likeliest of the fewer. Trained: on these labels and no others.",
        )
    ]
    for size, found in results["label_sets"].items():
        parts.append(element("h3", f"{size} labels"))
        if "needs" in found:
            parts.append(needs(found))
            continue
        rows = [
            (
                f"`{name}`",
                how,
                f"{100 * one['accuracy']:.1f}",
                interval(one["accuracy_interval"]),
                published_accuracy(results, name, FER2013, int(size)) if how == "trained" else "",
            )
            for how in ("asked", "trained")
            for name, one in found[how].items()
        ]
        caption = f"{', '.join(found['labels'])}: {found['n']} test faces"
        header = ("model", "how", "accuracy, %", "95 %", "published, %")
        parts.append(html_table(header, rows, caption))
    return join(*parts)


def _identity(results: dict) -> Html:
    found = results["identity"]
    if "needs" in found:
        return needs(found)
    parts = [
        element(
            "p",
            "For each face, is the nearest one among all other films of the set the same "
            "person's? The person's other films mostly show other expressions. Distances are "
            "taken between the inputs themselves, without any network.",
        )
    ]
    for name, kinds in found.items():
        chance = kinds["drawing"]["chance"]
        rows = [(kind, one["found"]) for kind, one in kinds.items()]
        listed = ", ".join(f"{kind} {percent(value)}" for kind, value in rows)
        parts.append(
            figure(
                plots.bars(
                    [*rows, ("by chance", chance)],
                    f"identity-{name}",
                    "nearest is the same person, %",
                ),
                f"Same person found on {name}: {listed}; by chance {percent(chance)}.",
                f"{name}: {kinds['drawing']['faces']} faces of {kinds['drawing']['people']} "
                "people who have more than one film.",
                "small",
            )
        )
    return join(*parts)


def _references(results: dict) -> Html:
    # Results of before there were references have no such section.
    found = results.get("references", NOT_YET)
    if "needs" in found:
        return needs(found)
    parts = [
        element(
            "p",
            "Each face's points are moved by what its person's face on *other* films "
            "differs from the training set's mean face of the same mixture of labels, which "
            "the network itself estimates; nothing is trained again. The other films lack the "
            "expression that is read, and that favours it. With their labels known the "
            "missing one is allowed for; another person's films lack it too.",
        )
    ]
    for name, one in found.items():
        ways = list(next(iter(one["models"].values())))
        rows = [
            (f"`{network}`", *(_referenced(figures[way]) for way in ways))
            for network, figures in one["models"].items()
        ]
        pixel = "" if one["pixel"] is None else f"; `pixel` is right on {percent(one['pixel'])}"
        some = next(
            (
                f"{n['n']} faces"
                for way, n in next(iter(one["models"].values())).items()
                if way.endswith("faces")
            ),
            "none",
        )
        caption = (
            f"{name}, {one['faces']} faces of {one['people']} people: accuracy in % and macro-F1 "
            f"by what they are read against{pixel}. In brackets McNemar's p against it. "
            f"By number of faces: {some} whose person has enough."
        )
        parts.append(html_table(("model", *ways), rows, caption))
    return join(*parts)


def _referenced(figures: dict) -> str:
    said = f"{100 * figures['accuracy']:.1f}, {figures['macro_f1']:.3f}"
    return said + (
        f" (p {figures['against_pixel']['p']:.1g})" if "against_pixel" in figures else ""
    )


def _worst(results: dict) -> Html:
    found = results["worst"]
    if "needs" in found:
        return needs(found)
    parts = [element("p", "What each model was surest of and wrong about, as landmark drawings.")]
    for name, mistakes in found["models"].items():
        items = []
        for one in mistakes:
            said = (
                f"labelled {one['truth']}, {name} says {one['said']} at "
                f"{percent(one['confidence'], 0)}"
            )
            drawn = Html(plots.face(np.array(one["points"]), said))
            caption = Html(
                f"{one['truth']}<br>said: <strong>{one['said']}</strong>, "
                f"{text(percent(one['confidence'], 0))}"
            )
            items.append(element("figure", join(drawn, element("figcaption", caption))))
        parts += [element("h3", f"`{name}`"), grid(items, "small")]
    return join(*parts)
