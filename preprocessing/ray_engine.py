"""Ray: a function over many tasks, on the machines of a cluster."""

import contextlib
import functools
import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import facelines

ENGINES = ("processes", "ray")
_KNOCK = 5  # seconds that a head node has to answer


class EngineError(RuntimeError):
    """Ray is not installed, or there is no cluster that can do a task; the message is one line."""


class TaskError(EngineError):
    """A task could not be finished."""


@dataclass(frozen=True)
class Cluster:
    """Where Ray runs, and what a task takes there.

    address: of a running head node, as `ray.init` has it; None takes RAY_ADDRESS, else a cluster
        that runs on this machine, else Ray is started on it.
    resources: {name: amount} that a task occupies on its machine, such as CPU, GPU, memory (bytes)
        or names of the cluster's own; one CPU where nothing is said of it.
    """

    address: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)


def run(
    function: Callable, tasks: Iterable, shared: object, cluster: Cluster, done: type | None = None
) -> Iterator:
    """Yield function(task, shared) of each task, as they finish.

    Only a few more tasks than can run at once are taken from their stream. A task whose worker
    dies is run again, three times at most. Tasks may name files as this process does: they run
    in a folder of the same name.

    Args:
        shared: sent to each machine once.
        done: tasks of this type need no work and are yielded as they are.

    Raises:
        EngineError: Ray is not installed, there is no such cluster, or no machine of it has what a
            task takes.
        TaskError: a task could not be finished.
    """
    try:
        import ray
    except ImportError as error:
        raise EngineError("--engine ray needs Ray: pip install 'facelines[ray]'.") from error
    _connect(ray, cluster.address)
    try:
        remote = _remote(ray, function, {"CPU": 1.0, **cluster.resources})
        window = 2 * tasks_at_once(ray.nodes(), cluster.resources)
        given, running = ray.put((os.getcwd(), shared)), []
        for task in tasks:
            if done and isinstance(task, done):
                yield task
                continue
            running.append(remote.remote(task, given))
            if len(running) >= window:
                ready, running = ray.wait(running)
                yield ray.get(ready[0])
        while running:
            ready, running = ray.wait(running)
            yield ray.get(ready[0])
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1].rstrip(".")
        raise TaskError(f"Ray gave a task up ({reason}).") from error


def _remote(ray, function: Callable, required: dict[str, float]):
    @functools.wraps(function)  # by whose name Ray shows it
    def there(task, given):
        folder, shared = given
        with contextlib.suppress(OSError):  # where there is none, no file has a relative name
            os.chdir(folder)
        return function(task, shared)

    named = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
    options = {named[name]: required.pop(name) for name in named if name in required}
    try:
        return ray.remote(**options, resources=required, max_retries=3)(there)
    except ValueError as error:
        raise EngineError(f"--resources: {' '.join(str(error).split()).rstrip('.')}.") from error


def _connect(ray, address: str | None) -> None:
    if ray.is_initialized():
        return
    root = str(Path(facelines.__file__).resolve().parent.parent)
    python_path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    options = {
        "runtime_env": {"env_vars": {"PYTHONPATH": python_path}},
        "log_to_driver": False,
        "logging_level": logging.WARNING,
    }
    address = address or os.environ.get("RAY_ADDRESS")
    try:
        if address:
            _knock(address)
            ray.init(address, **options)
        else:
            ray.init(include_dashboard=False, **options)
    except (OSError, ValueError, ray.exceptions.RayError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise EngineError(
            f"There is no Ray cluster at {address} ({said}); expected HOST:PORT of a running head "
            "node."
            if address
            else f"Ray cannot be started on this machine ({said}); leave --engine ray out, or give "
            "the --address of a running head node."
        ) from error


def _knock(address: str) -> None:
    """Raise OSError where nobody answers: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


def tasks_at_once(machines: Iterable[Mapping], required: Mapping[str, float]) -> int:
    """Return how many tasks the machines of a cluster have room for together, at least 1.

    Args:
        machines: as from `ray.nodes`.
        required: {name: amount} that a task was said to occupy. Without any it takes one CPU, and
            may wait for machines that are not up yet.

    Raises:
        EngineError: no machine has as much.
    """
    there = [one["Resources"] for one in machines if one["Alive"]]
    each = {"CPU": 1.0, **required}
    room = [
        min(
            (available.get(name, 0) / amount for name, amount in each.items() if amount),
            default=available.get("CPU", 1),
        )
        for available in there
    ]
    count = sum(map(int, room))
    if required and not count:
        takes = ", ".join(f"{name}={amount:g}" for name, amount in each.items())
        has = "; ".join(_named(available) for available in there)
        raise EngineError(
            f"A task takes {takes}, and no machine of the cluster has as much ({has}); give other "
            "--resources."
        )
    return max(1, count)


def _named(available: Mapping[str, float]) -> str:
    shown = (name for name in sorted(available) if ":" not in name)  # node:10.0.0.1 is its own
    return ", ".join(f"{name}={available[name]:g}" for name in shown)
