import json
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from facelines.preprocessing.pipeline import Pipeline, is_face_crop

QUICK = Pipeline(passes=2)


def test_json_brings_the_same_recipe_back():
    recipe = Pipeline(detector="hog", passes=3, style="points", level_roll=False)
    assert Pipeline.from_json(recipe.to_json()) == recipe
    assert set(json.loads(recipe.to_json())) == {field.name for field in fields(Pipeline)}


def test_an_unknown_setting_is_an_error():
    with pytest.raises(ValueError, match="colour.*newer version"):
        Pipeline.from_json('{"colour": "red"}')


def test_the_fingerprint_follows_the_drawing():
    prints = {
        Pipeline().fingerprint(),
        Pipeline(style="points").fingerprint(),
        Pipeline(thickness=2).fingerprint(),
        Pipeline(size=64).fingerprint(),
    }
    assert len(prints) == 4
    assert Pipeline(passes=1).fingerprint() == Pipeline().fingerprint()


def test_the_drawing_has_not_changed():
    """Released weights were trained on this drawing: a new fingerprint needs new weights."""
    assert Pipeline().fingerprint() == "2806d390ceb57d8e"


def test_a_photo_gives_its_faces(astronaut):
    (face,) = QUICK(astronaut)
    assert face.box.source == "detected"
    assert face.image.shape == face.pixels.shape == (48, 48)
    assert face.points.shape == face.normalised.shape == (51, 2)
    assert face.image.any()


def test_two_people_are_two_faces(astronaut):
    assert len(QUICK(np.hstack([astronaut, astronaut]))) == 2


def test_a_photo_without_a_face_is_empty():
    assert QUICK(np.full((300, 300), 90, np.uint8)) == []


def test_a_face_crop_has_one_face_and_keeps_its_pixels(astronaut_crop):
    (face,) = QUICK(astronaut_crop)
    assert is_face_crop(astronaut_crop)
    assert (face.pixels == astronaut_crop).all()


NO_FACES = {
    "black": np.zeros((48, 48), np.uint8),
    "navy": np.full((100, 100), 15, np.uint8),
    "a slope": np.tile(np.linspace(0, 255, 90), (60, 1)).astype(np.uint8),
    "noise": np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8),
    "a disc": cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), 30, 200, -1),
}


@pytest.mark.parametrize("picture", NO_FACES.values(), ids=NO_FACES)
def test_a_small_picture_without_a_face_has_none_but_as_a_data_sets(picture):
    assert QUICK(picture) == []
    assert QUICK.one(picture).box is not None


def test_drawings_of_a_face_and_of_its_shifted_copy_are_alike(astronaut):
    (first,), (second,) = QUICK(astronaut), QUICK(np.roll(astronaut, 32, axis=0))
    distance = np.linalg.norm(first.normalised - second.normalised, axis=1).mean()
    assert distance < 0.02


def test_the_largest_face_is_the_data_sets_face(astronaut):
    small = cv2.resize(astronaut, (256, 256))
    picture = np.hstack([np.vstack([small, np.zeros_like(small)]), astronaut])
    assert QUICK.one(picture).box.x_min > 256


def test_a_recipe_does_not_change():
    with pytest.raises(AttributeError):
        Pipeline().passes = 3
    assert replace(Pipeline(), passes=3).passes == 3
