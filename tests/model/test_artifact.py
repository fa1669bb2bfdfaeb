"""An artifact is used whole and as it was saved, or not at all."""

import json
import shutil

import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper

from facelines.model import artifact
from facelines.model.artifact import ArtifactError
from facelines.model.recognizer import Recognizer


@pytest.fixture
def saved(tmp_path):
    """The folder of an artifact that this version saved."""
    folder = tmp_path / "pixel"
    folder.mkdir()
    released = artifact.load("pixel")
    for name in ("model.onnx", "metrics.json"):
        shutil.copy(released.folder / name, folder)
    artifact.save_settings(artifact.replace(released, folder=folder))
    return folder


def change(folder, **values):
    path = folder / "pipeline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_was_saved_is_loaded(saved):
    assert set(artifact.load(saved).hashes) == {"model.onnx", "metrics.json"}
    assert Recognizer.load(saved).labels == Recognizer.load("pixel").labels


@pytest.mark.parametrize("name", ["model.onnx", "metrics.json"])
def test_a_file_that_was_changed_is_refused(saved, name):
    path = saved / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match=rf"{name} is missing or damaged: its SHA-256"):
        Recognizer.load(saved)


@pytest.mark.parametrize(
    "values",
    [
        {"labels": []},
        {"labels": ["happy"] * 6},
        {"labels": [["happy"], ["sad"]]},
        {"labels": 6},
        {"temperature": 0},
        {"temperature": "1"},
        {"temperature": float("nan")},
        {"uncertain_below": 2},
        {"views": 99},
        {"views": 1.5},
        {"network": None},
        {"sha256": []},
        {"pipeline": {"size": 10**9}},
        {"pipeline": {"detector": 5, "style": []}},
        {"pipeline": 5},
        {"pipeline": {"unknown": 1}},
        {"format": None},
    ],
)
def test_settings_that_make_no_sense_are_refused_in_one_line(saved, values):
    change(saved, **values)
    with pytest.raises(ArtifactError) as caught:
        Recognizer.load(saved)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", "[" * 100_000, "\0"])
def test_settings_that_are_none_are_refused_in_one_line(saved, text):
    (saved / "pipeline.json").write_text(text)
    with pytest.raises(ArtifactError):
        Recognizer.load(saved)


def test_too_few_labels_are_refused(saved):
    change(saved, labels=["happy", "sad"])
    with pytest.raises(ArtifactError, match="6 outputs, but the artifact names 2 labels"):
        Recognizer.load(saved)


def test_a_network_that_reads_other_files_is_refused(saved):
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], bytes(4), raw=True)
    external_data_helper.set_external_data(tensor, location="../../secret")
    tensor.ClearField("raw_data")
    node = helper.make_node("Identity", ["w"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([node], "g", [], [output], [tensor])
    (saved / "model.onnx").write_bytes(onnx.ModelProto.SerializeToString(helper.make_model(graph)))
    change(saved, sha256={})
    with pytest.raises(ArtifactError, match="keeps weights in other files"):
        Recognizer.load(saved)
