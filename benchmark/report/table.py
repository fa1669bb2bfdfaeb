"""The README's table of the benchmark, in Markdown. Nothing is measured here."""

from collections.abc import Iterator

from facelines.benchmark.report.comparisons import comparisons, published_accuracy
from facelines.benchmark.report.robustness import FRAMINGS, framed
from facelines.benchmark.report.sections import interval
from facelines.benchmark.schema import CKPLUS, FER2013, PROBED
from facelines.model.format import markdown_table


def table(results: dict) -> str:
    """Return each contender's figure beside the published one, and those on other sets' faces."""
    data = results["data"]
    head = (
        f"{data['name']} {data['test_split']}, {len(results['labels'])} labels, {data['test']} "
        f"images, every one counted. Made by `{results['run']['command']}`."
    )
    lines = [head, "", markdown_table(_COLUMNS, _contenders(results))]
    if "kinds" in results.get("framings", {}):
        lines += ["", "The same faces framed otherwise, accuracy in %:", "", _framings(results)]
    if "variants" in results.get("sources", {}):
        lines += ["", "Whose landmarks, one kind of network, trained alike:", "", _sources(results)]
    if other := list(_elsewhere(results)):
        lines += ["", "On other labels and other people's faces:", ""]
        lines.append(markdown_table(("model", "on", "accuracy, % (95 %)", "published, %"), other))
    return "\n".join(lines)


_COLUMNS = (
    "model",
    "sees",
    "accuracy, % (95 %)",
    "macro-F1",
    "published, %",
    "million multiplications",
)


def _framings(results: dict) -> str:
    rows = [
        (f"`{name}`", *(f"{100 * value:.1f}" for value in values))
        for name, values in framed(results["framings"])
    ]
    return markdown_table(("model", *FRAMINGS.values()), rows)


def _sources(results: dict) -> str:
    rows = [
        (one["name"], f"{100 * one['accuracy']:.1f} ({interval(one['interval'])})")
        for one in results["sources"]["variants"]
    ]
    return markdown_table(("points of", "accuracy, % (95 %)"), rows)


def _contenders(results: dict) -> Iterator[tuple[str, ...]]:
    stated = {one["network"]: one for one in reversed(comparisons(results))}
    for row in results["contenders"]:
        claim = stated.get(row["network"], {}).get("claim")
        published = f"{100 * claim['low']:.1f} ({claim['classes']} classes)" if claim else ""
        if "accuracy" in row:
            macro, cost = f"{row['macro_f1']:.3f}", row.get("cost")
            cells = (_accuracy(row), macro, published, f"{cost['macs'] / 1e6:.1f}" if cost else "")
        else:
            cells = (row["status"], "", published, "")
        yield f"`{row['network']}`", row["sees"], *cells


def _elsewhere(results: dict) -> Iterator[tuple[str, ...]]:
    label_sets = {} if "needs" in results["label_sets"] else results["label_sets"]
    for size, found in label_sets.items():
        names = ", ".join(found.get("labels", ())) if int(size) < 6 else f"{size} labels"
        for name, one in found.get("asked", {}).items():
            if name in PROBED:
                yield f"`{name}`", f"asked among {names}", _accuracy(one), ""
        for name, one in found.get("trained", {}).items():
            claim = published_accuracy(results, name, FER2013, int(size))
            yield f"`{name}`", f"trained on {names}", _accuracy(one), claim
    if "needs" in results["folds"]:
        return
    for data, networks in results["folds"].items():
        for name, one in networks.items():
            claim = published_accuracy(results, name, CKPLUS, 7)
            yield f"`{name}`", f"{data} by subject, 7 labels", _accuracy(one), claim


def _accuracy(row: dict) -> str:
    return f"{100 * row['accuracy']:.1f} ({interval(row['accuracy_interval'])})"
