"""Which frames of a camera or screen a model is given: by what changes on it, and by what the caller says. Pure."""

import math
from dataclasses import dataclass

from agents.showing import Source
from worker.looking.glimpse import SENSES, Glimpse, differs

BURST = 3  # frames that may be given at once
FOR_WORDS = 2  # of these, kept for the beginning and the end of what the caller says
QUIET_S = 0.25  # the caller has ended by then, or it was a pause for breath; providers wait longer before they say so
FIRST_S = 0.3  # until there is a frame at all, it is looked for so often


@dataclass(frozen=True, slots=True)
class Pace:
    """`fps`: so many frames a second at most, over any while. `watches`: those between what the caller says, too."""

    fps: float
    watches: bool


class Sampler:
    """Says when to look, and whether what was seen then is given. Times are seconds on one clock.

    Look at `deadline`: call `look`, get a glimpse, and ask `gives`. What is as it was costs nothing. Over any time of T
    seconds, `fps` * T + `BURST` frames are given at most; what changes by itself leaves `FOR_WORDS` of them to words.
    """

    def __init__(self, source: Source, now: float, pace: Pace) -> None:
        self.pace = pace
        self._sense = SENSES[source]
        self._given: Glimpse | None = None  # last
        self._allowance, self._counted_at = float(BURST), now
        self._loud = False
        self._begin: float | None = None  # of what the caller says: a look is due
        self._end: float | None = None
        self._next = now  # look by the clock
        self._words_at = -math.inf  # the last look at words

    @property
    def deadline(self) -> float | None:
        by_clock = self._next if self.pace.watches or self._given is None else None
        return min((at for at in (self._begin, self._end, by_clock) if at is not None), default=None)

    def speech(self, now: float, *, loud: bool) -> bool:
        """What is heard of the caller. Returns whether `deadline` may be another one."""
        if loud == self._loud:
            return False
        self._loud = loud
        if loud and self._end is not None:
            self._end = None  # they go on
        elif loud:
            self._begin = now
        else:
            self._end = now + QUIET_S
        return True

    def turn(self, now: float, fresh_s: float) -> None:
        """The caller has taken a turn: its frame is taken now, unless words were looked at so short a time ago."""
        self._end = None
        if self._words_at < now - fresh_s:
            self._begin = now

    def look(self, now: float) -> bool:
        """It is looked now. Returns whether that is for words of the caller."""
        words = any(at is not None and at <= now for at in (self._begin, self._end))
        if self._begin is not None and self._begin <= now:
            self._begin = None
        if self._end is not None and self._end <= now:
            self._end = None
        if words:
            self._words_at = now
        self._next = now + (FIRST_S if self._given is None else 1 / self.pace.fps)
        return words

    def gives(self, now: float, seen: Glimpse, *, words: bool) -> bool:
        """Whether the model is given this frame."""
        if self._given is not None and not differs(self._given, seen, self._sense):
            return False
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * self.pace.fps)
        self._counted_at = now
        if self._allowance < (1 if words or self._given is None else FOR_WORDS + 1):
            return False
        self._allowance -= 1
        self._given = seen
        return True
