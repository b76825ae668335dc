"""Synthetic people, as many as are wanted: a voice, how fast it speaks, how high, and how long its throat is."""

import os
import subprocess
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soxr

from tests.turns.clips import CACHE, RATE, Pcm, our_voice, read

_WORDS_A_MINUTE = 155


@dataclass(frozen=True)
class Speaker:
    """`pace`: 1.2 is a fifth faster. `pitch`: espeak-ng's, 0 to 99. `throat`: 1.1 is a tenth shorter, and higher."""

    engine: Literal["espeak", "flite", "ours"]
    voice: str
    pace: float = 1.0
    pitch: int = 50
    throat: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.engine} {self.voice}, {self.pace:g}, {self.pitch}, {self.throat:g}"

    def say(self, text: str) -> Pcm:
        spoken = self._spoken(text, self.pace / self.throat)
        return spoken if self.throat == 1 else np.asarray(soxr.resample(spoken, RATE * self.throat, RATE), np.int16)

    def _spoken(self, text: str, pace: float) -> Pcm:
        if self.engine == "ours":
            return np.frombuffer(our_voice().speak_now(text, self.voice), np.int16)
        path = CACHE / f"speaker-{os.getpid()}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.engine == "espeak":
            speed = str(round(_WORDS_A_MINUTE * pace))
            command = ["espeak-ng", "-v", self.voice, "-s", speed, "-p", str(self.pitch), "-w", str(path), text]
        else:
            stretch = f"duration_stretch={1 / pace:.3f}"
            command = ["flite", "-voice", self.voice, "--setf", stretch, "-t", text, "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        try:
            return read(path)
        finally:
            path.unlink()
