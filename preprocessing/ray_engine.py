"""Ray: a function over many tasks, on the machines of a cluster."""

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import facelines

ENGINES = ("processes", "ray")
_KNOCK = 5  # seconds that a head has to answer


class EngineError(RuntimeError):
    """Ray is not there, or gave a task up; the message is one line without a full stop."""


@dataclass(frozen=True)
class Cluster:
    """Where Ray runs, and what a task takes there.

    address: of a cluster that runs, as `ray.init` has it; None takes RAY_ADDRESS, and where that
        is not set either, Ray starts on this machine.
    resources: {name: amount} that a task occupies, CPU and GPU or names of the cluster's own; one
        CPU where nothing is said of it.
    """

    address: str | None = None
    resources: Mapping[str, float] = field(default_factory=dict)


def run(
    function: Callable, tasks: Iterable, shared: object, cluster: Cluster, done: type | None = None
) -> Iterator:
    """Yield function(task, shared) of each task, as they finish.

    Only a few more tasks than can run at once are taken from their stream. A task whose worker
    dies is run again, three times at most.

    Args:
        shared: sent to each machine once.
        done: tasks of this type need no work and are yielded as they are.

    Raises:
        EngineError: Ray is not installed, there is no such cluster or it lacks what a task takes,
            or a task could not be finished.
    """
    try:
        import ray
    except ImportError as error:
        raise EngineError("--engine ray needs Ray: pip install facelines[ray]") from error
    _connect(ray, cluster.address)
    takes = {"CPU": 1.0, **cluster.resources}
    window = 2 * tasks_at_once(ray.cluster_resources(), takes)
    remote = ray.remote(
        num_cpus=takes.pop("CPU"),
        num_gpus=takes.pop("GPU", None),
        resources=takes,
        max_retries=3,
    )(function)
    put, running = ray.put(shared), []
    try:
        for task in tasks:
            if done and isinstance(task, done):
                yield task
                continue
            running.append(remote.remote(task, put))
            if len(running) >= window:
                ready, running = ray.wait(running)
                yield ray.get(ready[0])
        while running:
            ready, running = ray.wait(running)
            yield ray.get(ready[0])
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise EngineError(f"Ray gave a task up ({reason})") from error


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
    except (OSError, ValueError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise EngineError(
            f"there is no Ray cluster at {address or 'this machine'} ({said}); expected HOST:PORT "
            "of a head that runs"
        ) from error


def _knock(address: str) -> None:
    """Raise OSError where nobody answers: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_KNOCK).close()


def tasks_at_once(there: Mapping[str, float], takes: Mapping[str, float]) -> int:
    """Return how many tasks a cluster has room for (EngineError where not for one)."""
    for name, amount in takes.items():
        if there.get(name, 0) < amount:
            has = ", ".join(f"{one}={there[one]:g}" for one in sorted(there) if ":" not in one)
            raise EngineError(
                f"a task takes {name}={amount:g}, but the whole cluster has {has}; give other "
                "--resources"
            )
    room = (there[name] / amount for name, amount in takes.items() if amount)
    return max(1, int(min(room, default=there.get("CPU", 1))))
