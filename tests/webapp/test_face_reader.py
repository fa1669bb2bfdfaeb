"""A face read a moment before is read at half the cost, and still follows what it does."""

import cv2
import numpy as np
import pytest
from webapp_fakes import frame

from facelines.preprocessing import landmarks, mesh
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, eye_distance
from facelines.webapp import face_reader
from facelines.webapp.face_reader import FaceReader
from facelines.webapp.tracking import box_of_points

FAST, SLOW = 30, 10  # frames a second


@pytest.fixture(scope="module")
def box():
    """The box of the frame's one face."""
    return Pipeline(passes=2)(picture())[0].box


@pytest.fixture
def calls(monkeypatch):
    """How often dlib and the mesh were asked."""
    counts = {"dlib": 0, "mesh": 0}

    def counted(name, function):
        def call(*arguments):
            counts[name] += 1
            return function(*arguments)

        return call

    monkeypatch.setattr(landmarks, "_predict", counted("dlib", landmarks._predict))
    monkeypatch.setattr(face_reader, "mesh_points", counted("mesh", mesh.mesh_points))
    return counts


def picture(shift=0.0):
    return cv2.cvtColor(frame(1, shift=(shift, 0.0)), cv2.COLOR_RGB2GRAY)


def with_lower_mouth(gray, points, share):
    """Bend the face so that the mouth sits lower by a share of the eye distance."""
    x, y = points[GROUPS["mouth"]].mean(axis=0)
    unit = eye_distance(points)
    rows, columns = np.mgrid[: gray.shape[0], : gray.shape[1]].astype(np.float32)
    away = np.hypot(columns - x, rows - y) / unit
    bent = rows - share * unit * np.exp(-((2 * away) ** 2))
    return cv2.remap(gray, columns, bent.astype(np.float32), cv2.INTER_LINEAR)


def read(box, pictures, rate):
    """Return (points, mesh) of each picture, of which the first shows the face in the box."""
    reader, found = FaceReader(), []
    for index, gray in enumerate(pictures):
        seconds = index / rate
        if found:
            points, quality = reader.follow(gray, box_of_points(found[-1][0], 1.0), seconds)
        else:
            points, quality = reader.anew(gray, box, seconds)
        assert 0 <= quality <= 1
        found.append((points, reader.mesh(gray, points, seconds)[0]))
    return found


def test_of_fast_frames_each_is_shown_to_dlib_once_and_half_of_them_to_the_mesh(box, calls):
    read(box, [picture()] * 8, FAST)
    assert calls == {"dlib": 2 + 7, "mesh": 4}


def test_slow_frames_are_read_in_full(box, calls):
    read(box, [picture()] * 4, SLOW)
    assert calls == {"dlib": 8, "mesh": 4}


def test_a_face_read_anew_has_no_past(box, calls):
    reader = FaceReader()
    for seconds in (0.0, 0.01):
        points, _ = reader.anew(picture(), box, seconds)
        reader.mesh(picture(), points, seconds)
    assert calls == {"dlib": 4, "mesh": 2}


def test_what_is_carried_moves_with_the_head(box):
    moving = [picture(shift) for shift in (0, 3, 6, 9, 12)]
    for fast, slow in zip(read(box, moving, FAST), read(box, moving, SLOW), strict=True):
        for carried, seen in zip(fast, slow, strict=True):
            apart = np.linalg.norm(carried - seen, axis=1)
            assert np.median(apart) < 0.03 * eye_distance(slow[0])


def test_a_mouth_that_moves_is_followed_within_70_milliseconds(box):
    ((before, _),) = read(box, [picture()], FAST)
    bent = with_lower_mouth(picture(), before, 0.3)
    changing = [picture(), picture(), bent, bent]
    (points, carried), (seen, vertices) = (read(box, changing, rate)[-1] for rate in (FAST, SLOW))
    lowered = lips(seen) - lips(before)
    assert lowered > 0.1 * eye_distance(before), "the bent face's mouth is not seen lower"
    assert lips(points) - lips(before) > 0.8 * lowered
    assert abs(lips(carried[mesh.LANDMARKS]) - lips(vertices[mesh.LANDMARKS])) < 0.5 * lowered


def lips(points):
    return points[GROUPS["mouth"], 1].mean()
