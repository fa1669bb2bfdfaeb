import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from facelines.preprocessing.layout import open_folder
from facelines.preprocessing.rows import Rows

NAMES = ["a.parquet", "b.parquet", "c.parquet"]


@pytest.fixture(params=["local", "memory"])
def rows(request, tmp_path):
    """Three files of 4, 0 and 3 rows, whose numbers count on."""
    import fsspec

    folder = open_folder(tmp_path if request.param == "local" else "memory://facelines-test/rows")
    start = 0
    for name, count in zip(NAMES, (4, 0, 3), strict=True):
        numbers = pa.array(range(start, start + count), pa.int64())
        table = pa.table({"number": numbers, "other": pa.array(["x"] * count, pa.string())})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        folder.write(name, sink.getvalue().to_pybytes())
        start += count
    yield Rows(folder, NAMES)
    fsspec.filesystem("memory").store.clear()


def test_the_rows_of_all_files_follow_each_other(rows):
    tables = list(rows.tables(["number"]))
    assert [table.column_names for table in tables] == [["number"]] * 3
    assert [len(table) for table in tables] == [4, 0, 3]
    assert pa.concat_tables(tables)["number"].to_pylist() == list(range(7))


@pytest.mark.parametrize("places", [[], [0], [3, 4], [0, 1, 2, 3, 4, 5, 6]])
def test_rows_are_taken_by_their_place_over_all_files(rows, places):
    taken = rows.take(np.array(places, int))
    assert taken == [{"number": place, "other": "x"} for place in places]


def test_nothing_is_read_ahead(rows):
    rows.folder.remove("c.parquet")
    tables = rows.tables()
    assert [len(next(tables)) for _ in range(2)] == [4, 0]
    with pytest.raises(FileNotFoundError):
        next(tables)
