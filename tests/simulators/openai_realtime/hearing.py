"""The service's voice detection, as far as a tone code needs it: loud enough is speech."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.simulators.openai_realtime.script import SAMPLE_RATE

_FRAME_MS = 20
_LOUD = 500  # of 32768, root mean square
_ONSET_MS = 60
_DEFAULT_SILENCE_MS = 500


@dataclass(frozen=True, slots=True)
class Edge:
    """Speech begins, or is over. `ms` of audio, counted since the session began."""

    started: bool
    ms: int


class Hearing:
    """Keeps the audio that is not committed yet, PCM16 mono."""

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        self._sample_rate, self._frame = sample_rate, sample_rate * _FRAME_MS // 1000
        self._pcm = bytearray()
        self._rest = b""
        self._position_ms = self._loud_ms = self._silent_ms = 0
        self._speaking = False

    @property
    def speaking(self) -> bool:
        return self._speaking

    @property
    def uncommitted_ms(self) -> int:
        return len(self._pcm) * 1000 // (self._sample_rate * 2)

    def take(self, pcm: bytes, vad: dict[str, Any] | None) -> Iterator[Edge]:
        if vad is None:
            self._pcm += pcm
            return
        pcm = self._rest + pcm
        whole = len(pcm) // (self._frame * 2) * self._frame * 2
        self._rest = pcm[whole:]
        frames = np.frombuffer(pcm[:whole], "<i2").reshape(-1, self._frame).astype(np.float32)
        silence_ms = vad.get("silence_duration_ms") or _DEFAULT_SILENCE_MS
        padding_ms = vad.get("prefix_padding_ms") or 0
        loudness = np.einsum("ij,ij->i", frames, frames)  # a third of the time that squares and their mean take
        for number, loud in enumerate((loudness > _LOUD**2 * self._frame).tolist()):
            self._pcm += pcm[number * self._frame * 2 : (number + 1) * self._frame * 2]
            self._position_ms += _FRAME_MS
            self._loud_ms = self._loud_ms + _FRAME_MS if loud else 0
            self._silent_ms = 0 if loud else self._silent_ms + _FRAME_MS
            if not self._speaking and self._loud_ms >= _ONSET_MS:
                self._speaking = True
                keep = (padding_ms + _ONSET_MS) * self._sample_rate // 1000 * 2
                del self._pcm[:-keep]
                yield Edge(True, max(0, self._position_ms - _ONSET_MS - padding_ms))
            elif self._speaking and self._silent_ms >= silence_ms:
                self._speaking = False
                yield Edge(False, self._position_ms)

    def clear(self) -> None:
        """Forgets what is not committed, speech in mid-word too. Time goes on."""
        self._pcm.clear()
        self._speaking, self._loud_ms, self._silent_ms = False, 0, 0

    def commit(self) -> bytes:
        pcm = bytes(self._pcm)
        self._pcm.clear()
        return pcm
