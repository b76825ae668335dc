"""From when to when something was spoken, in ms since the call began."""

import math
from collections.abc import Callable
from typing import TypedDict

from worker.line.events import SpeechStarted, SpeechStopped

_MOST = 64  # items whose words have not come: noise has none


class Times(TypedDict):
    """None: not known."""

    started_ms: int | None
    ended_ms: int | None


class SpokenTimes:
    """By item, until its words are there. `ago_ms` tells how long ago a moment of the provider's audio was heard."""

    def __init__(self, now_ms: Callable[[], int], ago_ms: Callable[[int], int]) -> None:
        self._now_ms, self._ago_ms = now_ms, ago_ms
        self._times: dict[str, Times] = {}

    def follow(self, event: object) -> None:
        """Whatever happens in the call: the caller begins to speak, and ends."""
        match event:
            case SpeechStarted(item, at_ms):
                self.started(item, self._ago_ms(at_ms))
            case SpeechStopped(item, at_ms) if times := self._times.get(item):
                times["ended_ms"] = max(times["started_ms"] or 0, self._now_ms() - self._ago_ms(at_ms))

    def started(self, item: str, ago_ms: int = 0) -> None:
        """Something is heard, since so long."""
        self._times.setdefault(item, Times(started_ms=max(0, self._now_ms() - ago_ms), ended_ms=None))
        if len(self._times) > _MOST:
            del self._times[next(iter(self._times))]

    @property
    def ended_ms(self) -> float:
        """When the last ended whose words are not there yet; minus infinity if there is none."""
        return max((end for times in self._times.values() if (end := times["ended_ms"]) is not None), default=-math.inf)

    def times(self, item: str) -> Times:
        """What is known of it so far."""
        return self._times.get(item, Times(started_ms=None, ended_ms=None))

    def take(self, item: str) -> Times:
        """What is known of it; it is asked for once."""
        return self._times.pop(item, Times(started_ms=None, ended_ms=None))
