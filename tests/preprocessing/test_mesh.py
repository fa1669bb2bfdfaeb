import numpy as np
import pytest

from facelines.preprocessing.mesh import mesh_points
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, MIRROR, eye_distance


@pytest.fixture(scope="module")
def face(astronaut):
    return Pipeline()(astronaut)[0]


def test_both_sources_place_each_landmark_alike(face):
    apart = np.linalg.norm(face.mesh - face.points, axis=1) / eye_distance(face.points)
    assert face.mesh.shape == (51, 2) and face.mesh.dtype == np.float32
    for name, group in GROUPS.items():
        assert apart[group].mean() < 0.12, name
    assert apart.max() < 0.25
    assert not np.array_equal(face.mesh, face.points)


def test_a_mirrored_picture_has_the_mirrored_mesh(astronaut, face):
    width = astronaut.shape[1]
    points = face.points[MIRROR] * (-1, 1) + (width - 1, 0)
    expected = face.mesh[MIRROR] * (-1, 1) + (width - 1, 0)
    found = mesh_points(np.ascontiguousarray(astronaut[:, ::-1]), points)
    apart = np.linalg.norm(found - expected, axis=1).mean() / eye_distance(points)
    assert apart < 0.03


def test_the_mesh_follows_the_picture_not_only_the_points_given(astronaut, face):
    moved = face.points + np.float32(0.05 * eye_distance(face.points))
    found = mesh_points(astronaut, moved)
    apart = np.linalg.norm(found - face.mesh, axis=1).mean() / eye_distance(face.points)
    assert apart < 0.03


def test_a_recipe_without_the_mesh_differs_in_nothing_else(astronaut, face):
    plain = Pipeline(mesh=False)(astronaut)[0]
    assert plain.mesh is None and plain.normalised_mesh is None
    assert np.array_equal(plain.points, face.points) and np.array_equal(plain.image, face.image)
