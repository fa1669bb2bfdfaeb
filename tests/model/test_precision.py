"""bfloat16 only where the processor computes in it."""

import keras
import pytest

from facelines.model.training import precision


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: [])


@pytest.mark.parametrize(
    ("flags", "trained_in"),
    [
        ("flags : fpu avx2 avx512_bf16", "mixed_bfloat16"),
        ("Features : fp asimd bf16", "mixed_bfloat16"),
        ("flags : fpu avx2", "float32"),
    ],
)
def test_bfloat16_is_taken_where_it_is_not_emulated(
    flags, trained_in, tmp_path, monkeypatch, without_gpu, capsys
):
    monkeypatch.setattr(precision, "_CPU_FLAGS", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(flags)
    assert precision.supported("mixed_bfloat16") == trained_in
    assert ("training in float32" in capsys.readouterr().err) == (trained_in == "float32")


def test_a_system_that_does_not_say_trains_in_float32(tmp_path, monkeypatch, without_gpu):
    monkeypatch.setattr(precision, "_CPU_FLAGS", tmp_path / "none")
    assert precision.supported("mixed_bfloat16") == "float32"


def test_float32_and_a_gpu_are_not_asked(monkeypatch, capsys):
    monkeypatch.setattr(precision, "_has_bfloat16", None)
    assert precision.supported("float32") == "float32"
    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: ["gpu:0"])
    assert precision.supported("mixed_bfloat16") == "mixed_bfloat16"
    assert not capsys.readouterr().err
