"""Where a caller was last silent, in their own audio: for a provider that does not say when they spoke. Pure."""

from worker.room.loudness import Loudness

_FRAME_MS = 50
_PAUSE_MS = 300  # shorter silences are within words
_FADES_MS = 100  # the last of a word is softer than what is taken for loud


class Pauses:
    """`ended_ms`: where the last sound ended that a pause followed. PCM16 mono, any length."""

    def __init__(self, sample_rate: int) -> None:
        self._frame = sample_rate * _FRAME_MS // 1000 * 2
        self._rest = b""
        self._loudness = Loudness(_FRAME_MS)
        self._ms = self._loud_until = 0
        self.ended_ms = 0

    def hear(self, pcm: bytes) -> None:
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame * self._frame
        self._rest = pcm[whole:]
        for start in range(0, whole, self._frame):
            self._loudness.take(pcm[start : start + self._frame])
            self._ms += _FRAME_MS
            if self._loudness.loud:
                self._loud_until = self._ms
            elif self._loud_until and self._ms - self._loud_until >= _PAUSE_MS:
                self.ended_ms = self._loud_until + _FADES_MS
