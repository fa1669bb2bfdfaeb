import socket
import sys
from types import SimpleNamespace

import pytest

from facelines.preprocessing import ray_engine
from facelines.preprocessing.ray_engine import Cluster, EngineError


def test_a_cluster_holds_as_many_tasks_as_its_scarcest_resource_allows():
    there = {"CPU": 8.0, "faces": 3.0, "node:10.0.0.1": 1.0}
    assert ray_engine.tasks_at_once(there, {"CPU": 1.0}) == 8
    assert ray_engine.tasks_at_once(there, {"CPU": 2.0, "faces": 1.0}) == 3
    assert ray_engine.tasks_at_once(there, {"CPU": 0.0}) == 8


@pytest.mark.parametrize("takes", [{"CPU": 9.0}, {"CPU": 1.0, "GPU": 1.0}])
def test_what_a_cluster_lacks_is_named_with_what_it_has(takes):
    with pytest.raises(EngineError, match=r"a task takes .*whole cluster has CPU=8, faces=3; give"):
        ray_engine.tasks_at_once({"CPU": 8.0, "faces": 3.0, "node:10.0.0.1": 1.0}, takes)


def test_where_ray_is_missing_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install facelines\[ray\]"):
        list(ray_engine.run(print, [1], None, Cluster()))


def test_a_head_that_does_not_answer_is_named(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    with pytest.raises(EngineError, match=f"no Ray cluster at {address} .*refused"):
        list(ray_engine.run(print, [1], None, Cluster(address)))
