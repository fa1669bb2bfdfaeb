import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from PIL import Image

from facelines.preprocessing import columns, contact_sheet, labels, shards
from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.layout import open_folder
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.shards import UNLABELLED

NAMES = ("happy", "sad")


def table_of(rows: list[dict]) -> ds.Dataset:
    return ds.dataset(pa.Table.from_pylist(rows, columns.schema()))


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
def test_a_section_stands_for_each_class_and_for_the_fallbacks(rows, titles):
    assert [title for title, _ in contact_sheet.choose(table_of(rows), NAMES)] == titles


def test_the_examples_are_distinct_and_spread_over_the_set():
    rows = [{"label": "sad", "found": "detected", "source": str(i)} for i in range(100)]
    ((_, chosen),) = contact_sheet.choose(table_of(rows), NAMES)
    places = [int(row["source"]) for row in chosen]
    assert places == sorted(set(places))
    assert places[0] < 25
    assert places[-1] >= 75


def test_the_sheet_shows_the_picture_its_drawing_and_its_pixels(tmp_path):
    folder = tmp_path / "happy"
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    Image.fromarray(pixels).save(folder / "a.png")
    dataset = open_dataset(tmp_path)
    recipe = shards.Recipe(Pipeline(detector="none", passes=1), labels.label_set(6), cropped=True)
    table, _ = shards.process_shard(list(dataset.samples()), recipe)
    contact_sheet.write(open_folder(tmp_path), ds.dataset(table), dataset, recipe.labels)
    with Image.open(tmp_path / "_about" / "contact_sheet.png") as picture:
        sheet = np.asarray(picture.convert("RGB")).astype(int)
    colourful = (sheet.max(axis=2) - sheet.min(axis=2)) > 60
    assert colourful.sum() > 51  # the points on the picture
    assert (sheet == 0).all(axis=2).sum() > 10_000  # the drawing's black ground


def test_a_set_without_rows_has_a_sheet_that_says_so(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    contact_sheet.write(open_folder(tmp_path), table_of([]), open_dataset(tmp_path), NAMES)
    with Image.open(tmp_path / "_about" / "contact_sheet.png") as sheet:
        assert sheet.size[0] > 100
