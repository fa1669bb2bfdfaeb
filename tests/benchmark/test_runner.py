"""The benchmark from end to end on a few hundred faces, and each of its parts by itself."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from benchmark_fakes import full_results, split_of

from facelines import cli
from facelines.benchmark import contenders, runner, schema, training_cache
from facelines.benchmark.analyses import drawings
from facelines.benchmark.report import draw, table
from facelines.benchmark.report.comparisons import comparisons
from facelines.benchmark.report.findings import findings_of
from facelines.benchmark.report.page import page as draw_page
from facelines.benchmark.schema import Options
from facelines.model import sources
from facelines.model.training.config import Config
from facelines.model.training.networks import NETWORKS
from facelines.model.training.split import Split
from facelines.preprocessing import fer2013_landmarks
from facelines.preprocessing.labels import LABEL_SETS
from facelines.preprocessing.pipeline import Pipeline

LABELS = LABEL_SETS[6]
ONLY = ("points_mlp", "landmark", "pixel_cnn")


@pytest.fixture(scope="module")
def geometry(embedded_rows):
    """The embedded set's first faces as `fer2013_landmarks.load` gives them: without pixels."""
    return {name: values for name, values in embedded_rows.items() if name != "pixels"}


@pytest.fixture(scope="module")
def results(geometry, tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fer2013_landmarks, "load", lambda *_, **__: geometry)
        few = (drawings.VARIANTS[0], drawings.VARIANTS[-1])
        patch.setattr(drawings, "VARIANTS", few)
        options = Options("embedded", folder, quick=True, only=ONLY, epochs=1, workers=1)
        first = runner.run(options)
        for cached in (folder / "models").iterdir():
            kept = cached.with_name("first-" + cached.name)
            cached.rename(kept)
        second = runner.run(options)
    return first, second, folder


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in ("timing", "run")}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def test_two_runs_with_one_seed_give_the_same_numbers(results):
    first, second, _ = results
    assert without_times(first) == without_times(second)
    assert first["contenders"][1]["seeds"]


def test_what_the_data_cannot_answer_is_said_and_not_invented(results):
    first, *_ = results
    rows = {row["network"]: row for row in first["contenders"]}
    assert "needs a data set" in rows["pixel_cnn"]["status"] and "accuracy" not in rows["pixel_cnn"]
    for name in ("corruptions", "framings", "cross", "identity", "folds", "maps"):
        assert first[name]["needs"]
    jaw = first["drawings"]["variants"][-1]
    assert jaw["needs"] and "accuracy" not in jaw


def test_results_are_written_as_json_and_hold_every_figure(results):
    _, second, folder = results
    written = json.loads((folder / "results.json").read_text())
    assert without_times(written) == without_times(json.loads(json.dumps(second)))
    row = next(row for row in written["contenders"] if row["network"] == "points_mlp")
    assert np.sum(row["confusion"]) == row["n"] == written["data"]["test"]
    low, high = row["macro_f1_interval"]
    assert low <= row["macro_f1"] <= high
    assert row["cost"]["parameters"] == NETWORKS["points_mlp"](6).count_params()
    assert row["timing"]["threads"] == 1 and row["timing"]["latency_ms"] > 0


def test_every_key_of_a_contenders_row_is_in_the_schema(results):
    for row in results[0]["contenders"]:
        assert set(row) <= set(schema.Row.__annotations__)
        assert set(row.get("cost", {})) <= set(schema.Cost.__annotations__)
        assert set(row.get("timing", {})) <= set(schema.Timing.__annotations__)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in ("meta", "br", "use", "path", "rect", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag


def test_the_report_is_one_file_and_asks_for_nothing(results):
    text = (results[2] / "report.html").read_text()
    assert "http" not in text and "url(" not in re.sub(r"url\(#\w+\)", "", text)
    assert not {tag for tag, _ in Page(text).tags} & {"script", "link", "iframe", "object"}


def test_every_plot_has_a_text_alternative_and_the_page_is_whole(results):
    page = Page((results[2] / "report.html").read_text())
    assert not page.open
    plots = [at for tag, at in page.tags if at.get("role") == "img"]
    assert len(plots) > 5 and all(len(at["aria-label"]) > 20 for at in plots)
    drawn = [at for tag, at in page.tags if tag == "svg"]
    assert all(at.get("aria-hidden") == "true" or at.get("aria-label") for at in drawn)
    anchors = [at["href"][1:] for tag, at in page.tags if tag == "a"]
    assert anchors and set(anchors) <= set(page.ids)


def test_the_table_has_a_row_a_contender(results):
    rows = (results[2] / "table.md").read_text().splitlines()
    named = [name for name in ONLY if any(f"| `{name}` |" in row for row in rows)]
    assert named == list(ONLY)


def test_findings_carry_the_measured_numbers(results):
    first, *_ = results
    row = next(row for row in first["contenders"] if row["network"] == "landmark")
    assert len(first["learned"]) >= 5
    assert all(re.search(r"\d", sentence) for sentence in first["learned"])
    assert any(f"{100 * row['accuracy']:.1f}" in sentence for sentence in first["learned"])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--only", "transformer"], "No contender transformer"),
        (["--data", "missing"], "not a prepared folder"),
        (["--classes", "7"], "no face labelled disgust"),
        (["--also", "missing", "--only", "landmark"], "missing: no such file"),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path, capsys, geometry, monkeypatch):
    monkeypatch.setattr(fer2013_landmarks, "load", lambda *_, **__: geometry)
    status = cli.main(["benchmark", "--quick", "--out", str(tmp_path), *arguments])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert status == 1 and message in said and said.startswith("error:")


# The full report, from invented figures


@pytest.fixture(scope="module")
def full(embedded_rows):
    found = full_results(split_of(embedded_rows))
    return {**found, "learned": findings_of(found)}


def test_a_full_run_teaches_ten_sentences_each_with_its_number(full):
    assert len(full["learned"]) == 10 == len(set(full["learned"]))
    assert all(re.search(r"\d", sentence) for sentence in full["learned"])


def test_who_learned_the_votes_is_no_example_of_agreeing_with_them(full):
    rows = [{**row, "learned_votes": True} for row in full["contenders"]]
    assert any("majority of ten raters" in sentence for sentence in full["learned"])
    said = " ".join(findings_of({**full, "contenders": rows, "pairs": []}))
    assert "majority of ten raters" not in said


def test_a_sentence_without_its_figures_is_left_out(full):
    missing = dict.fromkeys(("identity", "corruptions", "cross"), {"needs": "-"})
    fewer = {**full, **missing, "pairs": [], "contenders": full["contenders"][:1]}
    said = " ".join(findings_of(fewer))
    assert "people of CK+48" not in said and "VGG19" not in said and "pixel_cnn" not in said


def test_every_section_of_a_full_run_is_drawn(full):
    text = draw_page(full)
    page = Page(text)
    assert not page.open and "http" not in text and "Not measured" not in text
    assert len([at for _, at in page.tags if at.get("role") == "img"]) > 60
    ids = [one for one in page.ids if not re.fullmatch(r"[mpC]\w*[0-9a-f]{10}", one)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("section", schema.SECTIONS)
def test_a_section_that_was_left_out_says_so(section, full):
    assert section in full
    without = {**full, section: schema.LEFT_OUT, "learned": []}
    without["learned"] = findings_of(without)
    text = draw_page(without)
    assert section == "collapse" or "a run whose --sections name it" in text
    assert table.table(without)


def test_the_published_rows_are_those_of_the_fold_and_of_the_label_set(full):
    found = {
        (one["network"], one["claim"]["data"], one["claim"]["classes"]): one
        for one in comparisons(full)
    }
    assert found["two_sets_cnn", "CK+", 7]["ours"]["accuracy"] == 0.86
    assert found["conv_pair", "FER2013", 3]["ours"]["accuracy"] == 0.82
    assert found["conv_pair", "FER2013", 7]["ours"]["classes"] == 6
    assert found["baseline", "FER2013", 7]["ours"]["classes"] == 7


def test_the_table_ends_with_other_labels_and_other_faces(full):
    rows = table.table(full).splitlines()
    assert "| `conv_pair` | trained on happy, neutral, sad | 82.0 (80.0 to 84.0) | 80.0 |" in rows
    assert "| `pixel` | asked among happy, neutral, sad | 81.0 (79.0 to 83.0) |  |" in rows
    assert "| `baseline` | trained on 7 labels | 47.0 (45.0 to 49.0) | 45.5 |" in rows
    assert "| `two_sets_cnn` | CK+48 by subject, 7 labels | 86.0 (84.0 to 88.0) | 83.1 |" in rows


# Contenders


def test_every_contender_is_a_named_network_and_carries_its_own_config():
    everyone = contenders.contenders()
    assert len({one.network for one in everyone}) == len(everyone)
    for one in everyone:
        assert one.network in NETWORKS and one.config.network == one.network
        assert one.sees in (schema.SHAPE, schema.PIXELS, schema.BOTH)
        assert not one.config.start and not one.config.join and one.config.epochs > 0


def test_the_decisive_pair_shares_its_config():
    one, two = (
        next(each for each in contenders.contenders() if each.network == name)
        for name in ("landmark_cnn", "pixel_cnn")
    )
    assert replace(one.config, network="") == replace(two.config, network="")


# The cache


@pytest.fixture
def split(embedded_rows):
    return Split(
        sources.training_rows(embedded_rows),
        sources.validation_rows(embedded_rows),
        LABELS,
        Pipeline(),
    )


CONFIG = Config("points_mlp", epochs=1, batch_size=64)


def test_the_key_changes_with_data_config_and_start_only(split, tmp_path):
    key = training_cache.key_of(CONFIG, split)
    assert key == training_cache.key_of(CONFIG, split)
    assert key != training_cache.key_of(replace(CONFIG, seed=2), split)
    moved = {**split.train, "points": split.train["points"] + np.float32(1e-3)}
    assert key != training_cache.key_of(CONFIG, replace(split, train=moved))
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "start.keras").write_bytes(b"weights")
    one, two = (
        training_cache.key_of(replace(CONFIG, start=str(tmp_path / name / "start.keras")), split)
        for name in ("one", "two")
    )
    assert key != one == two


def test_a_finished_training_is_loaded_and_an_interrupted_one_goes_on(split, tmp_path, monkeypatch):
    first = training_cache.train_or_load(CONFIG, split, tmp_path)
    assert not (first.folder / "run").exists()

    def never(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(training_cache, "fit", never)
    again = training_cache.train_or_load(CONFIG, split, tmp_path)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    (first.folder / "trial.json").unlink()
    with pytest.raises(AssertionError, match="trained again"):
        training_cache.train_or_load(CONFIG, split, tmp_path)


def test_comments_do_not_change_the_code_version(tmp_path, monkeypatch):
    monkeypatch.setattr(training_cache, "ROOT", tmp_path)
    monkeypatch.setattr(training_cache, "CODE", ("a.py",))
    (tmp_path / "a.py").write_text('"""One."""\nx = 1\n')
    version = training_cache.code_version()
    (tmp_path / "a.py").write_text('"""Two."""\n\nx = 1  # why\n')
    assert training_cache.code_version() == version
    (tmp_path / "a.py").write_text('"""Two."""\nx = 2\n')
    assert training_cache.code_version() != version


def test_a_graph_is_the_same_each_time_and_another_for_another_network():
    graphs = [training_cache.graph_of(NETWORKS["baseline_deeper"](6)) for _ in range(2)]
    assert graphs[0] == graphs[1]
    others = {training_cache.graph_of(build(6)) for build in NETWORKS.values()}
    assert len(others) == len(NETWORKS)
    assert training_cache.graph_of(NETWORKS["baseline_deeper"](7)) != graphs[0]


# Drawings


@pytest.fixture
def raw(embedded_rows):
    return embedded_rows["raw_points"][0]


def test_the_recipes_variant_draws_what_the_pipeline_draws(embedded_rows, raw):
    drawn = drawings.draw(raw, None, drawings.VARIANTS[0])
    np.testing.assert_array_equal(drawn, embedded_rows["image"][0])


@pytest.mark.parametrize("variant", drawings.VARIANTS, ids=lambda one: one.name)
def test_every_variant_differs_from_the_recipe(variant, embedded_rows):
    chin = np.column_stack([np.linspace(5, 43, 17), np.linspace(40, 46, 17)])
    faces = embedded_rows["raw_points"][:20]
    recipe = [drawings.draw(face, None, drawings.VARIANTS[0]) for face in faces]
    drawn = [drawings.draw(face, chin if variant.jaw else None, variant) for face in faces]
    assert drawn[0].shape == (variant.size,) * 2 and set(np.unique(drawn)) == {0, 255}
    if variant != drawings.VARIANTS[0]:
        pairs = zip(drawn, recipe, strict=True)
        assert any(one.shape != two.shape or (one != two).any() for one, two in pairs)


def test_the_jaw_is_carried_along_with_its_face(raw):
    placed = drawings.render.normalise(raw)
    found = drawings.carried_along(raw[:17], raw, placed)
    np.testing.assert_allclose(found, placed[:17], atol=1e-4)


# Figures below the published ones


def row_with(accuracy, **more):
    claim = vars(contenders.Claim(0.60, 0.60, 7, epochs=50))
    return {"network": "four_conv", "claims": [claim], "accuracy": accuracy, **more}


def fake_results(row):
    return {
        "contenders": [row],
        "labels": list(LABELS),
        "folds": {"needs": "-"},
        "label_sets": {"7": {"needs": "-"}},
        "data": {"test_split": "PublicTest", "leaked": 100, "test": 1000, "train": 5000},
    }


def test_a_figure_below_the_published_one_has_its_reasons_with_evidence():
    row = row_with(0.5, training_accuracy=0.7, epochs=10, faces=5000, gain_of_last_quarter=0.02)
    [found] = comparisons(fake_results(row))
    reasons = " ".join(found["reasons"])
    assert found["gap"] == pytest.approx(-0.1)
    for evidence in (
        "70.0 %",
        "10 epochs, theirs 50",
        "2.0 points",
        "100 of the 1000",
        "5.0 points",
    ):
        assert evidence in reasons


@pytest.mark.parametrize(
    "losses, reasons",
    [([1.7] * 9 + [1.5, 1.2, 0.9], 2), ([1.7, 1.2, 0.6] + [0.3] * 9, 1), ([], 1)],
)
def test_folds_that_still_learned_say_so_and_what_they_know_by_heart(losses, reasons):
    claim = vars(contenders.Claim(0.83, 0.83, 7, data=schema.CKPLUS))
    folds = {"accuracy": 0.6, "training_accuracy": 0.9, "loss": losses, "folds": {"fold0": {}}}
    results = fake_results({"network": "two_sets_cnn", "claims": [claim]})
    [found] = comparisons({**results, "folds": {"CK+48": {"two_sets_cnn": folds}}})
    assert found["below"] and len(found["reasons"]) == reasons
    assert "90.0 %" in found["reasons"][0]
    assert ("fell by 0.80" in found["reasons"][-1]) == (reasons == 2)


@pytest.mark.parametrize("labels, measured", [(6, True), (7, True), (3, False)])
def test_a_claim_is_compared_on_about_as_many_labels(labels, measured):
    results = {**fake_results(row_with(0.5)), "labels": list(LABEL_SETS[labels])}
    [found] = comparisons(results)
    assert (found["ours"] is not None) == measured == found["below"]


def test_a_figure_within_the_margin_needs_no_reason():
    [found] = comparisons(fake_results(row_with(0.59)))
    assert found["reasons"] == []


def test_an_earlier_report_is_drawn_again_from_its_results(full, tmp_path, capsys):
    full = {**full, "run": {**full["run"], "command": "facelines benchmark"}}
    draw.write(tmp_path, full)
    page = (tmp_path / "report.html").read_bytes()
    for name in ("report.html", "table.md"):
        (tmp_path / name).unlink()
    assert cli.main(["benchmark", "--report-only", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").read_bytes() == page
    assert (tmp_path / "table.md").is_file()


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_what_is_no_result_is_not_drawn(content, tmp_path, capsys):
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    assert cli.main(["benchmark", "--report-only", str(tmp_path)]) == 1
    assert "results.json" in capsys.readouterr().err
