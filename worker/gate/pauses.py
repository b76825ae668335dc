"""Where a voice pauses: what lies between its words, found in its samples while they come."""

from dataclasses import dataclass

import numpy as np

_FRAME_MS = 10
_QUIET = 0.02  # of the voice's peak so far, and less: nobody speaks, if it lasts
_SILENT = 0.003  # not even a breath, or the room that a word leaves behind
_FLOOR = 30  # of 32768: quiet, however quiet the voice
_QUIET_MS, _SILENT_MS = 100, 50  # shorter ones are inside of words: the mouth closes for a "p"


@dataclass(frozen=True, slots=True)
class Pause:
    """Positions are samples since the beginning of the message; `before`: how many of those were speech."""

    start: int
    end: int
    before: int


class Pauses:
    """PCM16 mono at `sample_rate` Hz, any number of samples at a time."""

    def __init__(self, sample_rate: int) -> None:
        self._frame = sample_rate * _FRAME_MS // 1000
        self._quiet, self._silent = (self._frame * ms // _FRAME_MS for ms in (_QUIET_MS, _SILENT_MS))
        self._rest = b""
        self._peak = self._at = 0
        self._quiet_from = self._silent_from = 0
        self.found: list[Pause] = []  # in order; the last one may still go on

    @property
    def speech(self) -> int:
        """Samples of speech so far."""
        return self._at - sum(pause.end - pause.start for pause in self.found)

    def feed(self, pcm: bytes) -> None:
        data = self._rest + pcm
        whole = len(data) // (2 * self._frame) * 2 * self._frame
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], np.int16).reshape(-1, self._frame)
        for peak in np.abs(frames.astype(np.int32)).max(axis=1, initial=0).tolist():
            self._take(peak)

    def position(self, speech: int) -> int:
        """Where so many samples of speech are over, before the pause that may follow."""
        position = speech
        for pause in self.found:
            if pause.before >= speech:
                break
            position += pause.end - pause.start
        return position

    def _take(self, peak: int) -> None:
        self._at += self._frame
        self._peak = max(self._peak, peak)
        if peak > max(_FLOOR, self._peak * _QUIET):
            self._quiet_from = self._at
        if peak > max(_FLOOR // 4, self._peak * _SILENT):
            self._silent_from = self._at
        if self._at - self._quiet_from >= self._quiet:
            self._note(self._quiet_from)
        elif self._at - self._silent_from >= self._silent:
            self._note(self._silent_from)

    def _note(self, start: int) -> None:
        """It is quiet from there until now."""
        while self.found and self.found[-1].end >= start:
            start = min(start, self.found.pop().start)
        before = start - sum(pause.end - pause.start for pause in self.found)
        self.found.append(Pause(start, self._at, before))
