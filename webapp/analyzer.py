"""Pictures and frames -> plain JSON values. Runs in the worker threads."""

import asyncio
import json
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Barrier, Lock

import numpy as np

from facelines.model.recognizer import UNCERTAIN, UNREADABLE, Recognizer, readable
from facelines.model.reference import Reference
from facelines.model.steady import HeldLabel
from facelines.preprocessing import images
from facelines.preprocessing.faces import Box
from facelines.preprocessing.pipeline import Face, Pipeline
from facelines.webapp.decoding import FORMATS, Decoders, VideoFrame
from facelines.webapp.face_reader import LIVE_PASSES
from facelines.webapp.limits import Admission, Places
from facelines.webapp.metrics import Metrics
from facelines.webapp.references import LiveReferences, rest_values
from facelines.webapp.schema import Answer, Reading, face_values, reading_of
from facelines.webapp.settings import Settings
from facelines.webapp.stopwatch import Stopwatch
from facelines.webapp.tracking import Track, Tracker

_MAX_PHOTO_FACES = 100
_PICTURE_DECODERS = 2
_WARM_UP_SIZE = (480, 640)
_WARM_UP_FRAMES = 8


class UnknownModel(ValueError):
    """A model that is not loaded; the message is one line for the user."""


class Analyzer:
    """Reads faces with one or more recognizers that share a pipeline, in a bounded pool.

    recognizers: by name; the first is the default.
    pool: the worker threads; everything slow runs there.
    decoders, decoding: the processes that decode uploads, and the threads that wait for them.
    stopping: set when requests in flight are to end.
    queued: live frames, pictures and videos' frames that wait in the pool or run.
    picture_places, video_places: of the uploads that are served at once.
    """

    def __init__(self, recognizers: dict[str, Recognizer], settings: Settings):
        if not recognizers:
            raise ValueError("No recognizer was given; expected at least one by its name.")
        self.recognizers = recognizers
        self.settings = settings
        self.metrics = Metrics()
        self.admission = Admission(settings)
        self.picture_places = Places(settings.max_pictures)
        self.video_places = Places(settings.max_videos)
        self.pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="analysis")
        self.decoders = Decoders()
        self.decoding = ThreadPoolExecutor(
            _PICTURE_DECODERS + settings.max_videos, thread_name_prefix="decoding"
        )
        self.stopping = asyncio.Event()
        self.queued = 0
        self.ready = False
        self._lock = Lock()

    def pipeline(self, models: Iterable[str]) -> Pipeline:
        """Return the recipe that all recognizers share, with the mesh if one of these needs it."""
        pipelines = [self.recognizers[name].pipeline for name in models]
        return replace(pipelines[0], mesh=any(pipeline.mesh for pipeline in pipelines))

    def choose(self, names: Iterable[str]) -> list[str]:
        """Return the names to use, in the order given; none means the default.

        Raises:
            UnknownModel: one is not loaded.
        """
        chosen = list(dict.fromkeys(names)) or [next(iter(self.recognizers))]
        for name in chosen:
            if name not in self.recognizers:
                raise UnknownModel(
                    f"No model {name!r}; expected one of {', '.join(self.recognizers)}."
                )
        return chosen

    def decode(self, data: bytes, watch: Stopwatch) -> Future:
        """Decode an encoded picture in a process of its own: a future of uint8 (H, W).

        Its result raises an ImageError if it cannot be decoded, is too large or takes too long.
        """

        def gray() -> np.ndarray:
            with watch("decode"):
                return self.decoders.gray(
                    data, self.settings.max_picture_pixels, self.settings.decode_seconds
                )

        return self.decoding.submit(gray)

    def video_frames(self, data: bytes, every: int) -> Iterator[VideoFrame]:
        """Return the frames of a video, decoded in a process of its own as they are asked for."""
        settings = self.settings
        return self.decoders.video(
            data,
            settings.max_frame_pixels,
            every,
            settings.max_video_frames,
            settings.decode_seconds,
        )

    def tracker(self, models: Iterable[str]) -> Tracker:
        """Return a tracker for one camera or video that these models are to read."""
        return Tracker(self.pipeline(models), self.settings.max_faces)

    def picture(
        self,
        gray: np.ndarray,
        models: list[str],
        pictures: Collection[str],
        watch: Stopwatch,
        **search,
    ) -> Answer:
        """Read every face of a picture, uint8 (H, W).

        Args:
            watch: is told the time of each stage; it may know that of decoding.
            search: `detector` and `min_face` in place of the recipe's (see `Pipeline`).
        """
        with watch("faces"):
            faces = replace(self.pipeline(models), **search)(gray)[:_MAX_PHOTO_FACES]
        probabilities = self._classify(faces, models, watch)
        self.metrics.analysed(len(faces), watch.seconds)
        return _size(gray) | {
            "faces": [
                face_values(face, pictures) | {"readings": self._readings(face, rows, {})}
                for face, rows in zip(faces, probabilities, strict=True)
            ],
            "milliseconds": watch.milliseconds(),
        }

    def frame(
        self,
        data: bytes,
        tracker: Tracker,
        models: list[str],
        *,
        smooth: bool,
        pictures: Collection[str],
        references: LiveReferences | None = None,
    ) -> Answer:
        """Read one encoded live frame.

        Raises:
            ImageError: it cannot be decoded or is too large.
        """
        started = time.perf_counter()
        watch = Stopwatch()
        with watch("decode"):
            gray = self._decode(data)
        values = self.follow(
            gray,
            tracker,
            time.monotonic(),
            models,
            smooth=smooth,
            pictures=pictures,
            watch=watch,
            references=references,
        )
        self.admission.measured(time.perf_counter() - started)
        return values

    def follow(
        self,
        gray: np.ndarray,
        tracker: Tracker,
        seconds: float,
        models: list[str],
        *,
        smooth: bool = True,
        pictures: Collection[str] = ("drawing",),
        watch: Stopwatch | None = None,
        references: LiveReferences | None = None,
    ) -> Answer:
        """Read the faces of the next frame, uint8 (H, W), that a tracker is shown."""
        watch = watch or Stopwatch()
        references = references or LiveReferences()
        mesh = self.pipeline(models).mesh
        tracks = tracker.update(gray, seconds, watch, smooth=smooth, mesh=mesh)
        kept = references.observe(tracks, seconds)
        known = {name: references.of(tracks, self.recognizers[name], seconds) for name in models}
        probabilities = self._classify([track.face for track in tracks], models, watch, known)
        faces = []
        for index, (track, rows) in enumerate(zip(tracks, probabilities, strict=True)):
            held = {}
            if smooth:
                held = {name: self._hold(track, name, row, seconds) for name, row in rows.items()}
                rows = {
                    name: track.smooth_probabilities(name, row, seconds)
                    for name, row in rows.items()
                }
            values = {"number": track.number} | face_values(track.face, pictures)
            for name in reversed(models):  # the first one's is shown
                values |= rest_values(known[name][index], self.recognizers[name])
            faces.append(values | {"readings": self._readings(track.face, rows, held)})
        self.metrics.analysed(len(faces), watch.seconds)
        answer = _size(gray) | {"faces": faces, "milliseconds": watch.milliseconds()}
        return answer if kept is None else answer | {"reference": json.loads(kept.to_json())}

    def warm_up(self) -> None:
        """Load every worker's networks, start a decoder, take a first measure of a frame's time."""
        self.decoders.start(1)
        barrier = Barrier(self.settings.workers)
        jobs = [self.pool.submit(self._warm_up_worker, barrier) for _ in range(barrier.parties)]
        wait(jobs)
        # The fastest: at start a machine is busy with more than it will be.
        self.admission.measured(min(seconds for job in jobs for seconds in job.result()))
        self.ready = True

    def submit(self, function, *arguments) -> Future:
        """Run a function in the pool, counted in `queued` while it waits or runs."""
        self._count(1)
        job = self.pool.submit(function, *arguments)
        job.add_done_callback(lambda _: self._count(-1))
        return job

    def close(self) -> None:
        """Stop the workers, without waiting for what is queued."""
        self.ready = False
        self.decoders.close()
        for pool in (self.pool, self.decoding):
            pool.shutdown(wait=False, cancel_futures=True)

    def _count(self, change: int) -> None:
        with self._lock:
            self.queued += change

    def _warm_up_worker(self, barrier: Barrier) -> list[float]:
        """Return the seconds of a few live frames, while the other workers do the same."""
        barrier.wait()  # so that every worker takes exactly one of the jobs
        height, width = _WARM_UP_SIZE
        gray = np.random.default_rng(0).integers(0, 255, _WARM_UP_SIZE, np.uint8)
        box = Box(width / 3, height / 3, 2 * width / 3, 2 * height / 3, 1.0)
        live = replace(self.pipeline(self.recognizers), passes=LIVE_PASSES)
        live.boxes(gray)
        times = []
        for _ in range(_WARM_UP_FRAMES):
            started = time.perf_counter()
            face = live.face(gray, box)
            for recognizer in self.recognizers.values():
                recognizer.predict([face])
            times.append(time.perf_counter() - started)
        return times[1:]  # the first one loads

    def _decode(self, data: bytes) -> np.ndarray:
        # Not in a process of its own, which takes longer than a live frame's decoding: so few
        # pixels and bytes cannot cost more than a fraction of a second.
        try:
            return images.decode_gray(
                data, max_pixels=self.settings.max_frame_pixels, formats=FORMATS
            )
        except images.ImageError:
            self.metrics.add("facelines_rejected_total")
            raise

    def _classify(
        self,
        faces: list[Face],
        models: list[str],
        watch: Stopwatch,
        known: dict[str, list[Reference | None]] | None = None,
    ) -> list[dict]:
        """Return each face's probabilities by model, one batch for each model."""
        known = known or {}
        with watch("classify"):
            by_model = {
                name: self.recognizers[name].predict(faces, known[name])
                if any(known.get(name, ()))
                else self.recognizers[name].predict(faces)
                for name in models
            }
        return [
            {name: by_model[name][index].probabilities for name in models}
            for index in range(len(faces))
        ]

    def _hold(self, track: Track, name: str, row: np.ndarray, seconds: float) -> dict:
        """Return the label that a model holds for a face, and whether it is certain of it."""
        recognizer = self.recognizers[name]
        held = track.held.get(name)
        if held is None:
            held = HeldLabel(recognizer.labels, recognizer.uncertain_below)
            track.held[name] = held
        label = held(row, seconds)
        return {"label": label, "emotion": label if held.certain else UNCERTAIN}

    def _readings(
        self, face: Face, rows: dict[str, np.ndarray], held: dict[str, dict]
    ) -> dict[str, Reading]:
        readings = {
            name: reading_of(self.recognizers[name], row) | held.get(name, {})
            for name, row in rows.items()
        }
        if not readable(face):
            readings = {name: one | {"emotion": UNREADABLE} for name, one in readings.items()}
        return readings


def _size(gray: np.ndarray) -> dict:
    height, width = gray.shape
    return {"width": width, "height": height}
