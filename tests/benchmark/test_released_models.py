"""The tables of released models, from invented figures and from the real ones."""

import numpy as np
import pytest

from facelines import cli
from facelines.benchmark import released_models
from facelines.benchmark.report import markdown
from facelines.model.metrics import evaluate
from facelines.preprocessing.labels import LABEL_SETS

LABELS = LABEL_SETS[6]


@pytest.fixture(scope="module")
def measured() -> list[dict]:
    rng = np.random.default_rng(0)
    truth = rng.choice(LABELS, 200)
    figures = evaluate(truth, rng.dirichlet(np.ones(6), 200), LABELS)
    return [
        {
            "name": name,
            "fer2013": figures,
            "ferplus": figures,
            "parameters": 1e6,
            "onnx_mb": 2.0,
            "milliseconds": 1.0,
            "published": 2.0,
        }
        for name in ("landmark", "landmark-ferplus")
    ]


def cells(line: str) -> int:
    return line.count("|") - 1


@pytest.mark.parametrize("make", [released_models.summary, released_models.markdown])
def test_every_row_of_a_table_has_the_columns_of_its_header(make, measured):
    blocks = [block for block in make(measured).split("\n\n") if block.startswith("|")]
    assert blocks
    for block in blocks:
        lines = block.splitlines()
        assert len({cells(line) for line in lines}) == 1 and len(lines) == 4


def test_a_table_is_written_between_its_markers_and_nowhere_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- results:start -->\nold\n<!-- results:end -->\nafter\n")
    markdown.write_into(page, "new \\1")
    expected = "before\n<!-- results:start -->\nnew \\1\n<!-- results:end -->\nafter\n"
    assert page.read_text() == expected


def test_a_page_without_markers_is_refused_before_anything_is_measured(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("no marker here\n")
    assert cli.main(["table", str(tmp_path / "nothing"), "--write", str(page)]) == 1
    assert "results:start" in capsys.readouterr().err
