"""ITU-T G.711: telephone speech, a byte a sample, by the two laws of the Recommendation (11/1988), tables 1 and 2.

Both tell sign, segment and step apart, and invert bits for the wire. Samples are PCM16 here; the Recommendation counts
in 14 bits for the mu-law and in 13 for the A-law, the highest bits of these.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Samples = NDArray[np.int16]
_Bytes = NDArray[np.uint8]
_BIAS = 33 << 2  # of the mu-law, 33 in 14 bits: it makes every segment begin at a power of two
_CLIP = 8158 << 2  # virtual decision value 128 less one step


@dataclass(frozen=True, slots=True)
class Law:
    """`levels`: the sample for each byte; `codes`: the byte for each sample, by its bits taken without a sign."""

    levels: _Samples
    codes: _Bytes

    def decode(self, data: bytes) -> _Samples:
        return self.levels[np.frombuffer(data, np.uint8)]

    def encode(self, samples: _Samples) -> bytes:
        return self.codes[samples.view(np.uint16)].tobytes()


def _law(level: Callable[[int], int], code: Callable[[int], int]) -> Law:
    every = np.arange(65536, dtype=np.uint16).view(np.int16)
    return Law(
        np.array([level(byte) for byte in range(256)], np.int16),
        np.array([code(int(sample)) for sample in every], np.uint8),
    )


def _mu_level(byte: int) -> int:
    byte ^= 0xFF
    magnitude = ((((byte & 0x0F) << 3) + _BIAS) << (byte >> 4 & 7)) - _BIAS
    return -magnitude if byte & 0x80 else magnitude


def _mu_code(sample: int) -> int:
    magnitude = min(abs(sample), _CLIP) + _BIAS
    segment = magnitude.bit_length() - 8
    return (0x80 if sample < 0 else 0) ^ 0xFF ^ (segment << 4 | magnitude >> segment + 3 & 0x0F)


def _a_level(byte: int) -> int:
    byte ^= 0x55  # every second bit is inverted
    segment, step = byte >> 4 & 7, (byte & 0x0F) << 4
    magnitude = step + 8 if segment == 0 else step + 0x108 << segment - 1
    return magnitude if byte & 0x80 else -magnitude


def _a_code(sample: int) -> int:
    magnitude = ~sample if sample < 0 else sample
    segment = max(0, magnitude.bit_length() - 8)
    step = magnitude >> (4 if segment == 0 else segment + 3) & 0x0F
    return (0 if sample < 0 else 0x80) ^ 0x55 ^ (segment << 4 | step)


MU_LAW = _law(_mu_level, _mu_code)
A_LAW = _law(_a_level, _a_code)
