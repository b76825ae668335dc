"""The microphones of several people as one sound, as a model takes it. Pure: frames and times in, frames out."""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Track = TypeVar("Track", bound=Hashable)

LEADS_S = 0.25  # a leader who sends nothing for so long leads no more
MOST = 100  # frames that wait of one track, 2 s: of more, the oldest are dropped
_SILENT = 60  # peak of 32768 of a frame that nobody misses


@dataclass(frozen=True, slots=True)
class Mixed(Generic[Track]):
    """A frame for the model, and whose frames are in it."""

    pcm: bytes
    of: Mapping[Track, bytes]


class Mixer(Generic[Track]):
    """Frames are PCM16 mono, all of one length. One of the tracks leads: each of its frames goes out at once, with the one
    that waits longest of each other.

    So one track alone goes through as it is, and a second one waits for the length of a frame at most. No clock of ours
    paces them: what a busy loop hands over late comes out late, in order. Who has fallen behind catches up in their pauses,
    where silence is left out; no sound is, before MOST frames wait.

    `rtc.AudioMixer` is no choice here: it waits 100 ms in each round for a track that is muted, and so falls ever further
    behind.
    """

    def __init__(self) -> None:
        self._waiting: dict[Track, deque[bytes]] = {}
        self._leader: Track | None = None
        self._led_at = 0.0

    def take(self, track: Track, pcm: bytes, now: float) -> list[Mixed[Track]]:
        """A frame has come, at `now` in seconds. Returns what goes out now."""
        waiting = self._waiting.setdefault(track, deque(maxlen=MOST))
        waiting.append(pcm)
        if self._leader is None or (track != self._leader and now - self._led_at > LEADS_S):
            self._leader = track
        if track != self._leader:
            return []
        self._led_at = now
        return [self._mix() for _ in range(len(waiting))]

    def end(self, track: Track) -> list[Mixed[Track]]:
        """No more will come of it. Returns what still waited of it."""
        waiting = self._waiting.get(track, ())
        rest = [self._mix(track) for _ in range(len(waiting))]
        self._waiting.pop(track, None)
        if self._leader == track:
            self._leader = None
        return rest

    def _mix(self, only: Track | None = None) -> Mixed[Track]:
        frames = dict[Track, bytes]()
        for track, waiting in self._waiting.items():
            if only is not None and track != only:
                continue
            while track != self._leader and len(waiting) > 1 and _is_silent(waiting[0]):
                waiting.popleft()
            if waiting:
                frames[track] = waiting.popleft()
        if len(frames) == 1:
            return Mixed(next(iter(frames.values())), frames)
        sound = np.sum([np.frombuffer(pcm, np.int16) for pcm in frames.values()], axis=0, dtype=np.int32)
        return Mixed(sound.clip(-32768, 32767).astype(np.int16).tobytes(), frames)


def _is_silent(pcm: bytes) -> bool:
    return int(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)).max(initial=0)) <= _SILENT
