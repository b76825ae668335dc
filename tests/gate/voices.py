"""Voices whose every sample tells which sentence it is of, and the ways in which models send words and sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from hypothesis import strategies as st

RATE = 24000
LOUD = 8000  # of sentence 0; the next is one louder
DELTA_MS = 100

Lead = Literal["before", "ahead", "step", "late", "after"]


@dataclass(frozen=True)
class Message:
    """`pace`: characters a second. `pauses_ms`: the silence before each sentence. `piece`: characters; 0: word by word."""

    sentences: Sequence[str]
    pace: float
    pauses_ms: Sequence[int]
    lead: Lead = "step"
    late_ms: int = 0
    speed: float = 3.0
    piece: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    def starts(self) -> Sequence[int]:
        """Where each sentence begins in the text."""
        return [0, *accumulate(len(sentence) + 1 for sentence in self.sentences)]

    def pcm(self) -> bytes:
        """Mono, PCM16."""
        parts = list[np.ndarray[tuple[int], np.dtype[np.int16]]]()
        for number, (sentence, pause_ms) in enumerate(zip(self.sentences, self.pauses_ms, strict=True)):
            parts.append(np.zeros(pause_ms * RATE // 1000, np.int16))
            parts.append(np.full(samples(sentence, self.pace), LOUD + number, np.int16))
        return np.concatenate(parts).tobytes()

    def deltas(self) -> Sequence[tuple[float, str | bytes]]:
        """Words and sound in the order in which they come: after how many seconds, and what."""
        pcm, size = self.pcm(), DELTA_MS * RATE // 1000 * 2
        whole_s = len(pcm) / 2 / RATE
        sound: list[tuple[float, int, bytes]] = [
            (min((place + size) / 2 / RATE, whole_s), 1, pcm[place : place + size])
            for place in range(0, len(pcm), size)
        ]
        words, at = list[tuple[float, int, str]](), 0
        for piece in self._pieces():
            at += len(piece)
            words.append((self._due(at, whole_s), 0, piece))
        every: list[tuple[float, int, str | bytes]] = [*sound, *words]
        return [(due / self.speed, thing) for due, _, thing in sorted(every, key=lambda one: one[:2])]

    def _pieces(self) -> Sequence[str]:
        if self.piece:
            return [self.text[at : at + self.piece] for at in range(0, len(self.text), self.piece)]
        first, *words = self.text.split(" ")
        return [first, *(f" {word}" for word in words)]

    def _due(self, characters: int, whole_s: float) -> float:
        spoken_s = self.spoken_s(characters)
        match self.lead:
            case "before":
                return 0.0
            case "ahead":
                return spoken_s / 3
            case "step":
                return spoken_s
            case "late":
                return min(whole_s, spoken_s + self.late_ms / 1000)
            case "after":
                return whole_s

    def spoken_s(self, characters: int) -> float:
        """When so many characters of it have been spoken."""
        at, left = 0.0, characters
        for sentence, pause_ms in zip(self.sentences, self.pauses_ms, strict=True):
            at += pause_ms / 1000
            if left <= len(sentence):
                return at + left / self.pace
            at, left = at + len(sentence) / self.pace, left - len(sentence) - 1
        return at


def samples(sentence: str, pace: float) -> int:
    """It takes a whole number of ms."""
    return round(len(sentence) / pace * 1000) * RATE // 1000


def sentences_of(pcm: bytes) -> set[int]:
    """Of which sentences samples are among these."""
    samples = np.frombuffer(pcm, np.int16)
    return set((np.unique(samples[samples >= LOUD]) - LOUD).tolist())


def samples_of(pcm: bytes, number: int) -> int:
    return int(np.count_nonzero(np.frombuffer(pcm, np.int16) == LOUD + number))


@st.composite
def sentence(draw: st.DrawFn, shortest: int = 1) -> str:
    """Some words have a mark in them, as an address has: so much of a sentence looks like a whole one."""
    words = draw(st.lists(st.integers(1 if shortest == 1 else 4, 11), min_size=shortest, max_size=14))
    marked = draw(st.sets(st.integers(0, len(words)), max_size=2)) - {len(words) - 1}
    said = [f"{'a' * length}{'.aaaa' * (place in marked)}" for place, length in enumerate(words)]
    return "A" + " ".join(said) + draw(st.sampled_from(".!?"))


@st.composite
def messages(draw: st.DrawFn, *, shortest_pause_ms: int = 0, shortest: int = 1) -> Message:
    """`shortest`: words of a sentence."""
    said = draw(st.lists(sentence(shortest), min_size=1, max_size=6))
    pauses = [draw(st.integers(shortest_pause_ms if place else 0, 400)) for place in range(len(said))]
    return Message(
        said,
        pace=draw(st.floats(10, 18)),
        pauses_ms=pauses,
        lead=draw(st.sampled_from(["before", "ahead", "step", "late", "after"])),
        late_ms=draw(st.integers(0, 2500)),
        speed=draw(st.sampled_from([1.0, 3.0, 20.0])),
        piece=draw(st.sampled_from([0, 0, 1, 5])),
    )
