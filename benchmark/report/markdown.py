"""The place of a generated table between two markers of a Markdown page."""

import re
from pathlib import Path


def write_into(path: Path, text: str, name: str = "results") -> None:
    """Replace what stands between `<!-- name:start -->` and `<!-- name:end -->` in Markdown.

    Raises:
        ValueError: it has no markers.
    """
    start, end = check_markers(path, name)
    between = f"{start}\n{text}\n{end}"
    page = path.read_text()
    path.write_text(re.sub(f"{start}.*{end}", lambda _: between, page, flags=re.DOTALL))


def check_markers(path: Path, name: str) -> tuple[str, str]:
    """Return both markers of a Markdown file (ValueError where one is missing)."""
    page = path.read_text()
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    if start not in page or end not in page:
        raise ValueError(f"{path} lacks {start} or {end}; add both where the table belongs.")
    return start, end
