import cv2
import numpy as np
import pytest

from facelines.preprocessing import splits


def dealt(labels, groups=None, seed=1):
    groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
    keys = [f"{row:05d}.png" for row in range(len(labels))]
    return splits.assign(labels, groups, keys, seed=seed)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], {}),
        (["calm"], {"train": 1}),
        (["calm"] * 2, {"train": 1, "validation": 1}),
        (["calm"] * 3, {"train": 1, "validation": 1, "test": 1}),
        (["calm"] * 20, {"train": 14, "validation": 3, "test": 3}),
        (["calm", "tense"] * 100, {"train": 140, "validation": 30, "test": 30}),
    ],
)
def test_each_split_has_its_share(labels, expected):
    names, counts = np.unique(dealt(labels), return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == expected


def test_every_label_has_its_share_of_every_split():
    labels = np.array(["calm"] * 60 + ["smiling"] * 20 + ["tense"] * 20)
    found = dealt(labels)
    for label, count in (("calm", 42), ("smiling", 14), ("tense", 14)):
        assert np.sum(found[labels == label] == "train") == count


def test_no_group_is_cut_apart():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 200)
    found = dealt(rng.choice(["calm", "tense"], 200), groups)
    for group in set(groups):
        assert len(set(found[groups == group])) == 1
    assert set(found) == set(splits.SHARES)


def test_the_split_depends_on_the_seed_and_not_on_the_order_of_the_rows():
    labels, keys = np.array(["calm", "tense"] * 30), np.array([f"{row}.png" for row in range(60)])
    order = np.random.default_rng(0).permutation(60)
    first = splits.assign(labels, np.arange(60), keys)
    again = splits.assign(labels[order], np.arange(60), keys[order])
    assert (first[order] == again).all()
    assert (first != splits.assign(labels, np.arange(60), keys, seed=2)).any()


@pytest.mark.parametrize(
    ("names", "pairs", "expected"),
    [
        ([], [], [0, 1, 2, 3]),
        ([["a", "", "a", ""]], [], [0, 1, 0, 3]),
        ([["a", "", "a", ""], ["", "x", "x", ""]], [], [0, 0, 0, 3]),
        ([["", "", "", ""]], [(1, 3), (3, 2)], [0, 1, 1, 1]),
    ],
)
def test_rows_that_share_a_name_or_are_a_pair_are_one_group(names, pairs, expected):
    assert splits.groups(4, names, pairs).tolist() == expected


CHANGES = {
    "compressed": lambda gray: cv2.imdecode(
        cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_GRAYSCALE
    ),
    "brighter": lambda gray: np.clip(gray * 1.1 + 8, 0, 255).astype(np.uint8),
    "smaller": lambda gray: cv2.resize(gray, (300, 300), interpolation=cv2.INTER_AREA),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_copy_looks_alike_and_a_mirror_image_does_not(astronaut, change):
    pictures = [astronaut, astronaut[:, ::-1], change(astronaut)]
    looks = np.array([splits.look(picture) for picture in pictures])
    assert looks.shape == (3, splits.LOOK_BYTES) and looks.dtype == np.uint8
    assert splits.look_alikes(looks) == [(0, 2)]
