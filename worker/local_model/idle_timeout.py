"""Server voice detection's `idle_timeout_ms`: a long silence after a reply calls for another."""

import asyncio
from collections.abc import Callable


class IdleTimeout:
    """`start` when a reply has been sent; `on_idle(start_ms)` when nothing stopped it, once.

    The silence begins when the reply has been played, not when it has been sent. `now_ms` is the input's own clock, on
    which `start_ms` is that moment.
    """

    def __init__(self, now_ms: Callable[[], int], on_idle: Callable[[int], None]) -> None:
        self._now_ms, self._on_idle = now_ms, on_idle
        self._timer: asyncio.TimerHandle | None = None

    def start(self, playing_ms: float, idle_ms: int) -> None:
        """A reply that takes `playing_ms` to play has just been sent."""
        self.stop()
        self._after(playing_ms, lambda: self._silent(idle_ms))

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _silent(self, idle_ms: int) -> None:
        start_ms = self._now_ms()
        self._after(idle_ms, lambda: self._on_idle(start_ms))

    def _after(self, ms: float, act: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(ms / 1000, act)
