import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from facelines.preprocessing import columns, contact_sheet, labels, shards
from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.layout import open_folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.rows import Rows
from facelines.preprocessing.shards import UNLABELLED

NAMES = ("happy", "sad")
# Rows here lack most columns, and before pyarrow 26 a list of fixed size that is null is not read.
SCHEMA = pa.schema(
    [
        (name, pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind)
        for name, kind in columns.TYPES.items()
    ]
)


@pytest.fixture
def stored(tmp_path_factory):
    """A function: rows, as dictionaries or a table -> the same in two files."""

    def store(rows: list[dict] | pa.Table) -> Rows:
        if isinstance(rows, list):
            rows = pa.Table.from_pylist(rows, SCHEMA)
        folder, half = tmp_path_factory.mktemp("rows"), len(rows) // 2
        pq.write_table(rows[:half], folder / "a.parquet")
        pq.write_table(rows[half:], folder / "b.parquet")
        return Rows(open_folder(folder), ["a.parquet", "b.parquet"])

    return store


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([], []),
        ([{"label": "sad", "found": "detected"}], ["sad (1)"]),
        ([{"label": None, "found": "detected"}], [f"{UNLABELLED} (1)"]),
        (
            [{"label": name, "found": "detected"} for name in ("sad", "happy", "sad")],
            ["happy (1)", "sad (2)"],
        ),
        ([{"label": "sad", "found": "whole image"}], ["no face detected: whole image taken (1)"]),
    ],
)
def test_a_section_stands_for_each_class_and_for_the_fallbacks(stored, rows, titles):
    assert [title for title, _ in contact_sheet.choose(stored(rows), NAMES)] == titles


def test_the_examples_are_distinct_and_spread_over_the_set(stored):
    rows = [{"label": "sad", "found": "detected", "source": str(i)} for i in range(100)]
    ((_, chosen),) = contact_sheet.choose(stored(rows), NAMES)
    places = [int(row["source"]) for row in chosen]
    assert places == sorted(set(places))
    assert places[0] < 25
    assert places[-1] >= 75


def test_the_sheet_shows_the_picture_its_drawing_and_its_pixels(stored, tmp_path):
    folder = tmp_path / "happy"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    Image.fromarray(pixels).save(folder / "a.png")
    dataset = open_dataset(tmp_path)
    recipe = shards.Recipe(Pipeline(detector="none", passes=1), labels.label_set(6), cropped=True)
    table, _ = shards.process_shard(list(dataset.samples()), recipe)
    contact_sheet.write(open_folder(tmp_path), stored(table), dataset, recipe.labels)
    with Image.open(tmp_path / "_about" / "contact_sheet.png") as picture:
        sheet = np.asarray(picture.convert("RGB")).astype(int)
    colourful = (sheet.max(axis=2) - sheet.min(axis=2)) > 60
    assert colourful.sum() > 51  # the points on the picture
    assert (sheet == 0).all(axis=2).sum() > 10_000  # the drawing's black ground


def test_a_set_without_rows_has_a_sheet_that_says_so(stored, tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    contact_sheet.write(open_folder(tmp_path), stored([]), open_dataset(tmp_path), NAMES)
    with Image.open(tmp_path / "_about" / "contact_sheet.png") as sheet:
        assert sheet.size[0] > 100
