"""Speaking: one small neural voice, and four more speakers made from it by moving pitch and formants."""

import asyncio
import re
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from hibari import Hibari, dsp
from numpy.typing import NDArray

SAMPLE_RATE = 24000
_LEVEL = 0.9  # of full scale: louder clips when a peak adds up
_FIRST_PIECE = 60  # characters: a first sentence longer than this is spoken from its first clause on
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Factors on the shipped voice: pitch of the fundamental, formants (length of the throat), pace."""

    pitch: float = 1.0
    formant: float = 1.0
    pace: float = 1.0


_SPEAKERS = {
    "heart": _Speaker(),
    "low": _Speaker(0.80, 0.93, 0.97),
    "deep": _Speaker(0.56, 0.84, 0.95),
    "male": _Speaker(0.60, 0.87, 1.0),
    "bright": _Speaker(1.15, 1.06, 1.05),
}
_ALIASES = {  # OpenAI's voices, by what they sound like
    "alloy": "heart",
    "ash": "deep",
    "ballad": "male",
    "coral": "bright",
    "echo": "male",
    "sage": "low",
    "shimmer": "bright",
    "verse": "male",
    "marin": "heart",
    "cedar": "deep",
    "fable": "low",
    "nova": "bright",
    "onyx": "deep",
}


def voice_exists(name: str) -> bool:
    return name in _SPEAKERS or name in _ALIASES


def voice_names() -> str:
    return ", ".join([*_SPEAKERS, *_ALIASES])


class _Variants(Hibari):  # type: ignore[misc]
    """Any speaker from one network: its spectra and pitch are moved before they become sound."""

    def speak(self, text: str, speaker: _Speaker, speed: float) -> NDArray[np.float32]:
        pieces = [self._sound(self.ids(phonemes), speaker, speed) for phonemes in self.phonemize(text)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def _sound(self, ids: list[int], speaker: _Speaker, speed: float) -> NDArray[np.float32]:
        if len(ids) < 3:
            return np.zeros(0, np.float32)
        given = {"ids": np.array([ids], np.int64), "speed": np.array([speed * speaker.pace], np.float32)}
        harmonic, timbre, noise, rough, phase, pitch = (output[0] for output in self.sess.run(None, given))
        bins = np.arange(harmonic.shape[0]) / speaker.formant
        low = np.clip(bins.astype(int), 0, len(bins) - 1)
        high = np.clip(low + 1, 0, len(bins) - 1)
        share = np.clip(bins - low, 0, 1)[:, None]
        nearest = np.clip(np.round(bins).astype(int), 0, len(bins) - 1)

        def move(spectrum: Any) -> Any:
            beyond = 6 * (bins > len(bins) - 1)[:, None]  # above what the network knows: almost silence
            return (spectrum[low] * (1 - share) + spectrum[high] * share - beyond).astype(np.float32)

        moved = (pitch * speaker.pitch).astype(np.float32)
        sound = dsp.synth(
            move(harmonic), timbre[nearest], move(noise), move(rough), phase[nearest], moved, np.random.default_rng(0)
        )
        return np.asarray(sound, np.float32)


class Voice:
    """Loaded once for all sessions; synthesis runs in threads of its own."""

    def __init__(self) -> None:
        self._network = _Variants()
        self._network.speak("Hello.", _SPEAKERS["heart"], 1.0)  # loads the rest now, not in the middle of a call
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="voice")

    async def speak(self, text: str, voice: str, speed: float = 1.0) -> AsyncGenerator[tuple[str, bytes]]:
        """Piece by piece, a clause or a sentence each: its words, and PCM16 mono at 24 kHz.

        The blank between two comes with the first: whoever reads along knows then, and not when the next has been made,
        that a sentence is over.
        """
        loop = asyncio.get_running_loop()
        for piece in pieces(text):
            yield piece, await loop.run_in_executor(self._threads, self.speak_now, piece.rstrip(), voice, speed)

    def speak_now(self, text: str, voice: str, speed: float = 1.0) -> bytes:
        """PCM16 mono at 24 kHz, in the caller's thread."""
        speaker = _SPEAKERS[_ALIASES.get(voice, voice)]
        sound = self._network.speak(spoken(text), speaker, speed)
        peak = float(np.max(np.abs(sound), initial=0.0))
        scaled = sound * (min(1.0, _LEVEL / peak) if peak else 1.0)
        return (scaled * 32767).astype(np.int16).tobytes()

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)


def pieces(text: str) -> list[str]:
    """Sentences, each with the blank after it; a long first one is cut after a clause, so that speech begins sooner."""
    sentences: list[str] = Hibari.split_sentences(text)
    if sentences and len(sentences[0]) > _FIRST_PIECE:
        head, mark, tail = sentences[0].partition(", ")
        if mark and len(head) >= 12:
            sentences[:1] = [head + ",", tail]
    return [*(f"{sentence} " for sentence in sentences[:-1]), *sentences[-1:]]


def spoken(text: str) -> str:
    """Text as it is read out: long numbers that name something digit by digit, no markup."""
    text = re.sub(r"[*_#`<>\[\]]", "", text)
    return re.sub(
        r"(?i)\b(number|code|reference|extension|account|booking|case|invoice|order|ticket)( number)? (\d{4,})\b",
        lambda found: f"{found[1]}{found[2] or ''} {' '.join(found[3])}",
        text,
    )
