"""Replies whose every sample says which sentence it is of, and the ear that tells what arrived of each.

book = Book(random); reply = book.reply(["First.", "Second."]); provider: reply.recite("step"); ear: hear(pcm, RATE, book)

A sentence is spoken in slots of `bench.tone_code` of its own, with silence between sentences as a voice has it. The code
comes through Opus and a jitter buffer: what arrived is known by place in its sentence, not by time.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.tone_code import SAMPLE_RATE, SLOT_MS, sound_of, windows
from tests.simulators.openai_realtime.script import Recite

Timing = Literal["before", "ahead", "step", "late", "after"]
TIMINGS: Sequence[Timing] = ("before", "ahead", "step", "late", "after")
LATE_MS = 600  # words that come so long after their sound
PACE = (10.0, 18.0)  # characters a second
LEAD_MS = (0, 120)  # before the first sentence
PAUSE_MS = (60, 400)  # between two
BREATH_MS = (80, 280)  # within one
_NEVER = 10**9
_LOUD = 1200  # of 32768: between the quiet that Opus makes and the code
_JOIN_MS = 6  # a shorter dip is none
_RAGGED = 3  # slots at an end that tell where it is
_NEAR_MS = 25  # so near to where a sentence is heard, a sound that cannot be read is of it; pauses are longer

Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Sentence:
    """`breath`: the slots, counted from its first, at which the voice is silent."""

    text: str
    first: int
    slots: int
    breath: range

    @property
    def ms(self) -> int:
        return self.slots * SLOT_MS

    @cached_property
    def pcm(self) -> Pcm:
        """Mono, 24 kHz."""
        silence = np.zeros(SLOT_MS * SAMPLE_RATE // 1000, np.int16)
        parts = [silence if slot in self.breath else sound_of(self.first + slot) for slot in range(self.slots)]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Reply:
    """Sentences in order; `begins`: where each does, ms from the beginning of the reply. `cuts`: of its transcript."""

    sentences: Sequence[Sentence]
    begins: Sequence[int]
    ms: int
    cuts: Sequence[str]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)

    def until(self, sentence: int) -> str:
        """The words before the sentence of that number."""
        return " ".join(one.text for one in self.sentences[:sentence])

    @cached_property
    def pcm(self) -> Pcm:
        sound = np.zeros(self.ms * SAMPLE_RATE // 1000, np.int16)
        for sentence, begin in zip(self.sentences, self.begins, strict=True):
            start = begin * SAMPLE_RATE // 1000
            sound[start : start + len(sentence.pcm)] = sentence.pcm
        return sound

    def recite(self, timing: Timing = "step", speed: float | None = None) -> Recite:
        """As the simulated model says it. `late`: words come LATE_MS after their sound; `after`: when all of it is out."""
        words, said = list[tuple[int, str]](), 0
        for piece in self.cuts:
            said += len(piece)
            words.append((_due(timing, self.spoken_ms(said)), piece))
        return Recite(self.pcm.tobytes(), words, speed)

    def spoken_ms(self, characters: int) -> int:
        """How much of the reply it takes to say so many characters of it."""
        left = characters
        for sentence, begin in zip(self.sentences, self.begins, strict=True):
            if left <= len(sentence.text):
                return begin + sentence.ms * left // len(sentence.text)
            left -= len(sentence.text) + 1
        return self.ms


def _due(timing: Timing, spoken_ms: int) -> int:
    match timing:
        case "before":
            return 0
        case "ahead":
            return spoken_ms // 3
        case "step":
            return spoken_ms
        case "late":
            return spoken_ms + LATE_MS
        case "after":
            return _NEVER


@dataclass
class Book:
    """Writes the replies of one call: no two sentences of it share a slot. `breaths`: in so many of them there is one."""

    chance: random.Random
    lead_ms: tuple[int, int] = LEAD_MS
    breaths: float = 1 / 3
    replies: list[Reply] = field(default_factory=list)
    _next: int = 0

    def reply(self, texts: Sequence[str], pace: float | None = None) -> Reply:
        """A voice of its own pace and pauses says these sentences."""
        pace = pace or self.chance.uniform(*PACE)
        sentences, begins = list[Sentence](), list[int]()
        at = self.chance.randint(*self.lead_ms)
        for text in texts:
            slots = max(8, round(len(text) / pace * 1000 / SLOT_MS))
            sentences.append(Sentence(text, self._next, slots, self._breath(slots)))
            begins.append(at)
            self._next += slots
            at += slots * SLOT_MS + self.chance.randint(*PAUSE_MS)
        cuts = tuple(_cut(" ".join(texts), self.chance))
        reply = Reply(sentences, begins, at, cuts)
        self.replies.append(reply)
        return reply

    @property
    def sentences(self) -> Iterator[Sentence]:
        return (sentence for reply in self.replies for sentence in reply.sentences)

    def _breath(self, slots: int) -> range:
        length = self.chance.randint(*BREATH_MS) // SLOT_MS
        if slots < 24 or self.chance.random() >= self.breaths:
            return range(0)
        start = self.chance.randrange(8, slots - length - 8)
        return range(start, start + length)


def _cut(text: str, chance: random.Random) -> Iterator[str]:
    """By words, each with the blank before it, as most services send them; or anywhere."""
    if chance.random() < 0.5:
        first, *words = text.split(" ")
        yield first
        yield from (f" {word}" for word in words)
        return
    while text:
        length = chance.randint(1, 24)
        yield text[:length]
        text = text[length:]


# ---- the ear


@dataclass(frozen=True, slots=True)
class Piece:
    """Unbroken sound: where in what was received, and from and to where in its sentence, ms. None: of no sentence.

    `slots`: of the sentence, as they were read in it.
    """

    at_ms: float
    ms: float
    sentence: Sentence | None
    from_ms: float = 0.0
    to_ms: float = 0.0
    slots: Sequence[int] = ()


def hear(pcm: Pcm, sample_rate: int, book: Book) -> list[Piece]:
    """What arrived, in order. Mono, any rate. To some 5 ms: what Opus and a jitter buffer leave of an edge."""
    whose = {s.first + slot: (s, slot) for s in book.sentences for slot in range(s.slots)}
    numbers, hop, window = windows(pcm, sample_rate)
    pieces = list[Piece]()
    for start, end in _sounds(pcm, sample_rate):
        first, last = max(0, -(-(start - window // 4) // hop)), min(len(numbers), (end - window * 3 // 4) // hop + 1)
        centres = dict[tuple[int, int], list[float]]()  # by sentence and slot
        for place in range(first, last):
            if found := whose.get(int(numbers[place])):
                centres.setdefault((found[0].first, found[1]), []).append((place * hop + window / 2) / sample_rate)
        pieces += _pieces(start / sample_rate * 1000, end / sample_rate * 1000, centres, whose)
    return [_attributed(pieces, number) for number in range(len(pieces))]


def _attributed(pieces: Sequence[Piece], number: int) -> Piece:
    """A sound too short or too broken to be read is of the sentence in the middle of which it lies, if there is one."""
    piece = pieces[number]
    before = next((one for one in reversed(pieces[:number]) if one.sentence), None)
    after = next((one for one in pieces[number + 1 :] if one.sentence), None)
    for near, behind in (
        (before, before.at_ms + before.ms - before.to_ms if before else 0.0),
        (after, after.at_ms - after.from_ms if after else 0.0),
    ):
        if piece.sentence or not near or not near.sentence:
            continue
        start, end = piece.at_ms - behind, piece.at_ms + piece.ms - behind
        if start >= -_NEAR_MS and end <= near.sentence.ms + _NEAR_MS:
            return Piece(piece.at_ms, piece.ms, near.sentence, start, end)
    return piece


def _pieces(
    start_ms: float,
    end_ms: float,
    centres: dict[tuple[int, int], list[float]],
    whose: dict[int, tuple[Sentence, int]],
) -> Iterator[Piece]:
    """Of one sound: a piece for each sentence in it."""
    if not centres:
        yield Piece(start_ms, end_ms - start_ms, None)
        return
    by_sentence = dict[int, list[tuple[float, float, int]]]()  # for each slot: how far behind it the sound is, and when
    for (first, slot), found in centres.items():
        middle = float(np.mean(found)) * 1000
        by_sentence.setdefault(first, []).append((middle - (slot + 0.5) * SLOT_MS, middle, slot))
    order = sorted(by_sentence.items(), key=lambda one: one[1][0][1])
    begin = start_ms
    for number, (first, behind) in enumerate(order):
        sentence = whose[first][0]
        at_start = float(np.median([offset for offset, *_ in behind[:_RAGGED]]))
        at_end = float(np.median([offset for offset, *_ in behind[-_RAGGED:]]))
        end = end_ms if number == len(order) - 1 else at_end + sentence.ms
        read = [slot for _, _, slot in behind]
        yield Piece(begin, end - begin, sentence, begin - at_start, end - at_end, read)
        begin = end


def _sounds(pcm: Pcm, sample_rate: int) -> Iterator[tuple[int, int]]:
    """Where there is sound, in samples."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _LOUD)
    if not len(loud):
        return
    breaks = np.flatnonzero(np.diff(loud) > _JOIN_MS * sample_rate // 1000)
    starts, ends = [loud[0], *loud[breaks + 1]], [*loud[breaks], loud[-1]]
    yield from ((int(start), int(end) + 1) for start, end in zip(starts, ends, strict=True))
