import socket
import sys
from types import SimpleNamespace

import pytest

from facelines.preprocessing import ray_engine
from facelines.preprocessing.ray_engine import Cluster, EngineError

FAKE = SimpleNamespace(
    is_initialized=lambda: False, exceptions=SimpleNamespace(RayError=ZeroDivisionError)
)


def machine(alive=True, **resources) -> dict:
    """What `ray.nodes` says of a machine."""
    return {"Alive": alive, "Resources": {**resources, "node:10.0.0.1": 1.0}}


MACHINES = [machine(CPU=4.0, faces=3.0), machine(CPU=4.0), machine(alive=False, CPU=64.0, GPU=1.0)]


@pytest.mark.parametrize(
    ("required", "count"),
    [({}, 8), ({"CPU": 2.0}, 4), ({"CPU": 2.0, "faces": 1.0}, 2), ({"CPU": 0.0}, 8)],
)
def test_a_cluster_has_room_for_what_its_machines_hold(required, count):
    assert ray_engine.tasks_at_once(MACHINES, required) == count


@pytest.mark.parametrize("required", [{"CPU": 8.0}, {"GPU": 1.0}])
def test_what_no_machine_has_is_said_with_what_they_have(required):
    with pytest.raises(EngineError, match=r"no machine .* as much \(CPU=4, faces=3; CPU=4\); give"):
        ray_engine.tasks_at_once(MACHINES, required)


def test_machines_that_are_not_up_yet_are_waited_for():
    assert ray_engine.tasks_at_once([machine(memory=1e9)], {}) == 1


def test_where_ray_is_missing_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install 'facelines\[ray\]'"):
        list(ray_engine.run(print, [1], None, Cluster()))


def test_a_head_that_does_not_answer_is_named(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setitem(sys.modules, "ray", FAKE)
    with pytest.raises(EngineError, match=f"no Ray cluster at {address} .*refused"):
        list(ray_engine.run(print, [1], None, Cluster(address)))
