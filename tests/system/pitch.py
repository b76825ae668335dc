"""How high a voice is."""

import numpy as np

from tests.speech import RATE, Pcm


def pitch(pcm: Pcm) -> float:
    """Median fundamental frequency in Hz, by autocorrelation of loud windows of 40 ms."""
    window, found = RATE * 40 // 1000, []
    for start in range(0, len(pcm) - window, window):
        part = pcm[start : start + window].astype(np.float64)
        if np.abs(part).max() < 2000:
            continue
        part = part - part.mean()
        against = np.correlate(part, part, "full")[window - 1 :]
        lags = slice(RATE // 400, RATE // 70)
        lag = int(np.argmax(against[lags])) + RATE // 400
        if against[lag] > 0.5 * against[0]:
            found.append(RATE / lag)
    return float(np.median(found))
