from dataclasses import replace

import numpy as np
import pytest

from facelines.model import inputs
from facelines.model.training.augmentation import UNCHANGED, Augmentation, augment
from facelines.preprocessing.pipeline import Pipeline


@pytest.fixture(scope="module")
def batch(embedded_rows):
    rng = np.random.default_rng(0)
    points = embedded_rows["points"][:8]
    return {
        "points": points,
        "vertices": embedded_rows["vertices"][:8],
        "image": embedded_rows["image"][:8],
        "pixels": rng.integers(0, 256, (len(points), 48, 48), dtype=np.uint8),
    }


def changed(batch, settings, seed=0, names=inputs.NAMES):
    return augment(batch, settings, Pipeline(), np.random.default_rng(seed), names)


def test_no_augmentation_changes_nothing(batch):
    same = changed(batch, UNCHANGED)
    for name in inputs.NAMES:
        np.testing.assert_allclose(same[name], batch[name], atol=1e-6)


def test_a_mirrored_face_mirrored_again_is_the_face(batch):
    once = changed(batch, replace(UNCHANGED, mirror=1))
    assert not np.allclose(once["points"], batch["points"])
    twice = changed(once, replace(UNCHANGED, mirror=1))
    np.testing.assert_allclose(twice["points"], batch["points"], atol=1e-6)
    assert (twice["pixels"] == batch["pixels"]).all()


def test_points_and_pixels_are_mirrored_together(batch):
    for seed in range(3):
        half = changed(batch, replace(UNCHANGED, mirror=0.5), seed)
        points = np.array(
            [np.allclose(a, b) for a, b in zip(half["points"], batch["points"], strict=True)]
        )
        pixels = np.array(
            [(a == b).all() for a, b in zip(half["pixels"], batch["pixels"], strict=True)]
        )
        assert (points == pixels).all()


def test_both_sources_move_together(batch):
    moved = changed(batch, Augmentation(mirror=0, jitter=0))
    for name in ("points", "vertices"):
        assert not np.allclose(moved[name], batch[name], atol=1e-3)
    # One similarity takes both sources' points to their new places.
    for face in range(8):
        before, after = (
            np.concatenate([some["points"][face], some["vertices"][face]]) @ (1, 1j)
            for some in (batch, moved)
        )
        ratio = (after - after.mean()) / (before - before.mean())
        np.testing.assert_allclose(ratio, ratio.mean(), atol=1e-3)


def test_drawings_are_drawn_from_the_changed_points(batch):
    moved = changed(batch, Augmentation())
    for points, image in zip(moved["points"], moved["image"], strict=True):
        assert (Pipeline().draw(points) == image).all()


@pytest.mark.parametrize("field", ["rotation", "scale", "shift", "jitter", "yaw", "aspect"])
def test_every_point_setting_moves_points(batch, field):
    moved = changed(
        batch, replace(UNCHANGED, **{field: 3.0 if field in ("rotation", "yaw") else 0.05})
    )
    assert np.abs(moved["points"] - batch["points"]).max() > 0.005
    assert moved["points"].dtype == np.float32
    assert (moved["pixels"] == batch["pixels"]).all()


@pytest.mark.parametrize(
    "field, value",
    [
        ("pixel_rotation", 9),
        ("pixel_scale", 0.2),
        ("pixel_aspect", 0.3),
        ("pixel_shift", 4),
        ("contrast", 0.4),
        ("brightness", 0.2),
        ("erase", 1),
    ],
)
def test_every_pixel_setting_changes_pixels(batch, field, value):
    moved = changed(batch, replace(UNCHANGED, **{field: value}))
    assert (moved["pixels"] != batch["pixels"]).any()
    assert moved["pixels"].dtype == np.uint8
    np.testing.assert_allclose(moved["points"], batch["points"], atol=1e-6)


def test_one_seed_is_one_augmentation(batch):
    first, again, other = (changed(batch, Augmentation(), seed) for seed in (1, 1, 2))
    for name in inputs.NAMES:
        assert (first[name] == again[name]).all()
    assert (first["points"] != other["points"]).any()


def test_only_the_inputs_asked_for_are_made(batch):
    assert set(changed(batch, Augmentation(), names=("pixels",))) == {"pixels"}
