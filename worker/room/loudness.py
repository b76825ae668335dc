"""Whether a microphone is loud right now, and whether it works at all. Pure: frames in, facts out."""

import math

import numpy as np

_FLOOR_DBFS = -60.0  # quieter rooms exist, but a floor below would call a breath loud
_ABOVE_FLOOR_DB = 14.0
_LOUD_DBFS = -42.0  # speech of somebody at the microphone is louder; chatter behind them is not
_CLIPPED = 32_000
_CLIPPED_DBFS = -13.5  # a frame of which more than a twentieth is clipped is louder
_NOTHING = 4  # a codec makes that of pure silence
_NOTHING_DBFS = -78.0  # a frame that has no more is softer
_JUDGED_S = 8.0
_DOWN, _UP = 0.3, 0.01  # of the way from the floor to the level, in 50 ms


class Loudness:
    """Follows the noise floor of one microphone: quickly down, slowly up.

    Frames are PCM16 mono at `sample_rate` Hz, all of one length. 40 or 50 ms is right: in shorter ones a click is loud.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._length = 0  # bytes of a frame
        self._frame_s = self._down = self._up = 0.0
        self._floor = _FLOOR_DBFS
        self._heard_s = self._silent_s = self._clipped_s = 0.0
        self._told = False
        self.loud = False
        self.dbfs = -120.0  # of the last frame

    def take(self, pcm: bytes) -> bool:
        """Returns whether this frame is the beginning of something loud."""
        if len(pcm) != self._length:
            self._fit(len(pcm))
        samples = np.frombuffer(pcm, np.int16)
        # a dot product costs a third of a mean of squares, in every frame of every call
        exact = samples.astype(np.float32)
        level = 10 * math.log10(max(1e-12, float(exact @ exact) / max(1, len(exact)) / 32768**2))
        rate = self._down if level < self._floor else self._up
        self._floor = max(_FLOOR_DBFS, self._floor + rate * (level - self._floor))
        was, self.loud = self.loud, level > max(_LOUD_DBFS, self._floor + _ABOVE_FLOOR_DB)
        self.dbfs = level
        self._heard_s += self._frame_s
        if level < _NOTHING_DBFS and np.abs(exact).max(initial=0) <= _NOTHING:
            self._silent_s += self._frame_s
        elif level > _CLIPPED_DBFS and np.count_nonzero(np.abs(exact) >= _CLIPPED) > len(samples) // 20:
            self._clipped_s += self._frame_s
        return self.loud and not was

    def _fit(self, length: int) -> None:
        """From now on, frames have so many bytes."""
        self._length, self._frame_s = length, length / 2 / self._sample_rate
        self._down, self._up = (1 - (1 - rate) ** (self._frame_s / 0.05) for rate in (_DOWN, _UP))

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
