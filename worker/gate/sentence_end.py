"""Where in its sound a sentence ends: about where its letters are, and there in the pause that follows it."""

import numpy as np

from worker.gate.alignment import CHARACTERS_PER_SECOND

_SLOWLY = 0.8  # of that pace: of a message that still grows, a sentence is rather heard whole than cut short
_AROUND_S = 0.4  # how far off that may be
_PAUSE_S = 0.08


def end_of(pcm: bytes | bytearray, text: str, characters: int, *, ended: bool, sample_rate: int) -> int:
    """The sample after which the first `characters` of a message have been said. PCM16 mono; not beyond what is there."""
    fed = len(pcm) // 2
    if ended:
        about = fed * characters // max(1, len(text))
    else:
        about = round(characters / (CHARACTERS_PER_SECOND * _SLOWLY) * sample_rate)
    around, pause = round(_AROUND_S * sample_rate), round(_PAUSE_S * sample_rate)
    first, last = max(0, about - around), min(fed, about + around)
    if last - first < 2 * pause:
        return about
    sound = np.abs(np.frombuffer(pcm, np.int16, last - first, first * 2).astype(np.float32))
    blocks = sound[: len(sound) // pause * pause].reshape(-1, pause).mean(axis=1)
    centres = first + pause * np.arange(len(blocks)) + pause // 2
    quietest = np.flatnonzero(blocks <= blocks.min() * 1.2 + 1)
    return int(centres[quietest[np.abs(centres[quietest] - about).argmin()]])
