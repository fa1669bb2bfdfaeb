"""Every layout that people have is recognised, at any depth, and told apart from photos."""

import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from facelines.preprocessing.datasets import open_dataset
from facelines.preprocessing.samples import DatasetError, ReadError


def build(root, files: dict[str, str | None]):
    """Write texts, and a small picture where there is no text."""
    for number, (name, text) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            pixels = np.random.default_rng(number).integers(0, 256, (48, 48), np.uint8)
            kind = {".tiff": "TIFF", ".png": "PNG"}.get(path.suffix.lower(), "JPEG")
            Image.fromarray(pixels).save(path, kind)
        else:
            path.write_text(text, encoding="utf-8")
    return root


def ckplus_original() -> dict[str, str | None]:
    frames = {
        f"cohn-kanade-images/S{subject:03d}/001/S{subject:03d}_001_0000000{frame}.png": None
        for subject in (5, 10)
        for frame in range(1, 7)
    }
    emotion = "Emotion/S005/001/S005_001_00000006_emotion.txt"
    return {**frames, emotion: "   3.0000000e+00\n"}


def pictures(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


# name: (files, format, {(split, label): how many})
LAYOUTS = {
    "class folders in another language": (
        pictures("Train/Wütend/a.png", "Train/Freude/b.png", "Test/Wut/c.png"),
        "tree",
        {("Training", "angry"): 1, ("Training", "happy"): 1, ("PublicTest", "angry"): 1},
    ),
    "numbered class folders": (
        pictures("0_anger/a.png", "1_Happiness/b.png"),
        "tree",
        {("all", "angry"): 1, ("all", "happy"): 1},
    ),
    "beside __MACOSX and below three wrappers": (
        {
            **pictures("x/y/z/train/happy/a.png", "x/y/z/train/sad/b.png"),
            "__MACOSX/x/train/happy/._a.png": "twin",
            "x/.DS_Store": "",
            "x/README.txt": "read",
        },
        "tree",
        {("Training", "happy"): 1, ("Training", "sad"): 1},
    ),
    "pictures in folders below the classes": (
        pictures("train/happy/S1/a.png", "train/happy/b.png", "train/sad/S1/x/c.png"),
        "tree",
        {("Training", "happy"): 2, ("Training", "sad"): 1},
    ),
    "class folders below each person": (
        pictures("S1/happy/a.png", "S1/sad/b.png", "S2/happy/c.png"),
        "tree",
        {("all", "happy"): 2, ("all", "sad"): 1},
    ),
    "one's own class folders": (
        pictures("calm/a.png", "smiling/b.png", "tense/c.png"),
        "tree",
        {("all", "calm"): 1, ("all", "smiling"): 1, ("all", "tense"): 1},
    ),
    "one's own class folders in splits": (
        pictures("mine/train/calm/a.png", "mine/train/tense/b.png", "mine/val/Calm/c.png"),
        "tree",
        {("Training", "calm"): 1, ("Training", "tense"): 1, ("PublicTest", "calm"): 1},
    ),
    "one's own class folders in splits, with an album beside them": (
        pictures("train/calm/a.png", "train/tense/b.png", "test/calm/c.png", "extra/d.png"),
        "tree",
        {("Training", "calm"): 1, ("Training", "tense"): 1, ("PublicTest", "calm"): 1},
    ),
    "RAF-DB's folders 1 to 7 alone": (
        pictures("DATASET/train/4/train_00001_aligned.jpg", "DATASET/test/5/test_0001_aligned.jpg"),
        "rafdb",
        {("train", "happy"): 1, ("test", "sad"): 1},
    ),
    "RAF-DB's tables far from the pictures": (
        {
            "a/train_labels.csv": "image,label\ntrain_1_aligned.jpg,4\n",
            "a/test_labels.csv": "image,label\ntest_1_aligned.jpg,5\n",
            **pictures("b/c/train_1_aligned.jpg", "b/test_1_aligned.jpg"),
        },
        "rafdb",
        {("train", "happy"): 1, ("test", "sad"): 1},
    ),
    "RAF-DB's list with originals and aligned faces": (
        {
            "basic/EmoLabel/list_patition_label.txt": "train_1.jpg 4\n",
            **pictures(
                "basic/Image/aligned/train_1_aligned.jpg", "basic/Image/original/train_1.jpg"
            ),
        },
        "rafdb",
        {("train", "happy"): 1},
    ),
    "original CK+": (
        ckplus_original(),
        "ckplus",
        {("fold0", "disgust"): 3, ("fold0", "neutral"): 1},
    ),
    "JAFFE": (
        {
            **pictures("jaffe/KA.HA1.39.tiff", "jaffe/KA.SU1.40.tiff", "jaffe/KL.NE2.3.tiff"),
            "jaffe/README_FIRST.txt": "terms",
        },
        "jaffe",
        {("fold0", "happy"): 1, ("fold0", "surprise"): 1, ("fold1", "neutral"): 1},
    ),
    "KDEF": (
        pictures("KDEF/AF01/AF01ANS.JPG", "KDEF/AF01/AF01AFHL.JPG", "KDEF/BM02/BM02HAS.JPG"),
        "kdef",
        {("fold0", "angry"): 1, ("fold0", "fear"): 1, ("fold1", "happy"): 1},
    ),
    "RaFD": (
        pictures(
            "Rafd090_01_Caucasian_female_angry_frontal.jpg",
            "Rafd045_02_Caucasian_male_happy_left.jpg",
        ),
        "rafd",
        {("fold0", "angry"): 1, ("fold1", "happy"): 1},
    ),
    "the emotion's word in each name": (
        pictures("p1-happy.png", "p1-sad.png", "p2_happy_02.png"),
        "names",
        {("all", "happy"): 2, ("all", "sad"): 1},
    ),
    "AffectNet's list": (
        {
            "training.csv": "subDirectory_filePath,face_x,face_y,face_width,face_height,"
            "expression\n1/a.jpg,4,4,20,20,1\n1/b.jpg,4,4,20,20,6\n",
            "validation.csv": "subDirectory_filePath,face_x,face_y,face_width,face_height,"
            "expression\n2/c.jpg,4,4,20,20,0\n",
            **pictures("images/1/a.jpg", "images/1/b.jpg", "images/2/c.jpg"),
        },
        "affectnet",
        {("train", "happy"): 1, ("train", "angry"): 1, ("validation", "neutral"): 1},
    ),
    "ExpW's list": (
        {
            "label.lst": "a.jpg 0 4 4 30 30 40.1 3\na.jpg 1 5 5 31 31 40.1 5\n"
            "b.jpg 0 4 4 30 30 9 6\n",
            **pictures("image/a.jpg", "image/b.jpg"),
        },
        "expw",
        {("all", "happy"): 1, ("all", "surprise"): 1, ("all", "neutral"): 1},
    ),
    "a CSV beside the pictures": (
        {
            "index.csv": "id;filename;emotion;set\n1;a.png;joy;train\n2;b.png;anger;test\n",
            **pictures("images/a.png", "images/b.png"),
        },
        "list",
        {("train", "happy"): 1, ("test", "angry"): 1},
    ),
    "a list of two words a line": (
        {
            "list.txt": "images/a.png calm\nimages/b c.png tense\n",
            **pictures("images/a.png", "images/b c.png"),
        },
        "list",
        {("all", "calm"): 1, ("all", "tense"): 1},
    ),
}


@pytest.mark.parametrize(("files", "format", "expected"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_is_recognised_with_its_labels_and_splits(tmp_path, files, format, expected):
    dataset = open_dataset(build(tmp_path, files))
    samples = list(dataset.samples())
    assert dataset.format == format
    assert not [item for item in samples if isinstance(item, ReadError)]
    assert Counter((sample.split, sample.label) for sample in samples) == expected
    assert all(min(sample.gray().shape) >= 8 for sample in samples)


@pytest.mark.parametrize(("files", "format", "_"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_is_the_same_one_wrapper_deeper(tmp_path, files, format, _):
    root = build(tmp_path / "archive (1)" / "data", files).parent.parent
    wrapped, direct = open_dataset(root), open_dataset(root / "archive (1)" / "data")
    described = [
        Counter((item.split, item.label, item.subject) for item in dataset.samples())
        for dataset in (wrapped, direct)
    ]
    assert wrapped.format == format
    assert described[0] == described[1]


@pytest.mark.parametrize(("files", "format", "_"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_file_of_a_layout_is_read_or_passed_over(tmp_path, files, format, _):
    dataset = open_dataset(build(tmp_path, files))
    account = dataset.account()
    read = {item.path for item in dataset.samples()}
    assert account.files == len(files)
    assert account.read == len(read)
    assert account.files == account.read + sum(account.passed_over.values())


NO_LABELS = {
    "photos of a folder": pictures("a.png", "b.png"),
    "photos in folders": pictures("a.png", "one/b.png", "two/c.png"),
    "splits without classes": pictures("train/a.png", "train/b.png", "test/c.png"),
    "one folder": pictures("holiday/a.png", "holiday/b.png"),
    "a text that is no list": {**pictures("a.png"), "README.txt": "See a.png; by me.\n"},
}


@pytest.mark.parametrize("files", NO_LABELS.values(), ids=NO_LABELS.keys())
def test_where_nothing_looks_like_labels_pictures_are_photos(tmp_path, files):
    dataset = open_dataset(build(tmp_path, files))
    assert dataset.format == "photos"
    assert {sample.label for sample in dataset.samples()} == {None}


UNKNOWN = {
    "numbers that only their makers know": (pictures("0/a.png", "1/b.png"), "class folders 0, 1"),
    "numbers in a list": (
        {"a.csv": "image,label\na.png,0\nb.png,1\n", **pictures("a.png", "b.png")},
        "numbers (0, 1)",
    ),
    "a list without labels": (
        {"things.json": '[{"f": "a.png"}, {"f": "b.png"}]', **pictures("a.png", "b.png")},
        "things.json",
    ),
    "a sheet of labels": ({"labels.xlsx": "?", **pictures("a.png", "b.png")}, "labels.xlsx"),
    "a text for each picture": (
        {"images/../texts/a.txt": "0 0.5 0.5", **pictures("images/a.png", "images/b.png")},
        "a.txt",
    ),
    "classes with pictures beside them": (
        pictures("calm/a.png", "calm/b.png", "tense/c.png", "tense/d.png", "cover.png"),
        "calm, tense look like labels",
    ),
}


@pytest.mark.parametrize(("files", "named"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_looks_like_labels_and_is_not_known_is_one_line_that_names_it(tmp_path, files, named):
    build(tmp_path, files)
    with pytest.raises(DatasetError, match=re.escape(named)) as caught:
        open_dataset(tmp_path)
    assert "--format" in str(caught.value) and "\n" not in str(caught.value)
    assert open_dataset(tmp_path, "photos").format == "photos"


def test_numbered_folders_can_be_taken_as_they_are(tmp_path):
    dataset = open_dataset(build(tmp_path, pictures("0/a.png", "1/b.png")), "tree")
    assert dataset.labels == ("0", "1")


LIST = "path,label,split,subject,weight\nin/a.png,calm,train,P1,0.5\nb.png,Calm,val,P2,\n"


def test_labels_from_a_list_fill_label_split_subject_and_weight(tmp_path):
    build(tmp_path / "photos", pictures("in/a.png", "sub/b.png", "c.png"))
    (tmp_path / "labels.csv").write_text(LIST)
    dataset = open_dataset(tmp_path / "photos", labels_from=tmp_path / "labels.csv")
    first, second = dataset.samples()
    assert (first.source, first.label, first.split) == ("in/a.png", "calm", "train")
    assert (first.subject, first.weight) == ("P1", 0.5)
    assert (second.source, second.label, second.split) == ("sub/b.png", "calm", "validation")
    assert (second.subject, second.weight) == ("P2", None)
    assert dataset.labels == ("calm",)
    assert dataset.account().passed_over == {"not in the list": 1}


BAD_LIST_ROWS = {
    "missing": ("gone.png,calm", "gone.png is listed, but no one picture"),
    "twice": ("a.png,calm", "listed a second time"),
    "no label": ("b.png,", "no path or no label"),
    "too few fields": ("b.png", "1 fields"),
    "a URL": ("http://x.org/a.png,calm", "no one picture"),
}


@pytest.mark.parametrize(("row", "message"), BAD_LIST_ROWS.values(), ids=BAD_LIST_ROWS.keys())
def test_a_bad_row_of_a_list_is_an_error_and_the_others_are_read(tmp_path, row, message):
    build(tmp_path, pictures("a.png", "b.png"))
    (tmp_path / "l.csv").write_text(f"path,label\na.png,calm\n{row}\nb.png,tense\n")
    good, bad, last = open_dataset(tmp_path, labels_from=tmp_path / "l.csv").samples()
    assert message in bad.message
    assert (good.label, last.label) == ("calm", "tense")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [(r"(?P<subject>P\d)", ["P1", "P2"]), (r"P(\d)", ["1", "2"]), (r"P\d", ["P1", "P2"])],
)
def test_subjects_are_found_in_paths(tmp_path, pattern, expected):
    build(tmp_path, pictures("happy/P1_a.png", "sad/P2_a.png"))
    samples = open_dataset(tmp_path, subject_from=pattern).samples()
    assert [sample.subject for sample in samples] == expected


@pytest.mark.parametrize(("pattern", "message"), [("(", "no regular expression"), ("Q", "of no")])
def test_a_pattern_of_subjects_that_finds_none_is_refused(tmp_path, pattern, message):
    build(tmp_path, pictures("happy/P1_a.png"))
    with pytest.raises(DatasetError, match=message):
        open_dataset(tmp_path, subject_from=pattern)


def test_fer2013s_csv_is_found_in_its_archives_folder(tmp_path):
    row = " ".join(["7"] * 2304)
    build(
        tmp_path,
        {
            "fer2013/fer2013.csv": f"emotion,pixels,Usage\n3,{row},Training\n",
            "fer2013/README": "terms",
            "fer2013/fer2013.bib": "@inproceedings{}",
        },
    )
    dataset = open_dataset(tmp_path)
    labels = [sample.label for sample in dataset.samples()]
    assert (dataset.format, labels) == ("fer2013", ["happy"])
    assert dataset.account().files == 3 and dataset.account().read == 1
