"""Faces of every size: crowds and large pictures made of the sample photo."""

import cv2
import numpy as np
import pytest

from facelines.preprocessing import faces, search

_FACE_SIDE = 105  # the astronaut's, as BlazeFace measures it
_FACE_CENTRE = (225, 120)


def crowd(astronaut, width, height, columns, rows, side):
    """Return a picture of columns x rows people, uint8, and their faces' centres (n, 2)."""
    scale = side / _FACE_SIDE
    person = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    cell_width, cell_height = width // columns, height // rows
    noise = np.random.default_rng(0)
    picture, centres = np.full((height, width), 110, np.uint8), []
    for row in range(rows):
        for column in range(columns):
            mirrored = noise.random() < 0.5
            shown = person[:cell_height, : min(cell_width, person.shape[1])]
            x = column * cell_width + int(noise.integers(0, cell_width - shown.shape[1] + 1))
            y = row * cell_height + int(noise.integers(0, cell_height - shown.shape[0] + 1))
            across = round(scale * _FACE_CENTRE[0])
            if mirrored:
                shown, across = shown[:, ::-1], shown.shape[1] - across
            picture[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
            centres.append((x + across, y + scale * _FACE_CENTRE[1]))
    return picture, np.array(centres)


def found_of(boxes, centres, side):
    """Return how many of the centres have a box of about the side."""
    places = np.array([((b.x_min + b.x_max) / 2, (b.y_min + b.y_max) / 2) for b in boxes])
    sides = np.array([box.width for box in boxes])
    near = [np.linalg.norm(places - centre, axis=1) < 0.4 * side for centre in centres]
    fits = (sides > 0.6 * side) & (sides < 1.6 * side)
    return sum(bool((one & fits).any()) for one in near)


def test_all_faces_of_a_crowd_in_24_megapixels_are_found(astronaut):
    picture, centres = crowd(astronaut, 6000, 4000, 12, 8, 120)
    boxes = search.find(picture, "blazeface", 0.5)
    assert found_of(boxes, centres, 120) == len(boxes) == 96


@pytest.mark.parametrize("width, height", [(1920, 1080), (3840, 2160), (1080, 1920)])
@pytest.mark.parametrize("side", [90, 130, 200, 400])
def test_small_and_large_faces_of_a_large_picture_are_found(astronaut, width, height, side):
    columns, rows = max(1, width // (5 * side)), max(1, height // (5 * side))
    picture, centres = crowd(astronaut, width, height, columns, rows, side)
    boxes = search.find(picture, "blazeface", 0.5)
    assert found_of(boxes, centres, side) == len(boxes) == columns * rows


@pytest.mark.parametrize("width, height", [(1920, 1080), (3840, 2160)])
@pytest.mark.parametrize("side", [48, 64])
def test_a_few_faces_of_48_pixels_are_found_in_a_large_picture(astronaut, width, height, side):
    picture, centres = crowd(astronaut, width, height, 6, min(4, height // (5 * side)), side)
    boxes = search.find(picture, "blazeface", 0.5)
    assert found_of(boxes, centres, side) == len(boxes) == len(centres)


def test_a_smaller_face_is_found_where_it_is_asked_for(astronaut):
    picture, centres = crowd(astronaut, 3840, 2160, 10, 6, 50)
    by_default = found_of(search.find(picture, "blazeface", 0.5), centres, 50)
    asked_for = found_of(search.find(picture, "blazeface", 0.5, 45), centres, 50)
    assert by_default < asked_for and asked_for >= 0.95 * len(centres)


@pytest.mark.parametrize("detector", ["haar", "hog"])
def test_every_detector_searches_at_every_scale(astronaut, detector):
    picture, centres = crowd(astronaut, 1920, 1080, 3, 2, 100)
    boxes = search.find(picture, detector, 0.5, 80)
    assert found_of(boxes, centres, 100) == len(centres)


@pytest.mark.parametrize("size", [48, 100, 127])
def test_a_face_crop_has_the_boxes_it_had(astronaut, size):
    """Training data is made of these: not a bit may change."""
    crop = cv2.resize(astronaut[60:200, 160:300], (size, size), interpolation=cv2.INTER_AREA)
    assert search.find(crop, "blazeface", 0.5) == faces.detect(crop, "short", 0.5)


def test_a_portrait_has_the_boxes_of_one_look(astronaut):
    assert search.find(astronaut, "blazeface", 0.5) == faces.detect(astronaut, "blazeface", 0.5)


@pytest.mark.parametrize("shape", [(4000, 6000), (300, 20000), (8000, 8000), (2160, 3840)])
@pytest.mark.parametrize("min_face", [0, 1, 20, 200, 5000])
def test_tiles_are_few_and_cover_the_picture(shape, min_face):
    regions = search.regions_of(shape, 0.104, min_face)
    assert len(regions) <= search.MAX_TILES + 1
    side = regions[-1][2]
    covered = np.zeros(shape, bool)
    for left, top, size in regions:
        if size == side:
            covered[top : top + size, left : left + size] = True
    assert covered.all()


def test_in_a_video_a_small_face_is_looked_for_where_it_was(astronaut, monkeypatch):
    picture, centres = crowd(astronaut, 3840, 2160, 2, 1, 130)
    found = search.find(picture, "blazeface", 0.5)
    looks = []
    propose = faces.propose

    def counted(*arguments, **options):
        looks.append(options.get("detector"))
        return propose(*arguments, **options)

    monkeypatch.setattr(faces, "propose", counted)
    moved = np.roll(picture, 20, axis=1)
    again = search.find(moved, "blazeface", 0.5, known=found)
    assert found_of(again, centres + (20, 0), 130) == len(again) == 2
    assert looks.count("full") == 1
    assert search.find(moved, "blazeface", 0.5, known=[]) == []


def test_texture_holds_no_face():
    noise = np.random.default_rng(0)
    coarse = noise.integers(0, 255, (60, 90), np.uint8)
    picture = cv2.resize(coarse, (1800, 1200), interpolation=cv2.INTER_CUBIC)
    assert search.find(picture, "blazeface", 0.5) == []


def test_overlapping_boxes_are_one_the_best():
    better, worse = faces.Box(10, 10, 50, 50, 0.9), faces.Box(12, 8, 52, 50, 0.6)
    other = faces.Box(100, 10, 140, 50, 0.7)
    assert search.distinct([worse, other, better]) == [better, other]
    assert search.distinct([]) == []


def test_a_glance_keeps_boxes_of_faces_and_no_others(astronaut):
    picture, centres = crowd(astronaut, 1920, 1080, 3, 2, 60)
    on_faces = [faces.Box(x - 30, y - 30, x + 30, y + 30, 0.2) for x, y in centres]
    beside = [box.moved(45, 0) for box in on_faces]
    outside = faces.Box(-200, -200, -140, -140, 0.2)
    given = [box for pair in zip(on_faces, beside, strict=True) for box in pair] + [outside]
    assert faces.glance(picture, given) == on_faces
    assert faces.glance(picture, []) == []
    edge = faces.Box(-10, 0, 50, 60, 0.2)  # a face that the picture cuts
    x, y = (round(value) for value in centres[0])
    assert faces.glance(picture[y - 30 :, x - 20 :], [edge]) == [edge]
