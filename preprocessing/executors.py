"""Engines: run the shards that are missing, in this process, in several, or under Ray."""

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path

import facelines
from facelines.preprocessing import shards
from facelines.preprocessing.samples import ReadError, Sample
from facelines.preprocessing.shards import Recipe

SHARD_SAMPLES = 500
ENGINES = ("processes", "ray")


class ShardError(RuntimeError):
    """A run that could not be finished; the message is one line, finished shards are kept."""


def run_shards(
    items: Iterable[Sample | ReadError],
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    engine: str = "processes",
    shard_samples: int = SHARD_SAMPLES,
) -> Iterator[tuple[dict, bool]]:
    """Yield (receipt, whether it was there already) for every shard, as they finish.

    Args:
        items: the data set's stream; a few shards of it are in memory at a time.
        workers: processes; 1 works in this one. Ray takes as many as its cluster has.

    Raises:
        ShardError: a worker died, or Ray is not installed.
        OSError: OUT cannot be written.
    """
    for folder in ("data", "receipts"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    tasks = _tasks(items, recipe, out, shard_samples)
    if engine == "ray":
        yield from _run_ray(tasks, recipe)
    elif engine != "processes":
        raise ShardError(f"Unknown engine {engine!r}; expected one of {', '.join(ENGINES)}.")
    elif workers <= 1:
        for receipt, task in tasks:
            yield (receipt, True) if receipt else (shards.complete_shard(*task, recipe), False)
    else:
        yield from _run_processes(tasks, recipe, workers)


def _tasks(items, recipe: Recipe, out: Path, shard_samples: int):
    """Yield (receipt, None) for each finished shard, (None, task) for each other one."""
    recipe_key = recipe.key()
    for index, batch in enumerate(_batches(items, shard_samples)):
        key = shards.items_key(batch, recipe_key)
        receipt = shards.finished(out, index, key)
        yield (receipt, None) if receipt else (None, (out, index, key, batch))


def _batches(items, size: int):
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


_recipe: Recipe | None = None  # of a worker process


def _start_worker(recipe: Recipe) -> None:
    global _recipe
    _recipe = recipe
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed run must not leave workers behind, waiting for tasks that never come."""
    parent_process().join()
    os._exit(1)


def _complete_in_worker(task: tuple) -> dict:
    return shards.complete_shard(*task, _recipe)


def _run_processes(tasks, recipe: Recipe, workers: int):
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(recipe,)
    )
    running = set()
    try:
        for receipt, task in tasks:
            if receipt:
                yield receipt, True
                continue
            running.add(pool.submit(_complete_in_worker, task))
            while len(running) >= 2 * workers:  # so that only a few shards are in memory
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                yield from ((future.result(), False) for future in ready)
        while running:
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            yield from ((future.result(), False) for future in ready)
    except BrokenProcessPool as error:
        raise ShardError(
            "A worker process died (killed, or out of memory?); finished shards are kept. "
            "Run the same command again to go on, with fewer --workers if memory is short."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
    complete = ray.remote(max_retries=3)(shards.complete_shard)
    shared, running = ray.put(recipe), []
    window = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
    try:
        for receipt, task in tasks:
            if receipt:
                yield receipt, True
                continue
            running.append(complete.remote(*task, shared))
            if len(running) >= window:
                ready, running = ray.wait(running)
                yield ray.get(ready[0]), False
        while running:
            ready, running = ray.wait(running)
            yield ray.get(ready[0]), False
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ShardError(
            f"Ray gave a shard up ({reason}); finished shards are kept, "
            "run the same command again to go on."
        ) from error
