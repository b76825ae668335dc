"""Which words of a message belong to which of its samples. No provider says so: what is known is a bound, and pauses.

A finished message is taken to be spoken at an even pace; of one that still grows, words run ahead of its audio, or behind
it, by an unknown lead, so an upper bound of the pace of speech counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.gate.pauses import Pause, Pauses

CHARACTERS_PER_SECOND = 17
FASTEST = 20  # characters a second: no voice speaks faster
MARGIN = 0.9  # of what the bound allows
FAST = 18  # characters a second: a voice that seems to speak faster has not said as much yet
UNEVEN = 1.3  # so much faster than the rest, at most, is one part of a message spoken
_TELLING = 30  # characters that show how fast a voice is
_AFTER_S = 0.15  # of a pause is heard, at most: a word dies away in it
_SPELT = re.compile(r"\S*[\d@/\\]\S*|\b[A-Z]{2,}\b")  # may be spoken sign by sign
_DIGIT, _SIGN = 12, 6  # letters that one of these may take as long as, when it is dictated


@dataclass(frozen=True, slots=True)
class Reach:
    """So many samples surely belong to the words in question. `whole`: they end in a pause, not within a word."""

    samples: int
    whole: bool


class Alignment:
    """One message, whose words and samples come in any order. `text` is always all of it that is known.

    The end of a sentence is heard as a pause. The first pause after the least that its words can take is that end, or an
    earlier one: so what comes before it is safe, even if the sentence is cut. A voice may run from one sentence into the
    next without a pause; then the next pause is too late, and it is recognised by that: it comes no sooner than the next
    sentence can have ended.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._pauses = Pauses(sample_rate)
        self._anchored = 0  # sentences whose end is found
        self._anchor = (0, 0)  # their characters, and the samples of speech before that end
        self._last = 0  # where its pause begins

    @property
    def speech_s(self) -> float:
        return self._pauses.speech / self._sample_rate

    def feed(self, pcm: bytes) -> None:
        self._pauses.feed(pcm)

    def reach(self, text: str, ends: Sequence[int], *, passed: int, ended: bool) -> Reach:
        """What belongs to the first `passed` sentences of `text`; `ends`: where those that are known end."""
        found: Pause | None = None
        for number in range(passed - 1 if ended else self._anchored, passed):
            after = ends[number + 1] if number + 1 < len(ends) else len(text)
            found = self._pause(text, ends[number], after, ended=ended)
            if found and not ended:
                self._anchor, self._anchored, self._last = (ends[number], found.before), number + 1, found.start
        if not found and not ended and self._anchored == passed:
            found = next(pause for pause in self._pauses.found if pause.end > self._last)
        if found:
            return Reach(self._into(found), whole=True)
        least = self._least(text, ends[passed - 1], FASTEST / MARGIN, ended=ended)
        return Reach(self._pauses.position(least), whole=False)

    def _pause(self, text: str, end: int, after: int, *, ended: bool) -> Pause | None:
        """The one that ends the sentence which ends there, or an earlier one; the next sentence ends at `after`."""
        least = self._least(text, end, FASTEST / MARGIN, ended=ended) - self._sample_rate // 100
        too_late = self._least(text, after, self._fast(text), ended=ended)
        pause = next((pause for pause in self._pauses.found if pause.before >= least), None)
        return pause if pause and pause.before < too_late else None

    def _fast(self, text: str) -> float:
        """Characters a second that this voice does not exceed, by what is known of it: its sentences end no sooner."""
        characters, speech = self._anchor
        pace = slow(text[:characters]) * self._sample_rate / speech if characters >= _TELLING else FAST
        return min(FAST, UNEVEN * pace)

    def _least(self, text: str, end: int, pace: float, *, ended: bool) -> int:
        """So many samples of speech, at least, the words up to there take. `pace`: characters a second, at most."""
        characters, speech = self._anchor
        bound = speech + round((end - characters) / pace * self._sample_rate)
        if ended:  # the rest took the rest of the time: it was spoken slowly, at worst, and this quickly
            bound = max(bound, round(self._pauses.speech * end / (end + UNEVEN * slow(text[end:]) or 1)))
        return bound

    def _into(self, pause: Pause) -> int:
        return pause.start + min((pause.end - pause.start) // 2, round(_AFTER_S * self._sample_rate))


def slow(text: str) -> int:
    """Of how many letters a text takes the time, at most: what may be spelt takes longer than it looks."""
    letters = len(text)
    for spelt in _SPELT.finditer(text):
        letters += sum((_DIGIT if sign.isdigit() else _SIGN) - 1 for sign in spelt[0])
    return letters


def heard_text(text: str, *, heard: int, fed: int, ended: bool, sample_rate: int) -> str:
    """The beginning of `text` that `heard` of the `fed` samples carry, up to the end of the word begun."""
    if ended and heard >= fed:
        return text
    length = len(text) * heard // fed if ended else heard * CHARACTERS_PER_SECOND // sample_rate
    if length <= 0 or length >= len(text):
        return text[: max(0, length)]
    end = text.find(" ", length)
    return text if end < 0 else text[:end]
