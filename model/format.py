"""Metrics as text for a terminal, and figures as text for a report."""

from collections.abc import Iterable, Sequence


def percent(share: float, digits: int = 1) -> str:
    """Return a share in per cent, with its sign."""
    return f"{100 * share:.{digits}f} %"


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, without its sign."""
    return f"{100 * abs(difference):.1f} points"


def figures_text(figures: dict, name: str) -> str:
    """Return a table of what `evaluate.evaluate` returns, by class and in total."""
    low, high = (100 * bound for bound in figures["accuracy_interval"])
    lines = [
        f"{name}: {figures['n']} faces, accuracy {100 * figures['accuracy']:.2f} % "
        f"(95 %: {low:.1f} to {high:.1f})",
        f"macro-F1 {figures['macro_f1']:.3f}, balanced accuracy "
        f"{100 * figures['balanced_accuracy']:.2f} %, log loss {figures['log_loss']:.3f}, "
        f"calibration error {100 * figures['ece']:.2f} %",
        f"accuracy on the 80 % most certain {100 * figures['accuracy_certain_80']:.2f} %",
        "",
        f"{'label':<10}{'precision':>10}{'recall':>8}{'F1':>7}{'faces':>7}",
    ]
    lines += [
        f"{label:<10}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>7.3f}"
        f"{row['support']:>7}"
        for label, row in figures["per_class"].items()
    ]
    if limit := figures.get("limit"):
        lines.append(f"\nof the first {limit} images alone (--limit); the others are not in it")
    if coverage := figures.get("coverage"):
        lines.append(
            f"\nface found {coverage['found']}, whole image used {coverage['fallback']}, "
            f"not decodable {coverage['failed']}"
        )
    if folds := figures.get("folds"):
        lines.append(
            "\n" + "  ".join(f"{name} {row['accuracy']:.3f}" for name, row in folds.items())
        )
    return "\n".join(lines)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table of a header and rows of text."""
    rule = ["---"] * len(header)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
