import numpy as np
import pytest
from PIL import Image

from facelines.preprocessing.datasets import FORMATS, detect_format, open_dataset
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.samples import DatasetError, ReadError, Sample

FERPLUS_HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)


def picture(seed: int, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)


def write_png(path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed)).save(path)


def text_of(gray: np.ndarray) -> str:
    return " ".join(map(str, gray.ravel()))


def write_csv(path, rows, header: str = "emotion,pixels,Usage") -> None:
    path.write_text("\n".join([header, *rows]) + "\n")


def csv_row(seed: int, code: int | str = 3, usage: str = "Training") -> str:
    return f"{code},{text_of(picture(seed))},{usage}"


def described(dataset) -> list[tuple]:
    return [(sample.source, sample.split, sample.label) for sample in dataset.samples()]


def test_fer2013_rows_keep_their_number_usage_label_and_pixels(tmp_path):
    write_csv(tmp_path / "fer2013.csv", [csv_row(0, 0), csv_row(1, 6, "PublicTest")])
    dataset = open_dataset(tmp_path / "fer2013.csv")
    assert dataset.format == "fer2013"
    assert dataset.already_cropped
    assert described(dataset) == [
        ("fer2013.csv:0", "Training", "angry"),
        ("fer2013.csv:1", "PublicTest", "neutral"),
    ]
    for seed, sample in enumerate(dataset.samples()):
        assert np.array_equal(sample.gray(), picture(seed))


def test_icml_headers_with_leading_spaces_and_another_order_are_read(tmp_path):
    row = f"4,PrivateTest,{text_of(picture(5))}"
    write_csv(tmp_path / "icml_face_data.csv", [row], "emotion, Usage, pixels")
    dataset = open_dataset(tmp_path / "icml_face_data.csv")
    (sample,) = dataset.samples()
    assert dataset.format == "icml"
    assert (sample.split, sample.label) == ("PrivateTest", "sad")
    assert np.array_equal(sample.gray(), picture(5))


BAD_ROWS = {
    "empty fields": (",", "2 fields"),
    "2,303 pixels": (f"3,{'7 ' * 2303},Training", "2303 pixels; expected 2304"),
    "pixel of 256": (f"3,{'256 ' * 2304},Training", "0 to 255"),
    "pixel of letters": (f"3,{'x ' * 2304},Training", "0 to 255"),
    "unknown emotion code": (csv_row(0, 9), "unknown emotion code '9'"),
    "no emotion": (csv_row(0, "bored"), "unknown emotion code 'bored'"),
    "unknown usage": (csv_row(0, 3, "Testing"), "unknown Usage 'Testing'"),
    "too few fields": ("3,1 2 3", "2 fields"),
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_an_error_and_the_rows_around_it_are_read(tmp_path, row, message):
    write_csv(tmp_path / "a.csv", [csv_row(1), row, csv_row(2)])
    before, bad, after = open_dataset(tmp_path / "a.csv").samples()
    assert isinstance(before, Sample)
    assert np.array_equal(after.gray(), picture(2))
    if isinstance(bad, ReadError):
        assert message in bad.message
    else:
        with pytest.raises(ImageError, match=message):
            bad.gray()


def votes_file(path, usages) -> None:
    rows = [f"{usage},fer{i}.png,{i},0,0,0,0,0,0,0,1,2" for i, usage in enumerate(usages)]
    path.write_text("\n".join([FERPLUS_HEADER, *rows]) + "\n")


def test_ferplus_votes_are_merged_by_row_with_unknown_and_not_a_face(tmp_path):
    write_csv(tmp_path / "a.csv", [csv_row(0), csv_row(1, 0, "PublicTest")])
    votes_file(tmp_path / "fer2013new.csv", ["Training", "PublicTest"])
    first, second = open_dataset(tmp_path / "a.csv", None, tmp_path / "fer2013new.csv").samples()
    assert first.votes == (0, 0, 0, 0, 0, 0, 0, 0, 1, 2)
    assert second.votes == (1, 0, 0, 0, 0, 0, 0, 0, 1, 2)
    assert second.label == "angry"


@pytest.mark.parametrize(
    ("usages", "message"),
    [
        ([], "only 0 rows"),
        (["Training"], "only 1 rows"),
        (["Training", "PublicTest", "PublicTest"], "3 rows for 2"),
        (["Training", "Training"], "same order"),
    ],
)
def test_a_ferplus_file_of_another_csv_is_refused(tmp_path, usages, message):
    write_csv(tmp_path / "a.csv", [csv_row(0), csv_row(1, 0, "PublicTest")])
    votes_file(tmp_path / "fer2013new.csv", usages)
    with pytest.raises(DatasetError, match=message):
        list(open_dataset(tmp_path / "a.csv", None, tmp_path / "fer2013new.csv").samples())


TREES = {
    "train and test": (
        ["train/anger/a.png", "test/happiness/b.png"],
        [
            ("test/happiness/b.png", "PublicTest", "happy"),
            ("train/anger/a.png", "Training", "angry"),
        ],
    ),
    "train, validation and test": (
        ["train/sad/a.png", "validation/sadness/b.png", "test/sad/c.png"],
        [
            ("test/sad/c.png", "PrivateTest", "sad"),
            ("train/sad/a.png", "Training", "sad"),
            ("validation/sadness/b.png", "PublicTest", "sad"),
        ],
    ),
    "inside one folder": (
        ["images/train/fear/a.png", "images/validation/fear/b.png"],
        [("train/fear/a.png", "Training", "fear"), ("validation/fear/b.png", "PublicTest", "fear")],
    ),
    "emotions alone": (["Happy/a.png"], [("Happy/a.png", "all", "happy")]),
}


@pytest.mark.parametrize(("files", "expected"), TREES.values(), ids=TREES.keys())
def test_a_folder_tree_gives_fer2013s_splits_and_our_spellings(tmp_path, files, expected):
    for name in files:
        write_png(tmp_path / name)
    dataset = open_dataset(tmp_path)
    assert dataset.format == "tree"
    assert described(dataset) == expected


def test_a_class_that_is_no_emotion_makes_the_folders_a_label_set_of_their_own(tmp_path):
    write_png(tmp_path / "train" / "Happiness" / "a.png")
    write_png(tmp_path / "train" / "bored" / "b.png")
    dataset = open_dataset(tmp_path)
    assert [sample.label for sample in dataset.samples()] == ["happy", "bored"]
    assert dataset.labels == ("bored", "happy")
    assert dataset.renamed == {"Happiness": "happy"}


def test_ckplus_is_split_by_subject_with_even_folds(tmp_path):
    for subject in range(25):
        for frame in range(3):
            write_png(tmp_path / "contempt" / f"S{subject:03d}_001_0000000{frame}.png")
        write_png(tmp_path / "anger" / f"S{subject:03d}_002_00000001.png")
    dataset = open_dataset(tmp_path)
    samples = list(dataset.samples())
    folds = {}
    for sample in samples:
        folds.setdefault(sample.subject, set()).add(sample.split)
    assert dataset.format == "ckplus"
    assert len(samples) == 100
    assert {sample.label for sample in samples} == {"contempt", "angry"}
    assert all(len(splits) == 1 for splits in folds.values())
    sizes = [sum(f"fold{k}" in splits for splits in folds.values()) for k in range(10)]
    assert sorted(sizes) == [2, 2, 2, 2, 2, 3, 3, 3, 3, 3]


def test_rafdb_partition_list_finds_the_aligned_faces(tmp_path):
    (tmp_path / "EmoLabel").mkdir()
    (tmp_path / "EmoLabel" / "list_patition_label.txt").write_text(
        "train_00001.jpg 5\ntest_0001.jpg 1\ntest_0002.jpg 8\n"
    )
    write_png(tmp_path / "Image" / "aligned" / "train_00001_aligned.jpg")
    dataset = open_dataset(tmp_path)
    train, missing, bad = dataset.samples()
    assert dataset.format == "rafdb"
    assert (train.source, train.split, train.label) == ("train_00001.jpg", "train", "sad")
    assert train.gray().shape == (48, 48)
    assert (missing.source, isinstance(missing, ReadError)) == ("list_patition_label.txt:1", True)
    assert "test_0001.jpg is listed" in missing.message
    assert "unknown emotion code '8'" in bad.message


def test_rafdb_tables_find_the_numbered_folders(tmp_path):
    (tmp_path / "train_labels.csv").write_text("image,label\ntrain_00001_aligned.jpg,4\n")
    (tmp_path / "test_labels.csv").write_text("image,label\ntest_0001_aligned.jpg,7\n")
    write_png(tmp_path / "DATASET" / "train" / "4" / "train_00001_aligned.jpg")
    write_png(tmp_path / "DATASET" / "test" / "7" / "test_0001_aligned.jpg")
    samples = list(open_dataset(tmp_path).samples())
    assert [(s.split, s.label) for s in samples] == [("train", "happy"), ("test", "neutral")]
    assert [sample.gray().shape for sample in samples] == [(48, 48), (48, 48)]


def test_photos_of_a_folder_a_glob_and_a_file_have_no_label(tmp_path):
    write_png(tmp_path / "b.png")
    write_png(tmp_path / "in" / "a.png")
    (tmp_path / "notes.txt").write_text("not a picture, and not listed")
    assert described(open_dataset(tmp_path)) == [("b.png", "all", None), ("in/a.png", "all", None)]
    assert len(described(open_dataset(f"{tmp_path}/*.png"))) == 1
    assert described(open_dataset(tmp_path / "b.png")) == [("b.png", "all", None)]
    assert not open_dataset(tmp_path).already_cropped


def write_video(path, count: int = 5) -> None:
    frames = [Image.new("L", (32, 32), 50 * index) for index in range(count)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.parametrize(("every", "indices"), [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (9, [0])])
def test_each_nth_frame_of_a_video_is_a_sample(tmp_path, every, indices):
    write_video(tmp_path / "a.gif")
    dataset = open_dataset(tmp_path / "a.gif", every=every)
    samples = list(dataset.samples())
    assert dataset.format == "video"
    assert [sample.source for sample in samples] == [f"a.gif:{index}" for index in indices]
    assert [round(sample.gray().mean() / 50) for sample in samples] == indices


def test_frames_of_a_video_are_the_same_in_any_order(tmp_path):
    write_video(tmp_path / "a.gif")
    samples = list(open_dataset(tmp_path / "a.gif").samples())
    forward = [sample.gray() for sample in samples]
    backward = [sample.gray() for sample in reversed(samples)]
    assert all(map(np.array_equal, forward, reversed(backward)))


BAD_SOURCES = {
    "empty CSV": ("a.csv", "", "empty"),
    "header alone": ("a.csv", "emotion,pixels,Usage\n", "no picture"),
    "wrong header": ("a.csv", "name,age\nx,3\n", "no column emotion and pixels and usage"),
    "FER+ alone": ("a.csv", FERPLUS_HEADER + "\n", "--ferplus"),
    "some text": ("a.txt", "hello", "not recognised"),
}


@pytest.mark.parametrize(
    ("name", "content", "message"), BAD_SOURCES.values(), ids=BAD_SOURCES.keys()
)
def test_a_source_that_cannot_be_used_is_one_clear_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=message) as caught:
        open_dataset(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["", "nowhere", "nowhere/*.png"])
def test_a_missing_source_is_said_to_be_missing(tmp_path, source):
    if source == "":
        with pytest.raises(DatasetError, match="no picture"):
            open_dataset(tmp_path)
        return
    with pytest.raises(DatasetError, match="no such file|no file matches"):
        open_dataset(f"{tmp_path}/{source}")


@pytest.mark.parametrize("format", FORMATS)
def test_a_folder_forced_into_any_format_is_at_worst_a_clear_error(tmp_path, format):
    write_png(tmp_path / "a.png")
    if format == "photos":
        assert len(list(open_dataset(tmp_path, format).samples())) == 1
        return
    try:
        samples = list(open_dataset(tmp_path, format).samples())
    except DatasetError as error:
        assert str(tmp_path) in str(error)
    else:
        assert format == "video"
        assert len(samples) == 1


def test_a_text_file_named_jpg_is_still_a_listed_photo(tmp_path):
    (tmp_path / "a.jpg").write_text("I am a text file")
    assert detect_format(tmp_path / "a.jpg") == "photos"
    (sample,) = open_dataset(tmp_path / "a.jpg").samples()
    with pytest.raises(ImageError, match="not a picture"):
        sample.gray()
