"""Engines: run the shards that are missing, in this process, in several, or under Ray."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

import facelines
from facelines.preprocessing import shards
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.shards import Batch, Recipe

SHARD_SAMPLES = 500
ENGINES = ("processes", "ray")


class ShardError(RuntimeError):
    """A run that could not be finished; the message is one line, finished shards are kept."""


@dataclass(frozen=True)
class Done:
    """A finished shard: its receipt, and whether it was there already."""

    place: int
    name: str
    receipt: dict
    was_there: bool


def run_shards(
    batches: Iterable[Batch],
    recipe: Recipe,
    folder: Folder,
    *,
    workers: int = 1,
    engine: str = "processes",
) -> Iterator[Done]:
    """Complete the shards that are missing; yield every one, as they finish.

    Args:
        batches: the data set's stream, cut; a few of them are in memory at a time.
        workers: processes; 1 works in this one. Ray takes as many as its cluster has.

    Raises:
        ShardError: a worker died, or Ray is not installed.
        OSError: OUT cannot be written.
    """
    tasks = _tasks(batches, recipe, folder)
    if engine == "ray":
        yield from _run_ray(tasks, recipe)
    elif engine != "processes":
        raise ShardError(f"Unknown engine {engine!r}; expected one of {', '.join(ENGINES)}.")
    elif workers <= 1:
        for task in tasks:
            yield task if isinstance(task, Done) else _done(task, _complete(task, recipe))
    else:
        yield from _run_processes(tasks, recipe, workers)


@dataclass(frozen=True)
class _Task:
    folder: Folder
    name: str
    batch: Batch


def _tasks(batches: Iterable[Batch], recipe: Recipe, folder: Folder) -> Iterator[Done | _Task]:
    recipe_key = recipe.key()
    for batch in batches:
        name = shards.shard_name(batch, recipe_key)
        receipt = shards.finished(folder, name, recipe)
        yield Done(batch.place, name, receipt, True) if receipt else _Task(folder, name, batch)


def _complete(task: _Task, recipe: Recipe) -> dict:
    return shards.complete_shard(task.folder, task.name, task.batch.items, recipe)


def _done(task: _Task, receipt: dict) -> Done:
    return Done(task.batch.place, task.name, receipt, False)


_recipe: Recipe | None = None  # of a worker process


def _start_worker(recipe: Recipe) -> None:
    global _recipe
    _recipe = recipe
    _watch_parent()


def _watch_parent() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed run must not leave workers behind, waiting for tasks that never come."""
    parent_process().join()
    os._exit(1)


def _complete_in_worker(task: _Task) -> Done:
    return _done(task, _complete(task, _recipe))


def _run_processes(tasks, recipe: Recipe, workers: int):
    yield from in_processes(_complete_in_worker, tasks, workers, _start_worker, (recipe,))


def in_processes(function, tasks, workers: int, start=None, arguments: tuple = ()):
    """Yield what a function makes of each task, as they finish; of a Done, itself.

    Only a few tasks are taken from their stream at a time.

    Raises:
        ShardError: a worker died.
    """
    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=start or _watch_parent,
        initargs=arguments,
    )
    running = set()
    try:
        for task in tasks:
            if isinstance(task, Done):
                yield task
                continue
            running.add(pool.submit(function, task))
            while len(running) >= 2 * workers:
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ready)
        while running:
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ready)
    except BrokenProcessPool as error:
        raise ShardError(
            "A worker process died (killed, or out of memory?); finished shards are kept. "
            "Run the same command again to go on, with fewer --workers if memory is short."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _complete_remotely(task: _Task, recipe: Recipe) -> Done:
    return _done(task, _complete(task, recipe))


def _run_ray(tasks, recipe: Recipe):
    try:
        import ray
    except ImportError as error:
        raise ShardError("--engine ray needs Ray: pip install ray.") from error
    root = str(Path(facelines.__file__).resolve().parent.parent)
    python_path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    if not ray.is_initialized():
        ray.init(
            log_to_driver=False,
            include_dashboard=False,
            runtime_env={"env_vars": {"PYTHONPATH": python_path}},
        )
    complete = ray.remote(max_retries=3)(_complete_remotely)
    shared, running = ray.put(recipe), []
    window = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        for task in tasks:
            if isinstance(task, Done):
                yield task
                continue
            running.append(complete.remote(task, shared))
            if len(running) >= window:
                ready, running = ray.wait(running)
                yield ray.get(ready[0])
        while running:
            ready, running = ray.wait(running)
            yield ray.get(ready[0])
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ShardError(
            f"Ray gave a shard up ({reason}); finished shards are kept, "
            "run the same command again to go on."
        ) from error
