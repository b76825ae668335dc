"""The protocol's audio formats on one stream each: PCM16 mono at 24 kHz inside, that or G.711 at 8 kHz on the wire."""

import numpy as np
import soxr

from worker.local_model.g711 import A_LAW, MU_LAW

SAMPLE_RATE = 24000
_TELEPHONE_RATE = 8000
_LAWS = {"audio/pcmu": MU_LAW, "audio/pcma": A_LAW}
AUDIO_FORMATS = ("audio/pcm", *_LAWS)


class Decoder:
    """Wire to PCM16, in pieces of any length. G.711 comes 21 ms late, for the resampler looks ahead: `flush` gets it."""

    def __init__(self, form: str) -> None:
        self.form = form
        self._law = _LAWS.get(form)
        self._rest = b""  # half a sample
        self._resampler = _resampler(_TELEPHONE_RATE, SAMPLE_RATE)

    def decode(self, data: bytes) -> bytes:
        if self._law:
            return bytes(self._resampler.resample_chunk(self._law.decode(data)).tobytes())
        data = self._rest + data
        whole = len(data) // 2 * 2
        self._rest = data[whole:]
        return data[:whole]

    def flush(self) -> bytes:
        """What is still on its way. The next piece begins a new stream."""
        self._rest = b""
        if not self._law:
            return b""
        late = self._resampler.resample_chunk(np.zeros(0, np.int16), last=True)
        self._resampler = _resampler(_TELEPHONE_RATE, SAMPLE_RATE)
        return bytes(late.tobytes())


class Encoder:
    """PCM16 to wire, the same way. `bytes_per_ms` is the wire's."""

    def __init__(self, form: str) -> None:
        self._law = _LAWS.get(form)
        self._resampler = _resampler(SAMPLE_RATE, _TELEPHONE_RATE)
        self.bytes_per_ms = _TELEPHONE_RATE // 1000 if self._law else SAMPLE_RATE * 2 // 1000

    def encode(self, pcm: bytes, *, last: bool = False) -> bytes:
        """`last`: nothing is kept, and the next piece begins a new stream."""
        if not self._law:
            return pcm
        samples = self._resampler.resample_chunk(np.frombuffer(pcm, np.int16), last=last)
        if last:
            self._resampler = _resampler(SAMPLE_RATE, _TELEPHONE_RATE)
        return self._law.encode(samples)


def _resampler(rate: int, to: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(rate, to, 1, dtype="int16")
