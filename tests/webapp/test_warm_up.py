"""A server is ready once its networks are loaded and a frame's time is known."""

from webapp_fakes import FakeRecognizer

from facelines.webapp.analyzer import Analyzer
from facelines.webapp.settings import Settings


def test_a_start_loads_everything_and_measures_a_frame():
    analyzer = Analyzer({"fake": FakeRecognizer()}, Settings(workers=1, max_clients=10**9))
    assert not analyzer.ready
    analyzer.warm_up()
    assert analyzer.ready
    assert 2 <= analyzer.admission.capacity < 10**6, "measured: not what is allowed at most"
    analyzer.close()
    assert not analyzer.ready
