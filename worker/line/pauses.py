"""Where a caller was silent, in their own audio: for a provider that does not say when they spoke. Pure."""

from worker.room.loudness import Loudness

_FRAME_MS = 50
_PAUSE_MS = 300  # shorter silences are within words
_FADES_MS = 100  # the last of a word is softer than what is taken for loud


class Pauses:
    """`sounds`: where those that a pause followed began and ended. PCM16 mono, any length.

    `loud_ms`, `quiet_ms`: how long all sounds were, and all pauses of at least `counts_ms` between and after them.
    """

    def __init__(self, sample_rate: int, counts_ms: int = _PAUSE_MS) -> None:
        self._counts_ms = -(-counts_ms // _FRAME_MS) * _FRAME_MS
        self._frame = sample_rate * _FRAME_MS // 1000 * 2
        self._rest = b""
        self._loudness = Loudness(sample_rate)
        self._ms = self._loud_from = self._loud_until = 0
        self.sounds: list[tuple[int, int]] = []
        self.loud_ms = self.quiet_ms = 0

    def hear(self, pcm: bytes) -> None:
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame * self._frame
        self._rest = pcm[whole:]
        for start in range(0, whole, self._frame):
            self._loudness.take(pcm[start : start + self._frame])
            self._ms += _FRAME_MS
            if self._loudness.loud:
                if self._paused or not self._loud_until:
                    self._loud_from = self._ms - _FRAME_MS
                self._loud_until = self._ms
                self.loud_ms += _FRAME_MS
            elif self._loud_until:
                self._go_on_quiet(self._ms - self._loud_until)

    def _go_on_quiet(self, quiet_ms: int) -> None:
        if quiet_ms >= _PAUSE_MS and not self._paused:
            self.sounds.append((self._loud_from, self._loud_until + _FADES_MS))
        if quiet_ms >= self._counts_ms:
            self.quiet_ms += _FRAME_MS if quiet_ms > self._counts_ms else self._counts_ms

    @property
    def silent_ms(self) -> int:
        """Since the last sound, or the beginning."""
        return self._ms - self._loud_until

    @property
    def _paused(self) -> bool:
        """After the last sound."""
        return bool(self.sounds) and self.sounds[-1][1] > self._loud_until
