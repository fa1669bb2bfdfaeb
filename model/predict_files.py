"""Photos, folders and videos -> rows of predictions: what `facelines predict` prints."""

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from facelines.model.annotate import annotate
from facelines.model.follow import FollowedFaces
from facelines.model.recognizer import Prediction, Recognizer
from facelines.model.reference import Reference
from facelines.model.rows import Row, row_of
from facelines.model.video_copy import SUFFIX, copy_of
from facelines.preprocessing import files, images, ray_engine
from facelines.preprocessing.faces import Box
from facelines.preprocessing.files import Found, shown
from facelines.preprocessing.images import ImageError
from facelines.preprocessing.pipeline import no_face
from facelines.preprocessing.processes import pool_of
from facelines.preprocessing.ray_engine import Cluster

_WRITABLE = "--annotate and --thumbnails need a folder that can be written to, with room left"
_SEARCH_SECONDS = 1.0  # of a video, after which small faces are looked for everywhere again
_THUMBNAIL_SIDES = 1.4  # of the face's box
_THUMBNAIL = 160  # pixels a side at most
_PICTURES_A_TASK = 32


@dataclass(frozen=True)
class Options:
    """How pictures and videos are read.

    annotated: a folder for copies with the predictions drawn on them, or None.
    thumbnails: a folder for each face's picture, or None.
    every: of a video, every n-th frame is read.
    jobs: processes; each reads a file of its own.
    progress: whether a bar is shown on a terminal.
    reference: what every face is read against, or None.
    follow_reference: whether each face of a video is read against what was seen of it before, in
        place of `reference`.
    cluster: where Ray reads the files, which lie at the same paths there, in place of processes.
    """

    annotated: Path | None = None
    thumbnails: Path | None = None
    every: int = 1
    jobs: int = 1
    progress: bool = False
    reference: Reference | None = None
    follow_reference: bool = False
    cluster: Cluster | None = None


@dataclass(frozen=True)
class _Job:
    """One file to read, the name of what is written of it, and where its copy goes.

    error: why it cannot be read, where that is known already.
    """

    path: Path
    options: Options
    name: str = ""
    is_video: bool = False
    copy: Path | None = None
    error: str = ""


def predict_paths(
    recognizer: Recognizer,
    paths: list[Path],
    options: Options | None = None,
    passed_over: Counter | None = None,
) -> Iterator[Row]:
    """Yield a row for each face; a picture without one, or that cannot be read, has one row.

    Args:
        paths: pictures, videos and folders of them.
        options: no file in its folders is written over.
        passed_over: counts, by why, the files in folders that are no pictures or videos.

    Raises:
        ImageError: a folder holds no picture or video.
        OSError: a copy cannot be written.
        WorkerError: a process died.
        EngineError: Ray cannot be used, or gave a file up.
        ValueError: Ray is to draw copies or thumbnails.
    """
    options = options or Options()
    if options.cluster and (options.annotated or options.thumbnails):
        raise ValueError(
            "--engine ray would leave --annotate's and --thumbnails' pictures on whichever machine "
            "read the file; leave them out, or read on this machine with --jobs."
        )
    ours = [folder for folder in (options.annotated, options.thumbnails) if folder is not None]
    passed_over = Counter() if passed_over is None else passed_over
    jobs = list(_jobs(listed(paths, ours, passed_over), options))  # before there are copies
    for folder in ours:
        if not files.is_utf8(folder):  # OpenCV would die of it
            raise OSError(f"{shown(folder)}: a name that is not UTF-8; give another folder.")
        folder.mkdir(parents=True, exist_ok=True)
    hidden = None if options.progress else True  # None: shown on a terminal only
    with tqdm(total=sum(map(_length, jobs)), unit="frame", disable=hidden) as bar:
        for row, is_new in _with_news(_rows_of(recognizer, jobs, options)):
            bar.update(is_new)
            yield row


def _rows_of(recognizer: Recognizer, jobs: list[_Job], options: Options) -> Iterator[Row]:
    if options.cluster is not None:
        yield from _rows_by_ray(recognizer, jobs, options.cluster)
        return
    if options.jobs == 1 or len(jobs) < 2:
        for job in jobs:
            yield from _read(recognizer, job)
        return
    with pool_of(min(options.jobs, len(jobs)), _prepare_process, (recognizer,)) as pool:
        for rows in pool.map(_read_in_process, jobs):
            yield from rows


def _rows_by_ray(recognizer: Recognizer, jobs: list[_Job], cluster: Cluster) -> Iterator[Row]:
    """Yield the rows in the files' order, though tasks finish in any."""
    waiting: dict[int, list[Row]] = {}
    following = 0
    tasks = enumerate(_together(jobs))
    for place, rows in ray_engine.run(_read_remotely, tasks, recognizer, cluster):
        waiting[place] = rows
        while following in waiting:
            yield from waiting.pop(following)
            following += 1


def _together(jobs: list[_Job]) -> Iterator[list[_Job]]:
    """Yield what one task reads: a video, or some pictures, since each task loads the network."""
    pictures: list[_Job] = []
    for job in jobs:
        if pictures and (job.is_video or len(pictures) == _PICTURES_A_TASK):
            yield pictures
            pictures = []
        if job.is_video:
            yield [job]
        else:
            pictures.append(job)
    if pictures:
        yield pictures


def _read_remotely(task: tuple[int, list[_Job]], recognizer: Recognizer) -> tuple[int, list[Row]]:
    place, jobs = task
    return place, [row for job in jobs for row in _read(recognizer, job)]


def _prepare_process(recognizer: Recognizer) -> None:
    global _recognizer
    _recognizer = recognizer


def _read_in_process(job: _Job) -> list[Row]:
    return list(_read(_recognizer, job))


def _read(recognizer: Recognizer, job: _Job) -> Iterator[Row]:
    if job.error:
        yield Row(shown(job.path), error=job.error)
        return
    try:
        yield from (_read_video if job.is_video else _read_picture)(recognizer, job)
    except ImageError as error:
        yield Row(shown(job.path), error=str(error))


def _jobs(found: Iterable[Found], options: Options) -> Iterator[_Job]:
    stems: Counter[str] = Counter()
    taken: set[Path] = set()
    for one in found:
        path = one.path
        if one.kind == files.ERROR:
            yield _Job(path, options, error=f"{shown(path)}: {one.why}.")
            continue
        is_video, stem, copy = images.is_video(path), shown(path.stem), None
        stems[stem] += 1
        name = stem if stems[stem] == 1 else f"{stem}_{stems[stem]}"
        if options.annotated is not None:
            suffix = SUFFIX if is_video else ".png"
            copy = _free_name(options.annotated, stem, suffix, taken)
            taken.add(copy)
        yield _Job(path, options, name, is_video, copy)


def _length(job: _Job) -> int:
    return images.frame_count(job.path) if job.is_video else 1


def _with_news(rows: Iterator[Row]) -> Iterator[tuple[Row, bool]]:
    """Yield each row and whether its picture or frame is another than the last row's."""
    before = None
    for row in rows:
        yield row, (row.path, row.frame) != before
        before = row.path, row.frame


def listed(paths: list[Path], ours: list[Path], passed_over: Counter) -> Iterator[Found]:
    """Yield the pictures, videos and errors of paths; count what else is in folders."""
    apart = [one for one in ours if not any(files.same(one, path) for path in paths)]
    for path in paths:
        if not os.path.isdir(path):
            yield Found(path, files.PICTURE)
            continue
        empty = True
        for found in files.walk(path, apart):
            if found.kind == files.OTHER:
                passed_over[found.why] += 1
            else:
                empty = False
                yield found
        if empty:
            raise ImageError(
                f"{shown(path)}: no picture or video in this folder; expected some, by their "
                "content or their suffix."
            )


def _free_name(folder: Path, stem: str, suffix: str, taken: set[Path]) -> Path:
    """Return a file that does not exist yet: the folder may hold originals or earlier copies."""
    names = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
    files = (folder / f"{name}{suffix}" for name in names)
    return next(path for path in files if path not in taken and not path.exists())


def _read_picture(recognizer: Recognizer, job: _Job) -> Iterator[Row]:
    gray = images.read_gray(job.path)
    predictions = recognizer(gray, against=job.options.reference)
    if job.copy is not None:
        picture = images.decode_rgb(images.read_bytes(job.path))[..., ::-1]
        files.remember_copy(job.copy)
        _write_picture(job.copy, annotate(np.ascontiguousarray(picture), predictions))
    if not predictions:
        yield Row(shown(job.path), error=no_face(recognizer.pipeline))
    for number, prediction in enumerate(predictions):
        thumbnail = _thumbnail(job, gray, prediction.face.box, f"face{number}")
        yield row_of(job.path, number, prediction, thumbnail=thumbnail)


def _read_video(recognizer: Recognizer, job: _Job) -> Iterator[Row]:
    options = job.options
    reference = None if options.follow_reference else options.reference
    again = recognizer if options.follow_reference else None
    follow = FollowedFaces(recognizer.uncertain_below, again)
    with ExitStack() as stack:
        copy = None
        if job.copy is not None:
            files.remember_copy(job.copy)
            copy = stack.enter_context(copy_of(job.path, job.copy))
        last: list[Prediction] = []
        known: set[int] = set()
        searched = -_SEARCH_SECONDS
        for index, (start, end, frame) in enumerate(images.timed_frames(job.path)):
            if index % options.every == 0:
                gray = images.bgr_to_gray(frame)
                boxes = follow.boxes
                if start - searched >= _SEARCH_SECONDS:
                    boxes, searched = None, start
                followed = follow(recognizer(gray, boxes, against=reference), start)
                last = [prediction for _, prediction in followed]
                if not followed:
                    error = no_face(recognizer.pipeline)
                    yield Row(shown(job.path), index, round(start, 3), error=error)
                yield from _frame_rows(job, gray, index, start, followed, known)
            if copy:
                copy(annotate(frame, last), start, end)


def _frame_rows(
    job: _Job,
    gray: np.ndarray,
    index: int,
    seconds: float,
    followed: list[tuple[int, Prediction]],
    known: set[int],
) -> Iterator[Row]:
    """Yield the rows of a frame; a face new to the video, not in `known`, has a thumbnail."""
    for number, prediction in followed:
        thumbnail = ""
        if number not in known:
            known.add(number)
            thumbnail = _thumbnail(job, gray, prediction.face.box, f"face{number}")
        yield row_of(job.path, number, prediction, frame=index, time=seconds, thumbnail=thumbnail)


def _thumbnail(job: _Job, gray: np.ndarray, box: Box, name: str) -> str:
    """Write a face's picture where that was asked for; return its path, or "" where it was not."""
    if job.options.thumbnails is None:
        return ""
    side = _THUMBNAIL_SIDES * max(box.width, box.height)
    left, top = ((low + high - side) / 2 for low, high in _edges(box))
    cut = gray[max(0, round(top)) : round(top + side), max(0, round(left)) : round(left + side)]
    scale = min(1.0, _THUMBNAIL / max(cut.shape))
    small = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    target = _free_name(job.options.thumbnails, f"{job.name}_{name}", ".png", set())
    files.remember_copy(target)
    _write_picture(target, small)
    return str(target)


def _edges(box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    return (box.x_min, box.x_max), (box.y_min, box.y_max)


def _write_picture(path: Path, picture: np.ndarray) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"{path}: could not be written; {_WRITABLE}.")
