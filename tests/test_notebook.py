"""The notebook of the tutorial runs from first to last cell, and is kept without outputs."""

import json
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"


def cells() -> list[dict]:
    found = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_no_output_is_kept():
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells())


def test_every_cell_runs_and_the_model_tells_the_shapes_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for cell in cells():
        exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    metrics = json.loads((tmp_path / "runs" / "shapes" / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.6  # of three
