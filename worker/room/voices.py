"""Whose voice it was that was heard, of several people with a microphone each. Pure: levels and times in, names out."""

from collections import deque
from collections.abc import Mapping

from worker.room.loudness import Loudness

REMEMBERED_MS = 120_000  # a turn may be long, and its words late
CROSSTALK_DB = 12.0  # so much softer than the loudest, a voice came by way of somebody else's microphone
_SPOKE_MS = 150  # less is a cough
_SHARE = 0.2  # of the time of who spoke most


class Voices:
    """By person: how loud their own microphone is, compared with the others at the same moment.

    People in one real room are heard by each other's microphones too: who is much softer than the loudest says nothing then.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._loudness: dict[str, Loudness] = {}
        self._spoke = deque[tuple[int, int, tuple[str, ...]]]()  # when, for how many ms, and who
        self._last = ""

    def take(self, at_ms: int, frames: Mapping[str, bytes]) -> None:
        """A frame of each who is heard at this moment."""
        levels, ms = dict[str, float](), 0
        for person, pcm in frames.items():
            loudness = self._loudness.setdefault(person, Loudness(self._sample_rate))
            loudness.take(pcm)
            ms = len(pcm) * 500 // self._sample_rate
            if loudness.loud:
                levels[person] = loudness.dbfs
        if levels:
            top = max(levels.values())
            self._spoke.append((at_ms, ms, tuple(who for who, dbfs in levels.items() if dbfs > top - CROSSTALK_DB)))
            self._last = max(levels, key=lambda who: levels[who])
        while self._spoke and self._spoke[0][0] < at_ms - REMEMBERED_MS:
            self._spoke.popleft()

    def spoke(self, started_ms: int | None, ended_ms: int | None) -> tuple[str, ...]:
        """Who did between two moments, who spoke most first. None: not known. Empty only if nobody was ever loud."""
        start = -1 if started_ms is None else started_ms
        end = float("inf") if ended_ms is None else ended_ms
        counted = dict[str, int]()
        for at_ms, ms, people in self._spoke:
            if start <= at_ms <= end:
                for person in people:
                    counted[person] = counted.get(person, 0) + ms
        most = max(counted.values(), default=0)
        spoke = [who for who, ms in counted.items() if ms == most or (ms >= _SPOKE_MS and ms >= most * _SHARE)]
        if not spoke:
            return (self._last,) if self._last else ()
        return tuple(sorted(spoke, key=lambda who: -counted[who]))

    def forget(self, person: str) -> None:
        """They have left; what they have said was theirs all the same."""
        self._loudness.pop(person, None)
