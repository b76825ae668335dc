"""When a sound was made, of which only is known when its frames came. Pure: positions are samples on one clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

_LATE_S = 0.06  # later than the frames before: a pause of the microphone, or of us
_LOOK_S = 0.4  # the frames of so long tell which of the two it was
_SHIFT_S = 0.02  # less is not worth a step in the sound
_WINDOW_S = 5.0  # in so long, one frame at least comes without delay
_DRIFT_S = 0.01


@dataclass(slots=True)
class _Waiting:
    """Frames of which it is not known yet whether there was a pause before them."""

    until: float
    least: float  # how late the least late of them was
    frames: list[Pcm] = field(default_factory=list)
    samples: int = 0


class Arrivals:
    """Places the frames of a microphone. What they give is in order, and follows closely where nothing is missing.

    A frame that comes is never early, but it may be late: a loop that was busy takes a second's frames at once, and they
    belong where they would have come. After a pause of the microphone all that follow are late alike: so it is the least
    late frame of the next 0.4 s that counts. A clock that drifts is followed in steps of 10 ms or more.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._next: int | None = None  # where a frame goes that follows closely
        self._waiting: _Waiting | None = None
        self._window_ends = 0.0
        self._least = float("inf")  # lateness in this window

    def take(self, pcm: Pcm, now: float) -> Iterator[tuple[int, Pcm]]:
        """A frame has come; gives (position, samples) as far as they are known."""
        yield from self.settle(now)
        if self._next is None:
            self._next = round(now) - len(pcm)
            self._waiting = _Waiting(now + _LOOK_S * self._rate, float("inf"))
        late = now - (self._next + (self._waiting.samples if self._waiting else 0) + len(pcm))
        if self._waiting is None and late > _LATE_S * self._rate:
            self._waiting = _Waiting(now + _LOOK_S * self._rate, late)
        if waiting := self._waiting:
            waiting.least = min(waiting.least, late)
            waiting.frames.append(pcm)
            waiting.samples += len(pcm)
        else:
            self._follow(late, now)
            yield self._place(pcm)

    def settle(self, now: float) -> Iterator[tuple[int, Pcm]]:
        """Time has passed; gives what has waited long enough."""
        if (waiting := self._waiting) and now >= waiting.until and self._next is not None:
            self._waiting = None
            if waiting.least > _SHIFT_S * self._rate or waiting.least < 0:
                self._next += round(waiting.least)
            self._window_ends, self._least = now + _WINDOW_S * self._rate, float("inf")
            for pcm in waiting.frames:
                yield self._place(pcm)

    def _follow(self, late: float, now: float) -> None:
        """Steps where frames have come early, or all of a window late."""
        assert self._next is not None
        self._least = min(self._least, late)
        early = late < -_DRIFT_S * self._rate
        if not early and now < self._window_ends:
            return
        if abs(self._least) > _DRIFT_S * self._rate:
            self._next += round(self._least)
        self._window_ends, self._least = now + _WINDOW_S * self._rate, float("inf")

    def _place(self, pcm: Pcm) -> tuple[int, Pcm]:
        assert self._next is not None
        start, self._next = self._next, self._next + len(pcm)
        return start, pcm
