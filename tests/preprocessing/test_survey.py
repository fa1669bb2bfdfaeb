import shutil

from facelines.preprocessing import layout
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.plan import Options
from facelines.preprocessing.prepare import preprocess

FAST = Pipeline(detector="none", passes=1, mesh=False)


def prepared(source, out, **options):
    return preprocess(source, out, Options(FAST, shard_samples=4, **options))


def recorded(out) -> dict[str, str]:
    lines = (out / layout.SPLIT).read_text().splitlines()[1:]
    return dict(line.split(",") for line in lines)


def test_a_set_that_grows_keeps_its_split_and_reuses_most_shards(moods, tmp_path):
    source, out = shutil.copytree(moods, tmp_path / "moods"), tmp_path / "out"
    first = prepared(source, out)
    before = recorded(out)
    assert first.changes == {}
    shutil.copy(source / "smiling" / "3.png", source / "calm" / "0 first.png")
    grown = prepared(source, out)
    after = recorded(out)
    assert grown.changes == {"new": 1, "changed": 0, "gone": 0}
    assert {name: after[name] for name in before} == before
    assert after["calm/0 first.png"] == after["smiling/3.png"]  # copies stay together
    assert grown.reused_shards >= len(list((out / "data").iterdir())) - 2
    clean = prepared(source, tmp_path / "clean")
    assert (clean.rows, clean.duplicates) == (grown.rows, grown.duplicates)


def test_a_run_says_what_changed_and_what_is_gone(moods, tmp_path):
    source, out = shutil.copytree(moods, tmp_path / "moods"), tmp_path / "out"
    prepared(source, out)
    (source / "calm" / "0.png").unlink()
    shutil.copy(source / "calm" / "2.png", source / "calm" / "1.png")
    assert prepared(source, out).changes == {"new": 0, "changed": 1, "gone": 1}


def test_the_seed_decides_the_split(moods, tmp_path):
    runs = [prepared(moods, tmp_path / str(seed), split_seed=seed) for seed in (1, 2)]
    assert recorded(tmp_path / "1") != recorded(tmp_path / "2")
    assert runs[0].dealt == runs[1].dealt  # as many in each


def test_people_stay_together(moods, tmp_path):
    prepared(moods, tmp_path / "out", subject_from=r"/(\d)\.png")  # eight people, in each class
    splits = recorded(tmp_path / "out")
    for person in range(8):
        assert len({splits[f"{label}/{person}.png"] for label in ("calm", "smiling", "tense")}) == 1
    assert set(splits.values()) == {"train", "validation", "test"}


def test_the_survey_in_workers_deals_the_same_split(moods, tmp_path):
    prepared(moods, tmp_path / "one")
    prepared(moods, tmp_path / "two", workers=2)
    assert recorded(tmp_path / "one") == recorded(tmp_path / "two")
