"""Both sides of a call on one clock, as long as they are in memory. Pure."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from worker.recording.arrivals import Arrivals

Pcm = NDArray[np.int16]
Side = Literal["caller", "agent"]

SETTLE_S = 0.6  # later, nothing changes any more: where a frame belongs is known, and what was taken back is
_SPARE_S = 20.0  # so long a disk may stall before sound is lost
_CLOSE_S = 0.005  # frames that are put one after the other follow closely; a clock read twice tells two times
_SIDES: tuple[Side, Side] = ("caller", "agent")


class Tape:
    """PCM16 at `sample_rate` Hz; positions are samples since the call began, and `now` is one too.

    The caller's sound is where it came in, the agent's where it was played: what the speaker takes back was not. It
    forgets what `take` gives, the last `held_s` it keeps, and no more than 20 s besides.
    """

    def __init__(self, sample_rate: int, start: int, held_s: float) -> None:
        self.start = start  # the first sample that is still here
        self._rate = sample_rate
        self._held = round(max(held_s, SETTLE_S) * sample_rate)
        self._ring = np.zeros((self._held + round(_SPARE_S * sample_rate), 2), np.int16)
        self._arrivals = Arrivals(sample_rate)
        self._played = start  # the end of what is played, or will be if it is not taken back
        self._mutes: list[tuple[int, int, int]] = []  # start, end, side
        self.lost = 0  # samples that were not taken in time

    def hear(self, pcm: Pcm, now: int) -> None:
        """A frame of the microphone has come."""
        for position, placed in self._arrivals.take(pcm, now):
            self._write(position, placed, 0)

    def play(self, pcm: Pcm, now: int, queued_s: float) -> None:
        """The speaker gets a frame, and has yet to play `queued_s` before it."""
        position = now + round(queued_s * self._rate)
        if abs(position - self._played) <= _CLOSE_S * self._rate:
            position = self._played
        self._write(position, pcm, 1)
        self._played = position + len(pcm)

    def take_back(self, now: int) -> None:
        """The speaker is silent from now on."""
        if (length := self._played - now) > 0:
            self._write(now, np.zeros(length, np.int16), 1)
            self._played = now

    def mute(self, start: int, end: int, side: Side) -> int:
        """Silences one side from `start` to `end`, which may be yet to come. Returns how many samples it is too late for."""
        self._mutes.append((start, end, _SIDES.index(side)))
        return max(0, min(end, self.start) - start)

    def take(self, now: int, *, all_of_it: bool = False) -> Pcm:
        """What is not kept any longer, in order, shape (n, 2): caller, agent. `all_of_it`: nothing more will come."""
        for position, placed in self._arrivals.settle(np.inf if all_of_it else now):
            self._write(position, placed, 0)
        until = max(self.start, now if all_of_it else now - self._held)
        length = min(until - self.start, len(self._ring))
        places = np.arange(self.start, self.start + length) % len(self._ring)
        block = self._ring[places]
        self._ring[places] = 0
        for start, end, side in self._mutes:
            block[max(0, start - self.start) : max(0, end - self.start), side] = 0
        lost, self.start = until - self.start - length, until
        self.lost += lost
        self._mutes = [mute for mute in self._mutes if mute[1] > until]
        return np.concatenate([block, np.zeros((lost, 2), np.int16)]) if lost else block

    def _write(self, position: int, pcm: Pcm, side: int) -> None:
        """What is older than the tape, or further ahead than it is long, is not written."""
        first, last = max(position, self.start), min(position + len(pcm), self.start + len(self._ring))
        if first < last:
            self._ring[np.arange(first, last) % len(self._ring), side] = pcm[first - position : last - position]
