"""Engines: run the shards that are missing, in this process, in several, or under Ray."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from multiprocessing import parent_process

from facelines.preprocessing import ray_engine, shards
from facelines.preprocessing.layout import Folder
from facelines.preprocessing.processes import WorkerError, pool_of
from facelines.preprocessing.ray_engine import ENGINES, Cluster
from facelines.preprocessing.shards import Batch, Recipe

SHARD_SAMPLES = 500


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
    cluster: Cluster | None = None,
) -> Iterator[Done]:
    """Complete the shards that are missing; yield every one, as they finish.

    Args:
        batches: the data set's stream, cut; a few of them are in memory at a time.
        workers: processes; 1 works in this one. Ray takes as many as its cluster has.
        cluster: for the engine "ray".

    Raises:
        ShardError: a worker died, or Ray gave a shard up.
        EngineError: Ray cannot be used (see `ray_engine.run`).
        OSError: OUT cannot be written.
    """
    tasks = _tasks(batches, recipe, folder)
    if engine == "ray":
        yield from _run_ray(tasks, recipe, cluster or Cluster())
    elif engine != "processes":
        raise ShardError(f"Unknown engine {engine!r}; expected one of {', '.join(ENGINES)}.")
    elif workers <= 1:
        for task in tasks:
            yield task if isinstance(task, Done) else _done(task, _complete(task, recipe))
    else:
        yield from in_processes(_complete_in_worker, tasks, workers, _start_worker, (recipe,))


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


def in_processes(function, tasks, workers: int, start=None, arguments: tuple = ()):
    """Yield what a function makes of each task, as they finish; of a Done, itself.

    Only a few tasks are taken from their stream at a time.

    Raises:
        ShardError: a worker died.
    """
    running = set()
    try:
        with pool_of(workers, start or _watch_parent, arguments) as pool:
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
    except WorkerError as error:
        raise ShardError(
            "A worker process died (killed, or out of memory?); finished shards are kept. "
            "Run the same command again to go on, with fewer --workers if memory is short."
        ) from error


def _run_ray(tasks, recipe: Recipe, cluster: Cluster):
    try:
        yield from ray_engine.run(_complete_remotely, tasks, recipe, cluster, done=Done)
    except ray_engine.TaskError as error:
        raise ShardError(
            f"{error} Finished shards are kept, run the same command again to go on."
        ) from error


def _complete_remotely(task: _Task, recipe: Recipe) -> Done:
    return _done(task, _complete(task, recipe))
