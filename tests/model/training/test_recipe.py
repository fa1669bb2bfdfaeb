"""Every config is a whole recipe, and the command line's options take the place of what it says."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from facelines.commands import train
from facelines.model.artifact import WEIGHTS
from facelines.model.sources import SourceError
from facelines.model.training.config import Config
from facelines.model.training.networks import NETWORKS
from facelines.model.training.recipe import Recipe, read_recipe

CONFIGS = Path(__file__).parents[3] / "configs"
RECIPES = sorted(path for path in CONFIGS.glob("*.py") if path.stem != "families")
# The recipe that a released artifact is made by, where it has another name.
RELEASED = {
    "landmark-ferplus": "landmark_ferplus",
    "landmark-mesh": "landmark_mesh",
    "landmark-mesh-ferplus": "landmark_mesh_ferplus",
    "landmark_cnn": "landmark_cnn_distilled_2",
    "fused-ferplus": "fused_ferplus",
    "pixel": "pixel_pair",
    "pixel-ferplus": "pixel_pair_ferplus",
}


def asked(*words) -> Recipe:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return train.recipe_of(parser.parse_args(list(map(str, words))))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_config_alone_is_a_whole_recipe(path):
    recipe = asked(path)
    config = recipe.config
    assert recipe == read_recipe(path)
    assert config.network in NETWORKS
    assert bool(config.teacher) == bool(recipe.teachers)
    assert bool(config.epochs) or config.start or config.join
    assert (recipe.landmarker == "mesh") == config.network.startswith("landmark_mesh")
    assert (recipe.labels == "ferplus") == path.stem.endswith("_ferplus")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_config_begins_with_released_weights_or_with_those_of_another_config(path):
    config = read_recipe(path).config
    names = [Path(start) for start in (config.start, *config.join) if start]
    apart = {"old_points_dlib", "mesh_look_first"}  # trainings without a config of their own
    for name in names:
        if name.suffix == ".keras":
            assert name.parent.name in apart | {path.stem for path in RECIPES}
        else:
            assert (WEIGHTS / name).is_dir()


@pytest.mark.parametrize("folder", sorted(WEIGHTS.iterdir()), ids=lambda folder: folder.name)
def test_a_config_expects_what_the_released_weights_reach(folder):
    recipe = read_recipe(CONFIGS / f"{RELEASED.get(folder.name, folder.name)}.py")
    accuracy = json.loads((folder / "metrics.json").read_text())["accuracy"]
    assert recipe.expected == pytest.approx(accuracy, abs=0.001)


def test_options_take_the_place_of_what_the_config_says(tmp_path):
    path = CONFIGS / "pixel_light.py"
    written = read_recipe(path)
    found = asked(
        *(path, "--data", "embedded", "--labels", "ferplus", "--views", "1", "--epochs", "2"),
        *("--seed", "7", "--start", "landmark", "--teacher", "fused", "landmark"),
    )
    assert found == replace(
        written,
        config=replace(written.config, epochs=2, seed=7, start="landmark"),
        data="embedded",
        labels="ferplus",
        views=1,
        teachers=(Path("fused"), Path("landmark")),
    )


def test_a_network_takes_the_recipe_of_another(tmp_path):
    found = asked("pixel_cnn", "--config", CONFIGS / "landmark_cnn.py")
    written = read_recipe(CONFIGS / "landmark_cnn.py")
    assert found == replace(written, config=replace(written.config, network="pixel_cnn"))


def test_a_file_that_sets_a_config_alone_is_a_recipe(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from facelines.model.training.config import Config\n"
        "config = Config('points_mlp', epochs=2)\n"
    )
    assert asked(tmp_path / "mine.py") == Recipe(Config("points_mlp", epochs=2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such config"),
        ("", "sets neither `recipe`"),
        ("recipe = 3", "sets neither `recipe`"),
        ("recipe = Recipe()", "is no valid config: name 'Recipe' is not defined"),
        ("(", "is no valid config"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_line(tmp_path, text, message):
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(SourceError, match=message):
        read_recipe(tmp_path / "mine.py")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("points_mlp",), "--data is missing"),
        (("perceptron", "--data", "embedded"), "unknown network 'perceptron'"),
        ((CONFIGS / "pixel.py", "--config", CONFIGS / "landmark.py"), "two configs"),
    ],
)
def test_what_cannot_be_trained_is_refused(words, message):
    with pytest.raises(ValueError, match=message):
        asked(*words)
