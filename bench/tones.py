"""What is said in a benchmark: pitches far apart, in Hz, on whole periods of 20 ms."""

import functools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

CALLER = (300, 350, 400, 450, 500, 550, 600, 650)
CHAT, MOVE, LONG = 300, 400, 500  # of the caller
ALFA, BRAVO, CHARLIE = 800, 1100, 1400  # the agents
SCALE = (350, 450, 550, 600, 650)  # said one after the other: a piece that is missing, or comes twice, shows
STEP_MS = 300
ALL = (*CALLER, ALFA, BRAVO, CHARLIE)
FRAME_MS = 20
_FLOOR = 800.0  # amplitude of 32768 under which nothing is heard


def loudest(pcm: npt.NDArray[np.int16], sample_rate: int) -> int | None:
    """Which of our pitches a stretch of sound has; None for silence. `pcm`: any number of samples, mono."""
    if len(pcm) == 0:
        return None
    waves = _waves(len(pcm), sample_rate)
    # not a matrix product: its library's threads spin between two of them, and a whole core is gone
    strengths = np.abs((waves * pcm).sum(axis=1)) * 2 / len(pcm)
    best = int(np.argmax(strengths))
    return ALL[best] if strengths[best] > _FLOOR else None


@functools.lru_cache(4)
def _waves(samples: int, sample_rate: int) -> npt.NDArray[np.complex128]:
    waves: npt.NDArray[np.complex128] = np.exp(-2j * np.pi * np.outer(ALL, np.arange(samples) / sample_rate))
    return waves


def spoken(pcm: npt.NDArray[np.int16], sample_rate: int) -> int | None:
    """The pitch of most of what is said. By frames of 20 ms: a jitter buffer stretches sound, and its phase is lost."""
    return prevailing(frames(pcm, sample_rate))


def prevailing(heard: Sequence[int | None]) -> int | None:
    """The pitch of most of these frames, as far as they are not silent."""
    counts = Counter(heard)
    del counts[None]
    return counts.most_common(1)[0][0] if counts else None


def frames(pcm: npt.NDArray[np.int16], sample_rate: int) -> list[int | None]:
    """The pitch of each 20 ms. All at once: a simulated provider does this while its answer waits."""
    frame = sample_rate * FRAME_MS // 1000
    whole = len(pcm) // frame * frame
    sound, waves = pcm[:whole].reshape(-1, frame).astype(np.float32), _waves(frame, sample_rate)
    parts = [np.einsum("fs,ws->fw", sound, part.astype(np.float32)) for part in (waves.real, waves.imag)]
    strengths = np.hypot(*parts) * 2 / frame
    found = [ALL[one.argmax()] if one.max() > _FLOOR else None for one in strengths]
    return found + [loudest(pcm[start:], sample_rate) for start in range(whole, len(pcm), frame)]


def missing_ms(heard: Sequence[int | None]) -> int:
    """How much of a SCALE is not in what was heard, by frames of 20 ms. What comes again makes up for nothing."""
    reached = arrived = 0
    for hz in heard:
        if hz in SCALE[reached:]:
            reached = SCALE.index(hz)
        arrived += hz is not None and hz not in SCALE[:reached]  # between two of its pitches, a frame may have another
    return max(0, len(SCALE) * STEP_MS - arrived * FRAME_MS)


def scale(sample_rate: int) -> npt.NDArray[np.int16]:
    return np.concatenate([tone(hz, STEP_MS, sample_rate) for hz in SCALE])


def tone(hz: int, ms: int, sample_rate: int) -> npt.NDArray[np.int16]:
    t = np.arange(sample_rate * ms // 1000) / sample_rate
    return (np.sin(2 * np.pi * hz * t) * 9000).astype(np.int16)
