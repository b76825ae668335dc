"""The network that knows voices, as all calls of a process share it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from worker import voice_detection


def test_given_calls_that_begin_together_then_they_share_one_network() -> None:
    voice_detection._loaded.cache_clear()
    together = Barrier(4)

    def load(_: int) -> int:
        together.wait()
        return id(voice_detection.load())

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(load, range(4)))) == 1
