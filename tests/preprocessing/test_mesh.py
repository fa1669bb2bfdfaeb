import numpy as np
import pytest

from facelines.preprocessing import mesh, tflite
from facelines.preprocessing.mesh import (
    LANDMARKS,
    MIRROR,
    READ,
    READ_LANDMARKS,
    READ_MIRROR,
    mesh_points,
)
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, eye_distance, frame_of_points
from facelines.preprocessing.points import MIRROR as LANDMARK_MIRROR


@pytest.fixture(scope="module")
def face(astronaut):
    return Pipeline()(astronaut)[0]


@pytest.fixture(scope="module")
def dlibs(astronaut):
    return Pipeline(landmarker="dlib")(astronaut)[0]


def look(gray, points):
    return mesh_points(gray, frame_of_points(points))[0]


def test_both_sources_place_each_landmark_alike(face, dlibs):
    landmarks = face.mesh[LANDMARKS]
    apart = np.linalg.norm(landmarks - dlibs.points, axis=1) / eye_distance(dlibs.points)
    assert face.mesh.shape == (mesh.COUNT, 2) and face.mesh.dtype == np.float32
    for name, group in GROUPS.items():
        assert apart[group].mean() < 0.12, name
    assert apart.max() < 0.25
    assert not np.array_equal(landmarks, dlibs.points)


def test_the_points_are_the_mean_of_both_sources(face, dlibs):
    assert face.points.dtype == np.float32
    np.testing.assert_allclose(face.points, (dlibs.points + face.mesh[LANDMARKS]) / 2, atol=1e-4)
    assert face.quality == dlibs.quality


def test_mirroring_vertices_twice_is_the_identity_and_agrees_with_the_landmarks():
    assert (MIRROR[MIRROR] == np.arange(mesh.COUNT)).all()
    assert (MIRROR[LANDMARKS] == LANDMARKS[LANDMARK_MIRROR]).all()


def test_the_vertices_that_networks_read_hold_the_landmarks_and_their_own_mirror_images():
    assert (READ[READ_LANDMARKS] == LANDMARKS).all()
    assert (READ[READ_MIRROR] == MIRROR[READ]).all()


def test_a_mirrored_picture_has_the_mirrored_mesh(astronaut, face):
    width = astronaut.shape[1]
    points = face.points[LANDMARK_MIRROR] * (-1, 1) + (width - 1, 0)
    expected = face.mesh[MIRROR] * (-1, 1) + (width - 1, 0)
    found = look(np.ascontiguousarray(astronaut[:, ::-1]), points)
    apart = np.linalg.norm(found - expected, axis=1) / eye_distance(points)
    assert apart.mean() < 0.03 and apart.max() < 0.15


def test_the_mesh_follows_the_picture_not_only_the_points_given(astronaut, face):
    moved = face.points + np.float32(0.05 * eye_distance(face.points))
    apart = np.linalg.norm(look(astronaut, moved) - face.mesh, axis=1).mean()
    assert apart / eye_distance(face.points) < 0.03


def test_a_face_is_present_and_noise_is_not(astronaut, face):
    noise = np.random.default_rng(0).integers(0, 256, astronaut.shape, dtype=np.uint8)
    _, on_noise = mesh_points(noise, frame_of_points(face.points))
    assert on_noise < 0 < face.presence


def test_without_the_mesh_the_points_are_dlibs(astronaut, dlibs):
    plain = Pipeline(mesh=False)(astronaut)[0]
    assert plain.mesh is None and plain.normalised_mesh is None and plain.presence is None
    assert np.array_equal(plain.points, dlibs.points)
    assert np.array_equal(plain.image, dlibs.image)


def test_where_the_mesh_is_the_landmarker_dlib_is_not_asked(astronaut, face, monkeypatch):
    monkeypatch.setattr("facelines.preprocessing.pipeline.landmarks", None)
    found = Pipeline(landmarker="mesh")(astronaut)[0]
    assert np.array_equal(found.points, found.mesh[LANDMARKS])
    apart = np.linalg.norm(found.mesh - face.mesh, axis=1).mean()
    assert apart / eye_distance(face.points) < 0.03
    assert found.quality > 0.5


@pytest.mark.parametrize("name", tflite.SHA256)
def test_a_damaged_network_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / name).write_bytes(b"damaged")
    monkeypatch.setattr(tflite, "FOLDER", tmp_path)
    with pytest.raises(OSError, match="damaged"):
        tflite.checked(name)
