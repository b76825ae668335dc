"""The sounds a caller may wait with: made here, or read from a WAV file. Floats from -1 to 1, mono, played in a loop."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.background import NONE, BackgroundSpec
from agents.spec import SpecError

Sound = NDArray[np.float32]

_MOST_S = 120.0
_TYPING_S, _HOLD_S = 8.0, 6.0
_CHORD = ((0.0, 523.25), (0.35, 659.25), (0.7, 783.99))  # when each bell is struck, and its pitch in Hz
_SEED = 7  # the same keys in every call


def of_spec(spec: BackgroundSpec, folder: Path, sample_rate: int) -> Sound | None:
    """The sound a team wants, None if none; a file of its own is in `folder`. Raises SpecError."""
    name = spec.while_tools_run
    if name == NONE:
        return None
    made = _MADE.get(name)
    sound = made(sample_rate) if made else _read(folder / name, sample_rate)
    louder: Sound = sound * np.float32(10 ** (spec.volume_db / 20))
    return louder.clip(-1, 1)


def _read(path: Path, sample_rate: int) -> Sound:
    import soundfile  # a worker without a sound of its own has no need of these two
    import soxr

    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > _MOST_S * file.samplerate or not file.frames:
                raise SpecError(
                    f"background.while_tools_run: {path} is {file.frames / file.samplerate:.0f} s long; "
                    f"it is played in a loop, and may have {_MOST_S:.0f} s."
                )
            samples = file.read(dtype="float32", always_2d=True).mean(axis=1)
            return np.asarray(soxr.resample(samples, file.samplerate, sample_rate), np.float32)
    except (soundfile.SoundFileError, OSError) as error:
        raise SpecError(f"background.while_tools_run: {path} cannot be read as a sound: {error}.") from error


def _typing(sample_rate: int) -> Sound:
    """Keys struck in bursts, some 25 dB below a voice's peaks."""
    random = np.random.default_rng(_SEED)
    sound = np.zeros(round(_TYPING_S * sample_rate), np.float32)
    at = 0.2
    while at < _TYPING_S - 0.5:
        for _ in range(int(random.integers(4, 11))):
            key = _key(random, sample_rate)
            start = round(at * sample_rate)
            if start + len(key) < len(sound):
                sound[start : start + len(key)] += key
            at += float(np.clip(random.lognormal(-1.9, 0.35), 0.07, 0.4))
        at += float(random.uniform(0.3, 0.9))
    return sound


def _key(random: np.random.Generator, sample_rate: int) -> Sound:
    """A click as the finger meets the key, and the thump of the key as it meets the board."""
    t = np.arange(round(0.06 * sample_rate)) / sample_rate
    click = random.standard_normal(len(t)) * np.exp(-t / 0.0025)
    thump = np.sin(2 * np.pi * random.uniform(160, 240) * t) * np.exp(-t / 0.012)
    struck = np.convolve(click, [0.25, 0.5, 0.25], "same") * 0.05 + thump * 0.06
    return (struck * random.uniform(0.5, 1.0) * np.minimum(1, t / 0.001)).astype(np.float32)


def _hold(sample_rate: int) -> Sound:
    """Three soft bells, and a rest."""
    t = np.arange(round(_HOLD_S * sample_rate)) / sample_rate
    sound = np.zeros(len(t))
    for begins, hz in _CHORD:
        since = np.maximum(0.0, t - begins)
        struck = np.exp(-since / 0.7) * np.minimum(1, since / 0.02)
        sound += struck * (np.sin(2 * np.pi * hz * since) + 0.3 * np.sin(4 * np.pi * hz * since))
    return (sound * 0.035 * np.minimum(1, (_HOLD_S - t) / 0.2)).astype(np.float32)


_MADE: Mapping[str, Callable[[int], Sound]] = {"typing": _typing, "hold": _hold}
