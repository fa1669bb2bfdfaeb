"""A picture to look at: by class, original with its points | drawing | pixels."""

import io

import cv2
import numpy as np
import pyarrow as pa
from PIL import Image, ImageDraw, ImageFont

from facelines.preprocessing.aspect import stretched
from facelines.preprocessing.datasets import Dataset
from facelines.preprocessing.images import ImageError, decode_png
from facelines.preprocessing.layout import CONTACT_SHEET, Folder
from facelines.preprocessing.points import GROUPS, POINTS
from facelines.preprocessing.render import resize_pixels
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.samples import Sample
from facelines.preprocessing.shards import UNLABELLED

_TILE = 144  # pixels a side of each picture
_GAP = 4
_COLUMNS = 4
_LINES = 7  # of examples, shared by the sections, each of which has at least one
_BAND = 20  # pixels of height for each line of text
_MARGIN = 16
_PAPER, _INK, _FAINT = (250, 250, 248), (30, 30, 30), (110, 110, 110)
_COLOURS = {
    "right_eyebrow": (255, 176, 0),
    "left_eyebrow": (255, 176, 0),
    "nose": (90, 220, 120),
    "right_eye": (0, 200, 255),
    "left_eye": (0, 200, 255),
    "mouth": (255, 80, 120),
    "inner_mouth": (255, 150, 180),
}
_CONTEXT = 1.7  # of a photo, so much around its face: sides of the points' extent
_WHOLE = 200  # a picture with a side up to this is shown whole


def write(
    folder: Folder,
    rows: Rows,
    dataset: Dataset,
    labels: tuple[str, ...],
    aspect: float = 1.0,
) -> None:
    """Write the sheet of a prepared set as PNG.

    Args:
        folder: OUT.
        rows: as `columns.schema` has them.
        dataset: where the originals are read again.
        aspect: how many times taller the pictures were made.
        labels: the classes in order; pictures without a label come last, then the fallbacks.
    """
    sections = choose(rows, labels)
    chosen = {row["source"] for _, examples in sections for row in examples}
    originals = _originals(dataset, chosen, aspect)
    buffer = io.BytesIO()
    _sheet(sections, originals, dataset.name).save(buffer, format="PNG")
    folder.write(CONTACT_SHEET, buffer.getvalue())


def choose(rows: Rows, labels: tuple[str, ...]) -> list[tuple[str, list[dict]]]:
    """Return (title, rows) for each class, evenly spread, then for those that were not found.

    Rows of reframed pictures do not count.
    """
    titles = [*labels, UNLABELLED, "no face detected: whole image taken"]
    section_of = {label: place for place, label in enumerate(titles)}
    places = np.concatenate(
        [_sections(table, section_of) for table in rows.tables(_SEEN)] or [np.empty(0, np.int16)]
    )
    wanted = [np.flatnonzero(places == section) for section in range(len(titles))]
    filled = sum(len(found) > 0 for found in wanted)
    count = _COLUMNS * max(1, _LINES // max(1, filled))
    return [
        (f"{title} ({len(found)})", rows.take(_spread(found, count)))
        for title, found in zip(titles, wanted, strict=True)
        if len(found)
    ]


_SEEN = ["label", "found", "framing"]


def _sections(table: pa.Table, section_of: dict[str, int]) -> np.ndarray:
    """Return the place of each row's section, int16 (n,), -1 where it has none."""
    columns = (table[name].to_pylist() for name in _SEEN)
    last = len(section_of) - 1
    return np.array(
        [
            -1
            if framing
            else section_of.get(label or UNLABELLED, -1)
            if found == "detected"
            else last
            for label, found, framing in zip(*columns, strict=True)
        ],
        np.int16,
    )


def _spread(found: np.ndarray, count: int) -> np.ndarray:
    """Return up to `count` of the places found, evenly spread."""
    spread = (np.arange(count) + 0.5) * len(found) / count
    return np.unique(found[spread.astype(int)])


def _originals(dataset: Dataset, chosen: set[str], aspect: float) -> dict[str, np.ndarray]:
    originals = {}
    for sample in dataset.samples():
        if len(originals) == len(chosen):
            break
        if isinstance(sample, Sample) and sample.source in chosen:
            try:
                originals[sample.source] = stretched(sample.gray(), aspect)
            except ImageError:
                continue  # it has changed since its row was made
    return originals


def _sheet(sections, originals: dict[str, np.ndarray], name: str) -> Image.Image:
    lines = list(_lines(sections))
    heights = [_TILE + 2 * _BAND + (_BAND + 4 if heading else 0) for heading, _ in lines]
    example = 3 * _TILE + 2 * _GAP
    width = 2 * _MARGIN + _COLUMNS * example + (_COLUMNS - 1) * _MARGIN
    top = _MARGIN + 2 * _BAND + 8
    sheet = Image.new("RGB", (width, top + max(sum(heights), _TILE) + _MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    title, text = ImageFont.load_default(18), ImageFont.load_default(12)
    pen.text((_MARGIN, _MARGIN), name, _INK, title)
    caption = "each: the picture with its 51 points | the drawing | the pixels"
    pen.text((_MARGIN, _MARGIN + 24), caption, _FAINT, text)
    if not lines:
        pen.text((_MARGIN, top + _BAND), "No rows.", _INK, title)
    for (heading, rows), height in zip(lines, heights, strict=True):
        pen.text((_MARGIN, top), heading, _INK, title)
        bottom = top + height - 2 * _BAND
        for column, row in enumerate(rows):
            left = _MARGIN + column * (example + _MARGIN)
            for place, tile in enumerate(_tiles(row, originals.get(row["source"]))):
                sheet.paste(tile, (left + place * (_TILE + _GAP), bottom - _TILE))
            pen.text((left, bottom + 2), _caption(row), _FAINT, text)
        top += height
    return sheet


def _lines(sections):
    """Yield (heading, rows) for each line of the sheet; only a section's first has a heading."""
    for heading, rows in sections:
        for start in range(0, len(rows), _COLUMNS):
            yield heading if start == 0 else "", rows[start : start + _COLUMNS]


def _caption(row: dict) -> str:
    source = row["source"] if len(row["source"]) <= 36 else "..." + row["source"][-33:]
    label = f", {row['label']}" if row["label"] else ""
    return f"{source}, {row['split']}{label}, quality {row['quality']:.2f}"


def _tiles(row: dict, original: np.ndarray | None) -> list[Image.Image]:
    pixels = decode_png(row["pixels"]["bytes"])
    points = np.asarray(row["points"], np.float32).reshape(POINTS, 2)
    if original is None:
        first = Image.new("RGB", (_TILE, _TILE), _FAINT)
    else:
        first = _annotated(original, points)
    drawing = _enlarge(decode_png(row["image"]["bytes"]))
    return [first, Image.fromarray(drawing).convert("RGB"), _gray_tile(pixels)]


def _enlarge(drawing: np.ndarray) -> np.ndarray:
    return cv2.resize(drawing, (_TILE, _TILE), interpolation=cv2.INTER_NEAREST)


def _gray_tile(gray: np.ndarray) -> Image.Image:
    return Image.fromarray(resize_pixels(gray, _TILE)).convert("RGB")


def _annotated(gray: np.ndarray, points: np.ndarray) -> Image.Image:
    """Return the face's surroundings, with a dot for each point in its group's colour."""
    corner, side = _square(gray, points)
    scale = _TILE / side
    transform = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    transform[:, 2] += (scale - 1) / 2  # pixel centres are whole numbers
    shrunk = cv2.GaussianBlur(gray, (0, 0), 0.4 / scale) if scale < 0.8 else gray
    tile = cv2.warpAffine(
        shrunk,
        transform,
        (_TILE, _TILE),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    picture = Image.fromarray(tile).convert("RGB")
    pen = ImageDraw.Draw(picture)
    placed = points @ transform[:, :2].T + transform[:, 2]
    for name, group in GROUPS.items():
        for x, y in placed[group]:
            pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=_COLOURS[name])
    return picture


def _square(gray: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the corner and side, in pixels of the picture, of what is shown of it."""
    height, width = gray.shape
    if max(gray.shape) <= _WHOLE:
        side = float(max(gray.shape))
        return np.array([(width - side) / 2, (height - side) / 2]), side
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()) * _CONTEXT, 8.0)
    return (low + high) / 2 - side / 2, side
