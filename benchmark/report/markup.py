"""Small pieces of HTML, every text escaped. Pure: no I/O."""

from collections.abc import Sequence
from html import escape


class Html(str):
    """Text that is HTML already and is not escaped again."""


def text(value) -> Html:
    """Return a value as HTML; what stands between backticks becomes code."""
    if isinstance(value, Html):
        return value
    said = escape(str(value), quote=False).replace(" %", "\N{NO-BREAK SPACE}%")
    parts = said.split("`")
    marked = [f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)]
    return Html("".join(marked))


def element(name: str, content, **attributes) -> Html:
    """Return an element; an attribute's `_` at its end is for Python's own words (class_)."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{said}>{text(content)}</{name}>")


def join(*parts) -> Html:
    """Return parts one after the other, each escaped unless it is HTML."""
    return Html("\n".join(text(part) for part in parts if part))


def table(header: Sequence, rows: Sequence[Sequence], caption: str = "", kind: str = "") -> Html:
    """Return a table that scrolls sideways on a narrow screen; each row's first cell names it."""
    head = join(*(element("th", cell, scope="col") for cell in header))
    body = join(
        *(
            element(
                "tr",
                join(element("th", first, scope="row"), *(_cell(cell) for cell in rest)),
            )
            for first, *rest in rows
        )
    )
    inside = join(
        element("caption", caption) if caption else "",
        element("thead", element("tr", head)),
        element("tbody", body),
    )
    content = element("table", inside, class_=kind) if kind else element("table", inside)
    # A region that scrolls must be reachable by the keyboard.
    label = caption or "table"
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)


def _cell(value) -> Html:
    return value if isinstance(value, Html) and value.startswith("<td") else element("td", value)


def figure(svg: str, alternative: str, caption: str = "", kind: str = "wide") -> Html:
    """Return a plot with its text alternative, and its caption where there is one."""
    plot = element("div", Html(svg), role="img", aria_label=alternative)
    return element(
        "figure", join(plot, element("figcaption", caption) if caption else ""), class_=kind
    )


def grid(items: Sequence[Html], kind: str = "") -> Html:
    """Return items side by side, as many as fit."""
    return element("div", join(*items), class_=f"grid {kind}".strip())


def needs(section: dict) -> Html:
    """Return what a section without figures says."""
    return element("p", f"Not measured in this run: it needs {section['needs']}.", class_="needs")
