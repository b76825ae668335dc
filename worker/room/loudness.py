"""Whether a microphone is loud right now, and whether it works at all. Pure: frames in, facts out."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

_FLOOR_DBFS = -60.0  # quieter rooms exist, but a floor below would call a breath loud
_ABOVE_FLOOR_DB = 14.0
_LOUD_DBFS = -42.0  # speech of somebody at the microphone is louder; chatter behind them is not
_LOUD_POWER = 10 ** (_LOUD_DBFS / 10)
_WINDOW_S = 0.04  # in less, a click is loud
_CLIPPED = 32_000
_CLIPPED_POWER = 0.045  # a frame of which more than a twentieth is clipped has more
_NOTHING = 4  # a codec makes that of pure silence
_NOTHING_POWER = 1.5e-8  # a frame that has no more has less
_JUDGED_S = 8.0
_DOWN, _UP = 0.3, 0.01  # of the way from the floor to the level, in 50 ms


def may_be_loud(pcm: bytes) -> bool:
    """PCM16 mono: whether it is loud in a room where nothing else is."""
    return _power(_samples(pcm)) > _LOUD_POWER


class Loudness:
    """Follows the noise floor of one microphone: quickly down, slowly up.

    Frames are PCM16 mono at `sample_rate` Hz, all of one length. The level is that of the last 40 ms, or of a longer frame.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._length = 0  # bytes of a frame
        self._frame_s = self._down = self._up = 0.0
        self._powers = deque[float]()  # of the frames in the window
        self._floor = _FLOOR_DBFS
        self._heard_s = self._silent_s = self._clipped_s = 0.0
        self._told = False
        self.loud = False
        self.dbfs = -120.0  # of the last frame

    def take(self, pcm: bytes) -> bool:
        """Returns whether this frame is the beginning of something loud."""
        if len(pcm) != self._length:
            self._fit(len(pcm))
        exact = _samples(pcm)
        power = _power(exact)
        self._powers.append(power)
        level = 10 * math.log10(max(1e-12, sum(self._powers) / len(self._powers)))
        rate = self._down if level < self._floor else self._up
        self._floor = max(_FLOOR_DBFS, self._floor + rate * (level - self._floor))
        was, self.loud = self.loud, level > max(_LOUD_DBFS, self._floor + _ABOVE_FLOOR_DB)
        self.dbfs = level
        self._heard_s += self._frame_s
        if power < _NOTHING_POWER and np.abs(exact).max(initial=0) <= _NOTHING:
            self._silent_s += self._frame_s
        elif power > _CLIPPED_POWER and np.count_nonzero(np.abs(exact) >= _CLIPPED) > len(exact) // 20:
            self._clipped_s += self._frame_s
        return self.loud and not was

    def _fit(self, length: int) -> None:
        """From now on, frames have so many bytes."""
        self._length, self._frame_s = length, length / 2 / self._sample_rate
        self._down, self._up = (1 - (1 - rate) ** (self._frame_s / 0.05) for rate in (_DOWN, _UP))
        self._powers = deque(self._powers, max(1, round(_WINDOW_S * self._sample_rate * 2 / max(1, length))))

    def complaint(self) -> tuple[str, str] | None:
        """What is wrong with the microphone, told once: a code, and what the caller can do."""
        if self._told or self._heard_s < _JUDGED_S:
            return None
        if self._silent_s >= self._heard_s - self._frame_s:
            self._told = True
            return (
                "microphone.silent",
                "Nothing comes from the microphone. If you speak: is it muted, or another in use?",
            )
        if self._clipped_s > self._heard_s / 4:
            self._told = True
            return "microphone.clipping", "The microphone is far too loud and distorts. Turn its level down."
        return None


def _samples(pcm: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm, np.int16).astype(np.float32)


def _power(samples: NDArray[np.float32]) -> float:
    """Of full scale. A dot product costs a third of a mean of squares, in every frame of every call."""
    return float(samples @ samples) / max(1, len(samples)) / 32768**2
