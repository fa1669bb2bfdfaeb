"""Following faces over time: identity, smoothing, reaction."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from webapp_fakes import FakeRecognizer, frame

from facelines.model.recognizer import Recognizer
from facelines.model.steady import HeldLabel
from facelines.preprocessing import faces, images
from facelines.preprocessing.landmarks import frame_of
from facelines.preprocessing.pipeline import Pipeline
from facelines.preprocessing.points import GROUPS, eye_distance, frame_of_points
from facelines.webapp.smoothing import STILL, PointSmoother, ProbabilitySmoother, head_motion
from facelines.webapp.stopwatch import Stopwatch
from facelines.webapp.tracking import Track, Tracker, box_of_points, is_reliable, match

FRAMES_PER_SECOND = 25
TALKING = Path(__file__).parents[3] / "shared" / "data" / "media" / "talking_one_face.mkv"
STILL_FRAMES = 9  # of that video: then the head begins to turn


@pytest.fixture(scope="module")
def face_points():
    """The astronaut's points, float32 (51, 2), in pixels of a VGA frame."""
    return Pipeline(passes=2)(gray(frame(1)))[0].points


def gray(rgb):
    return images.decode_gray(images.encode_png(rgb[..., ::-1]))


def updates(tracker, frames, **options):
    return [
        [
            (track.number, track.face.box)
            for track in tracker.update(
                gray(picture), index / FRAMES_PER_SECOND, Stopwatch(), **options
            )
        ]
        for index, picture in enumerate(frames)
    ]


def open_mouth(points, share):
    """Lower the lower lip by a share of the eye distance."""
    opened = points.copy()
    lower_lip = [37, 38, 39, 40, 41, 47, 48, 49]
    opened[lower_lip, 1] += share * eye_distance(points)
    return opened


def test_no_face_gives_no_track():
    assert updates(Tracker(Pipeline()), [frame(0)] * 2) == [[], []]


def test_faces_keep_their_numbers_while_they_move_and_one_leaves():
    moving = [frame(2, shift=(5.0 * step, 0.0)) for step in range(4)]
    alone = [frame(1)[:, ::-1] * 0 + 127] * 30  # an empty room
    tracker = Tracker(Pipeline())
    seen = updates(tracker, moving)
    for shown in seen:
        assert [number for number, _ in shown] == [1, 2]
        assert shown[0][1].x_min < 320 < shown[1][1].x_min
    watch = Stopwatch()
    for index, picture in enumerate(alone):
        tracks = tracker.update(gray(picture), 1 + index / FRAMES_PER_SECOND, watch)
    assert tracks == []
    assert updates(tracker, [frame(1)])[0][0][0] == 3, "a new face gets a new number"


def shown_when_detected(monkeypatch, picture, score, frames=3):
    """Return how many faces are shown on each frame where a detector finds one in the middle."""
    (face,) = Pipeline(passes=2)(gray(frame(1)))
    found = replace(face.box, score=score)
    monkeypatch.setattr(faces, "detect", lambda *_: [found])
    return [len(shown) for shown in updates(Tracker(Pipeline()), [picture] * frames)]


def test_a_sure_face_is_shown_at_once_and_a_doubtful_one_when_seen_again(monkeypatch):
    assert shown_when_detected(monkeypatch, frame(1), 0.9) == [1, 1, 1]
    assert shown_when_detected(monkeypatch, frame(1), 0.55) == [0, 1, 1]


@pytest.mark.parametrize("score", [0.55, 0.95])
def test_what_only_the_detector_takes_for_a_face_is_never_shown(monkeypatch, score):
    assert shown_when_detected(monkeypatch, frame(0), score, frames=6) == [0] * 6


def test_a_far_face_is_found_beside_a_near_one():
    near = frame(1)
    far = frame(1, side=60)[:200, 60:300]
    both = near.copy()
    both[280:, 400:] = far[:200, :240]
    seen = updates(Tracker(Pipeline()), [both] * 30)
    assert len(seen[-1]) == 2


def test_detection_runs_only_now_and_then():
    tracker = Tracker(Pipeline())
    watches = [Stopwatch() for _ in range(10)]
    for index, watch in enumerate(watches):
        tracker.update(gray(frame(1)), index / FRAMES_PER_SECOND, watch)
    detected = ["detect" in watch.seconds for watch in watches]
    assert detected[0]
    assert sum(detected) == 1


def test_a_face_that_jumps_is_found_again():
    tracker = Tracker(Pipeline())
    jumped = [frame(1)] * 5 + [frame(1, shift=(160.0, 60.0))] * 4
    seen = updates(tracker, jumped, smooth=False)
    assert [len(faces) for faces in seen] == [1] * 9
    moved_by = seen[-1][0][1].x_min - seen[0][0][1].x_min
    assert moved_by == pytest.approx(160, abs=12)


def test_box_of_points_makes_dlib_look_where_the_points_say(face_points):
    followed = frame_of(box_of_points(face_points, 1.0))
    expected = frame_of_points(face_points)
    assert followed.side == pytest.approx(expected.side, rel=1e-4)
    assert (followed.x, followed.y) == pytest.approx((expected.x, expected.y), abs=0.01)


@pytest.mark.parametrize(
    "move, quality, reliable",
    [
        (lambda points: points, 0.95, True),
        (lambda points: points + 0.1 * eye_distance(points), 0.95, True),
        (lambda points: points, 0.2, False),
        (lambda points: points + 3 * eye_distance(points), 0.95, False),
        (lambda points: points * 2, 0.95, False),
    ],
)
def test_points_that_jump_or_disagree_are_not_trusted(face_points, move, quality, reliable):
    assert is_reliable(face_points, move(face_points), quality) is reliable


def test_match_gives_each_box_once_to_the_nearest_track(face_points):
    tracks = [Track(1, face_points, 1.0), Track(2, face_points + (30, 0), 1.0)]
    near_two, far = (box_of_points(face_points + shift, 1.0) for shift in ((28, 0), (400, 0)))
    assert match(tracks, []) == {}
    assert match(tracks, [far, near_two]) == {2: near_two}


def test_smoothing_leaves_still_points_where_they_are(face_points):
    smooth = PointSmoother()
    for step in range(3):
        assert smooth(face_points, step / FRAMES_PER_SECOND) == pytest.approx(face_points)


def test_smoothed_probabilities_still_sum_to_one():
    smooth = ProbabilitySmoother()
    smooth(np.array([0.9, 0.1, 0.0], np.float32), 0.0)
    blended = smooth(np.array([0.0, 0.2, 0.8], np.float32), 0.04)
    assert blended.sum() == pytest.approx(1)
    assert 0.0 < blended[2] < 0.8


def test_after_a_gap_the_past_is_forgotten(face_points):
    smooth = PointSmoother()
    smooth(face_points, 0.0)
    assert smooth(face_points + 50, 5.0) == pytest.approx(face_points + 50)


def test_an_opening_mouth_shows_within_200_milliseconds(face_points):
    """Five frames at 25 a second: points, drawing and label have followed the mouth."""
    pipeline, recognizer, rng = (
        Pipeline(landmarker="dlib"),
        FakeRecognizer(),
        np.random.default_rng(1),
    )
    track = Track(1, face_points, 1.0)
    blank = np.zeros((480, 640), np.uint8)

    def read(points, index):
        seconds = index / FRAMES_PER_SECOND
        noisy = points + rng.normal(0, 0.004 * eye_distance(points), points.shape)
        smoothed = track.smooth_points(noisy, seconds)
        face = pipeline.describe(blank, box_of_points(smoothed, 1.0), smoothed, 1.0)
        row = recognizer.predict([face])[0].probabilities
        return smoothed, track.smooth_probabilities("landmark", row, seconds)

    closed, opened = face_points, open_mouth(face_points, 0.9)
    for index in range(25):
        _, before = read(closed, index)
    for index in range(25, 30):  # the mouth is open from frame 25 on
        points, after = read(opened, index)
    lip = GROUPS["mouth"].start + 9
    followed = (points[lip, 1] - closed[lip, 1]) / (opened[lip, 1] - closed[lip, 1])
    assert followed > 0.9
    assert recognizer.decide(before) == "happy"
    assert recognizer.decide(after) == "surprise"


@pytest.mark.parametrize("opening", [0.2, 0.5, 1.0])
def test_lips_follow_whatever_the_opening(face_points, opening):
    smooth = PointSmoother()
    opened = open_mouth(face_points, opening)
    for index in range(25):
        smooth(face_points, index / FRAMES_PER_SECOND)
    for index in range(25, 30):
        points = smooth(opened, index / FRAMES_PER_SECOND)
    lip = GROUPS["mouth"].start + 9
    followed = (points[lip, 1] - face_points[lip, 1]) / (opened[lip, 1] - face_points[lip, 1])
    assert followed > 0.85


def test_head_motion_is_found_exactly_where_there_is_no_noise(face_points):
    cosine, sine = 1.1 * np.cos(0.2), 1.1 * np.sin(0.2)
    moved = face_points @ np.array([[cosine, sine], [-sine, cosine]]) + (12, -7)
    assert head_motion(face_points, moved)(face_points) == pytest.approx(moved, abs=1e-3)


@pytest.mark.shared_data
def test_smoothing_lowers_the_jitter_of_a_talking_face():
    """By a fifth at least: the mean of two sources shakes less before it is smoothed."""
    raw, smoothed = talking_points(smooth=False), talking_points(smooth=True)
    assert 0 < jitter_in_the_head(smoothed) <= 0.8 * jitter_in_the_head(raw)
    assert 0 < jitter_at_rest(smoothed) <= 0.8 * jitter_at_rest(raw)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["landmark-ferplus", "pixel-ferplus"])
def test_a_talking_face_keeps_its_label_and_a_change_shows_within_400_ms(name):
    recognizer, tracker = Recognizer.load(name), Tracker(Pipeline(mesh=True))
    seconds, rows = [], []
    for time, picture in images.video_frames(TALKING):
        tracks = tracker.update(images.bgr_to_gray(picture), time, Stopwatch(), mesh=True)
        seconds.append(time)
        rows.append(recognizer.predict([tracks[0].face])[0].probabilities)
    once = held(recognizer, seconds, rows)
    raw = [recognizer.labels[row.argmax()] for row in rows]
    lasting = next(at for at in range(len(raw)) if set(raw[at:]) == {raw[-1]})
    shown = next(at for at in range(len(once)) if set(once[at:]) == {raw[-1]})
    assert seconds[shown] - seconds[lasting] <= 0.4
    # The clip lasts 1.6 s and she stops smiling in it: twice a loop the face itself changes.
    loops = 80
    length = seconds[-1] + seconds[1]
    again = [time + length * loop for loop in range(loops) for time in seconds]
    minutes = length * loops / 60
    assert changes(held(recognizer, again, rows * loops)) / minutes <= 30


def held(recognizer, seconds, rows):
    label = HeldLabel(recognizer.labels, recognizer.uncertain_below)
    return [label(row, time) for time, row in zip(seconds, rows, strict=True)]


def changes(labels):
    return sum(one != other for one, other in pairwise(labels))


def talking_points(smooth):
    tracker = Tracker(Pipeline())
    return [
        tracker.update(images.bgr_to_gray(picture), seconds, Stopwatch(), smooth=smooth)[
            0
        ].face.points
        for seconds, picture in images.video_frames(TALKING)
    ]


def jitter_in_the_head(frames):
    """Return the still points' motion within a moving head, in eye distances a frame."""
    return np.mean([motion(head_motion(old, new)(old), new) for old, new in pairwise(frames)])


def jitter_at_rest(frames):
    """Return the still points' motion on the picture while the head rests, in eye distances."""
    resting = frames[: STILL_FRAMES + 1]
    return np.mean([motion(old, new) for old, new in pairwise(resting)])


def motion(old, new):
    return np.linalg.norm(new - old, axis=-1)[STILL].mean() / eye_distance(new)
