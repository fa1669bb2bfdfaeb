"""Counters for `/metrics`, in Prometheus' text format. They hold sums, never a frame's content."""

import threading
from collections import Counter
from collections.abc import Mapping

_HELP = {
    "facelines_frames_total": "Pictures and frames analysed.",
    "facelines_faces_total": "Faces read.",
    "facelines_dropped_frames_total": "Live frames replaced by a newer one before their turn.",
    "facelines_rejected_total": "Pictures that could not be used.",
    "facelines_refused_total": "Clients and requests told that the server is busy.",
    "facelines_stage_seconds_total": "Time spent by stage.",
}


class Metrics:
    """Monotonic counters, safe to use from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._values = Counter(dict.fromkeys(_HELP, 0))
        del self._values["facelines_stage_seconds_total"]

    def add(self, name: str, amount: float = 1) -> None:
        """Add to one of the counters."""
        with self._lock:
            self._values[name] += amount

    def analysed(self, faces: int, seconds: Mapping[str, float]) -> None:
        """Count one analysed picture, its faces and its time by stage."""
        with self._lock:
            self._values["facelines_frames_total"] += 1
            self._values["facelines_faces_total"] += faces
            for stage, value in seconds.items():
                self._values[f'facelines_stage_seconds_total{{stage="{stage}"}}'] += value

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return everything as Prometheus reads it; `gauges` are values of this moment."""
        with self._lock:
            values = dict(self._values)
        lines = []
        for name, explanation in _HELP.items():
            lines += [f"# HELP {name} {explanation}", f"# TYPE {name} counter"]
            lines += [f"{key} {values[key]:.10g}" for key in sorted(values) if _base(key) == name]
        for name, value in gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value:.10g}"]
        return "\n".join(lines) + "\n"


def _base(key: str) -> str:
    return key.partition("{")[0]
