"""What comes through a caller's microphone and is no word: made, not recorded. Mono float samples at 24 kHz, -1..1."""

import numpy as np
from numpy.typing import NDArray

RATE = 24000
Sound = NDArray[np.float64]
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
_KEYS = {key: (_ROWS[place // 3], _COLUMNS[place % 3]) for place, key in enumerate("123456789*0#")}


def _time(ms: int) -> Sound:
    return np.arange(RATE * ms // 1000) / RATE


def _noise(ms: int, seed: int, low_hz: float = 0, high_hz: float = RATE / 2) -> Sound:
    """Of a band, its peak 1."""
    white = np.random.default_rng(seed).normal(0, 1, RATE * ms // 1000)
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(len(white), 1 / RATE)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    sound = np.fft.irfft(spectrum, len(white))
    return np.asarray(sound / np.abs(sound).max())


def _strike(ms: int, decay_ms: float) -> Sound:
    """From 1 to nothing."""
    return np.exp(-_time(ms) * 1000 / decay_ms)


def _spread(parts: list[tuple[int, Sound]], ms: int) -> Sound:
    """Parts that begin at so many ms, in a sound of `ms`."""
    whole = np.zeros(RATE * ms // 1000)
    for at_ms, part in parts:
        start = RATE * at_ms // 1000
        whole[start : start + len(part)] += part[: len(whole) - start]
    return whole


def cough(bursts: int, seed: int) -> Sound:
    """A burst of air each, with some voice behind it."""
    parts = []
    for number in range(bursts):
        air = _noise(280, seed + number, 300, 5000) * _strike(280, 70)
        voice = np.sign(np.sin(2 * np.pi * 140 * _time(280))) * _strike(280, 50) * 0.25
        parts.append((number * 420, air + voice))
    return _spread(parts, bursts * 420)


def throat(seed: int) -> Sound:
    """A throat that is cleared: rough, low, in two pushes."""
    rough = _noise(260, seed, 80, 900) * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 38 * _time(260))))
    return _spread([(0, rough * _strike(260, 120)), (300, rough * _strike(260, 160))], 600)


def laughter(syllables: int, hz: float, seed: int) -> Sound:
    """Ha-ha-ha: breath and voice in turns."""
    parts = []
    for number in range(syllables):
        pitch = hz * (1.1 - 0.05 * number)
        voice = sum(np.sin(2 * np.pi * pitch * k * _time(110)) / k for k in range(1, 9)) * np.hanning(len(_time(110)))
        breath = _noise(70, seed + number, 800, 6000) * 0.3 * np.hanning(len(_time(70)))
        parts += [(number * 190, breath), (number * 190 + 60, np.asarray(voice) / 2)]
    return _spread(parts, syllables * 190)


def keyboard(strokes: int, seed: int) -> Sound:
    """Typing, five strokes a second."""
    random = np.random.default_rng(seed)
    parts = [
        (200 * number + int(random.integers(0, 60)), _noise(60, seed + number, 1500, 9000) * _strike(60, 9))
        for number in range(strokes)
    ]
    return _spread(parts, 200 * strokes + 120)


def door(seed: int) -> Sound:
    return _noise(500, seed, 40, 700) * _strike(500, 90)


def cup(seed: int) -> Sound:
    ring = sum(np.sin(2 * np.pi * hz * _time(350)) for hz in (2100, 3470, 5230)) / 3
    return np.asarray(ring) * _strike(350, 60) + _noise(350, seed, 2000, 9000) * _strike(350, 6)


def breath(seed: int) -> Sound:
    air = _noise(900, seed, 400, 4000)
    return np.asarray(air * np.hanning(len(air)))


def tone(key: str, ms: int) -> Sound:
    """A key of a telephone."""
    low, high = _KEYS[key]
    return np.asarray((np.sin(2 * np.pi * low * _time(ms)) + np.sin(2 * np.pi * high * _time(ms))) / 2)


def ringing() -> Sound:
    """Another telephone."""
    bell = np.sin(2 * np.pi * 440 * _time(1000)) + np.sin(2 * np.pi * 480 * _time(1000))
    return np.asarray(bell / 2 * (np.sin(2 * np.pi * 20 * _time(1000)) > -0.5))


def music(ms: int) -> Sound:
    """Chords, a bass and a beat."""
    parts = []
    for bar, root in enumerate((220.0, 174.6, 261.6, 196.0)):
        chord = sum(
            np.sin(2 * np.pi * root * ratio * k * _time(500)) / k for ratio in (1, 1.26, 1.5) for k in (1, 2, 3)
        )
        beat = _noise(120, bar, 3000, 9000) * _strike(120, 20)
        parts += [(bar * 500, np.asarray(chord) / 6 * _strike(500, 600)), (bar * 500 + 250, beat * 0.5)]
    whole = _spread(parts, 2000)
    return np.tile(whole, -(-ms // 2000))[: RATE * ms // 1000]


def hiss(ms: int, seed: int) -> Sound:
    """Wind, or a tap."""
    return _noise(ms, seed, 100, 8000)
