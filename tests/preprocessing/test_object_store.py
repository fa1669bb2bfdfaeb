"""OUT in an object store: moto's server, which speaks S3, on this machine."""

import pytest

from facelines import cli
from facelines.preprocessing.prepared import load_prepared

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "fer2013.csv"
    pixels = " ".join(str(value % 256) for value in range(48 * 48))
    rows = [f"{emotion},{pixels},{split}" for emotion in (0, 3, 4) for split in ("Training",) * 4]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]))
    return str(path)


def test_a_set_in_a_store_is_the_set_on_the_disk(tmp_path, bucket, source, capsys):
    on_disk, in_store = str(tmp_path / "out"), f"{bucket}/out"
    for out in (on_disk, in_store):
        assert cli.main(["preprocess", source, out, "--shard-size", "4"]) == 0
    for name, values in load_prepared(on_disk).items():
        assert (load_prepared(in_store)[name] == values).all()
    capsys.readouterr()
    assert cli.main(["preprocess", source, in_store, "--shard-size", "4"]) == 0
    assert "shards were there" in capsys.readouterr().out  # nothing is made twice


def test_a_store_that_is_not_there_is_one_line(bucket, source, capsys):
    assert cli.main(["preprocess", source, "s3://nobody/out"]) != 0
    message = capsys.readouterr().err
    assert "s3://nobody/out" in message and "Traceback" not in message
