"""Class folders: Kaggle's tree, and anyone's own; with or without folders of splits above them."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from facelines.preprocessing import files, labels
from facelines.preprocessing.datasets.contents import Contents, Parts
from facelines.preprocessing.datasets.pictures import Items, items, name_below
from facelines.preprocessing.files import shown
from facelines.preprocessing.samples import WITHOUT_SPLIT, PassedOver

_SPLITS = {
    "train": "train",
    "training": "train",
    "train_set": "train",
    "trainset": "train",
    "training_set": "train",
    "train_data": "train",
    "train_images": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "val_set": "validation",
    "validation_set": "validation",
    "valid_set": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
    "test_set": "test",
    "testset": "test",
    "test_data": "test",
    "test_images": "test",
    "publictest": "PublicTest",
    "privatetest": "PrivateTest",
}


@dataclass(frozen=True)
class Layout:
    """Where a set's classes are.

    root: the folder that rows' names start at.
    classes: (split, label) of each class folder, by its parts below the root.
    own: the label set in order, where it is the folders' and not that of the known emotions.
    renamed: folders' names whose label is spelled otherwise.
    """

    root: Path
    classes: dict[Parts, tuple[str, str]]
    own: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)


def known_classes(contents: Contents) -> Layout | None:
    """Return the layout where some folder is named after an emotion, in whatever language."""
    named = {place for parts in contents.pictures if (place := _topmost_emotion(parts))}
    if not named:
        return None
    parents = {place[:-1] for place in named}
    for parent in [place for place in parents if place and split_kind(place[-1])]:
        inside = contents.folders(parent[:-1])  # one split may lack all known emotions
        parents |= {(*parent[:-1], name) for name in inside if split_kind(name)}
    classes = {
        (*parent, name)
        for parent in parents
        for name in contents.folders(parent)
        if not split_kind(name)
    }
    return _layout(contents, classes)


def own_classes(contents: Contents) -> Layout | None:
    """Return the layout where there are two class folders or more, whatever their names."""
    top = wrapped(contents)
    inside = contents.folders(top)
    splits = [name for name in inside if split_kind(name)]
    classes = {(*top, split, name) for split in splits for name in contents.folders((*top, split))}
    if not classes and len(splits) < len(inside):
        classes = {(*top, name) for name in inside}
    if len({place[-1].casefold() for place in classes}) < 2:
        return None
    return _layout(contents, classes)


def wrapped(contents: Contents) -> Parts:
    """Return the folder within those that hold nothing but one other."""
    top: Parts = ()
    while top not in contents.pictures:
        inside = contents.folders(top)
        if len(inside) != 1 or split_kind(inside[0]):
            break
        top = (*top, inside[0])
    return top if contents.folders(top) else top[:-1]


def split_kind(name: str) -> str | None:
    """Return train, validation, test, PublicTest or PrivateTest, None for any other name."""
    return _SPLITS.get(name.lower().replace("-", "_").replace(" ", "_"))


def _topmost_emotion(parts: Parts) -> Parts | None:
    for depth, name in enumerate(parts, start=1):
        if labels.canonical(name) and not split_kind(name):
            return parts[:depth]
    return None


def _layout(contents: Contents, classes: set[Parts]) -> Layout:
    splits = {place: _split_above(place) for place in classes}
    root = os.path.commonprefix([place[:depth] for place, (depth, _) in splits.items()])
    names = _names(kind for _, kind in splits.values())
    spelled, own = spelling(place[-1] for place in classes)
    return Layout(
        contents.root.joinpath(*root),
        {
            place[len(root) :]: (names[kind], spelled[place[-1]])
            for place, (_, kind) in sorted(splits.items())
        },
        own,
        {name: label for name, label in sorted(spelled.items()) if name != label},
    )


def _split_above(place: Parts) -> tuple[int, str | None]:
    """Return how deep the folder of the split lies above a class, and its kind."""
    for depth in range(len(place) - 1, 0, -1):
        if kind := split_kind(place[depth - 1]):
            return depth - 1, kind
    return len(place) - 1, None


def _names(kinds) -> dict[str | None, str]:
    """Return what each kind of split is called.

    Kaggle's trees hold FER2013, so their splits get its names, and a tree and a CSV of the same
    pictures give the same rows: train is Training; test is PublicTest, unless a validation folder
    stands beside it: then validation is PublicTest and test is PrivateTest.
    """
    kinds = set(kinds)
    names = {
        None: WITHOUT_SPLIT,
        "train": "Training",
        "validation": "PublicTest",
        "test": "PrivateTest" if "validation" in kinds else "PublicTest",
    }
    return names | {kind: kind for kind in kinds if kind not in names}


def spelling(names) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the label of each class's name, and the label set where it is the names' own.

    A known emotion gets our spelling; of other names that differ in case alone the commonest
    counts.
    """
    names = Counter(names)
    chosen = {}
    for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0].swapcase())):
        chosen.setdefault(name.strip().casefold(), shown(name.strip()))
    spelled = {name: labels.canonical(name) or chosen[name.strip().casefold()] for name in names}
    if all(labels.canonical(name) for name in names):
        return spelled, ()
    return spelled, tuple(sorted(set(spelled.values())))


def read(layout: Layout, every: int, skip: tuple[Path, ...]) -> Items:
    """Yield every file below the layout's root: the pictures of its class folders as samples."""
    for found in files.walk(layout.root, skip):
        name = name_below(layout.root, found.path)
        known = class_of(layout, found.path)
        if known is not None:
            split, label = known
            yield from items(found, name, split=split, label=label, every=every)
        elif found.kind in (files.PICTURE, files.VIDEO):
            yield PassedOver(name, "in no class folder")
        else:
            yield from items(found, name)


def class_of(layout: Layout, path: Path) -> tuple[str, str] | None:
    """Return the (split, label) of a file, None outside of class folders."""
    parts = path.parts[len(layout.root.parts) : -1]
    places = (layout.classes.get(parts[:depth]) for depth in range(len(parts), 0, -1))
    return next((known for known in places if known), None)


def outside(root: Path, inner: Path, skip: tuple[Path, ...]) -> Iterator[PassedOver]:
    """Yield what lies below a source and not below the folder that its reader walks over."""
    if inner == root:
        return
    for found in files.walk(root, (*skip, inner)):
        why = found.why or "beside the data set's folder"
        yield PassedOver(name_below(root, found.path), why)
