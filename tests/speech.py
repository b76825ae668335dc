"""Callers' voices for tests: flite and espeak-ng, separate programs that are not the agents' own voice, and what may
happen to sound on its way."""

import hashlib
import os
import subprocess
import wave
from pathlib import Path
from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 24000
Pcm = NDArray[np.int16]
Speaker = Literal["slt", "rms", "awb", "espeak"]
_CACHE = Path(os.environ.get("BATON_CACHE", ".cache")) / "speech"


def say(text: str, speaker: Speaker = "slt", effect: str = "") -> Pcm:
    """Mono samples at 24 kHz. `effect`: noisy, fast, hesitant, telephone, quiet or nothing."""
    if effect == "hesitant":
        words = text.split()
        half = max(1, len(words) // 2)
        parts = [say(" ".join(words[:half]), speaker), silence(220), say("uh", speaker), silence(180)]
        return np.concatenate([*parts, say(" ".join(words[half:]), speaker)])
    return _with(effect, _spoken(text, speaker))


def silence(ms: int) -> Pcm:
    return np.zeros(RATE * ms // 1000, np.int16)


def _spoken(text: str, speaker: Speaker) -> Pcm:
    path = _CACHE / f"{hashlib.sha256(f'{speaker}:{text}'.encode()).hexdigest()[:20]}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = (
            ["espeak-ng", "-v", "en-gb", "-s", "145", "-w", str(path), text]
            if speaker == "espeak"
            else ["flite", "-voice", speaker, "-t", text, "-o", str(path)]
        )
        subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return np.asarray(soxr.resample(pcm, file.getframerate(), RATE), np.int16)


def _with(effect: str, pcm: Pcm) -> Pcm:
    match effect:
        case "noisy":  # 15 dB below the speech
            noise = np.random.default_rng(1).normal(0, np.std(pcm.astype(float)) * 0.18, len(pcm))
            return (pcm + noise).clip(-32768, 32767).astype(np.int16)
        case "fast":
            return np.asarray(soxr.resample(pcm, RATE * 1.15, RATE), np.int16)
        case "telephone":
            return np.asarray(soxr.resample(soxr.resample(pcm, RATE, 8000), 8000, RATE), np.int16)
        case "quiet":
            return (pcm * 0.25).astype(np.int16)
        case "":
            return pcm
        case _:
            raise ValueError(f"there is no effect {effect!r}")
