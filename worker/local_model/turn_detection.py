"""Server-side voice activity detection: probabilities in, beginnings and ends of speech out. Pure."""

from dataclasses import dataclass

WINDOW_MS = 32
_ONSET_WINDOWS = 2  # a click is one window long
_HYSTERESIS = 0.15  # speech goes on at a lower probability than it began with


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at `at_ms` since the session began."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Hushed:
    """Speech may be over: it has been quiet since `at_ms`. Work for the end of the turn may begin."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class WentOn:
    """It was not over."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The turn ended at `at_ms`: it has been quiet for the silence that was asked for, or it was the longest there is."""

    at_ms: int


Edge = Started | Hushed | WentOn | Stopped
HUSH_MS = 160
LONGEST_MS = 120_000  # of a turn: noise may count as speech for hours, and all of it would be kept


class TurnDetector:
    """`now_ms` is the end of the window a probability belongs to."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._loud = 0  # windows in a row
        self._speaking = False
        self._since = 0
        self._quiet_since: int | None = None
        self._hushed = False  # told so, since it has been quiet

    @property
    def speaking(self) -> bool:
        return self._speaking

    def take(self, probability: float, now_ms: int, *, threshold: float, silence_ms: int) -> Edge | None:
        if not self._speaking:
            self._loud = self._loud + 1 if probability >= threshold else 0
            if self._loud < _ONSET_WINDOWS:
                return None
            self._speaking, self._quiet_since, self._hushed = True, None, False
            self._since = now_ms - self._loud * WINDOW_MS
            return Started(self._since)
        if now_ms - self._since >= LONGEST_MS:
            return self._stop(now_ms)
        if probability >= threshold - _HYSTERESIS:
            self._quiet_since = None
            went_on, self._hushed = self._hushed, False
            return WentOn() if went_on else None
        if self._quiet_since is None:
            self._quiet_since = now_ms - WINDOW_MS
        quiet = now_ms - self._quiet_since
        if quiet >= silence_ms:
            return self._stop(self._quiet_since)
        if quiet >= HUSH_MS and not self._hushed:
            self._hushed = True
            return Hushed(self._quiet_since)
        return None

    def _stop(self, at_ms: int) -> Stopped:
        self.reset()
        return Stopped(at_ms)
