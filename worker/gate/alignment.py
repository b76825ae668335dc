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
UNEVEN = 1.5  # so much faster than the rest, at most, is one part of a message spoken
_TELLING = 30  # characters that show how fast a voice is
_AFTER_S = 0.15  # of a pause is heard, at most: a word dies away in it
_SPELT = re.compile(r"\S*[\d@/\\]\S*|\b[A-Z]{2,}\b")  # may be spoken sign by sign
_ENDS = re.compile(r"[.!?](?=\s|$)")
_ENDING = 10  # letters that the end of a sentence may take as long as: a lone "Yes." is drawn out
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
        for number in range(self._anchored, passed):  # each end that is found tells where the next is, at the soonest
            if found := self._pause(text, ends, number, ended=False):
                self._anchor, self._anchored, self._last = (ends[number], found.before), number + 1, found.start
        if ended:
            found = self._pause(text, ends, passed - 1, ended=True)
        elif not found and self._anchored == passed:
            found = next(pause for pause in self._pauses.found if pause.end > self._last)
        if found:
            return Reach(self._into(found), whole=True)
        return Reach(self._soonest(text, ends[passed - 1], ended=ended), whole=False)

    def _pause(self, text: str, ends: Sequence[int], number: int, *, ended: bool) -> Pause | None:
        """The one that ends the sentence of that number, or an earlier one.

        Between the end of the next sentence and the last end that was found are `blanks`, one after each sentence, which
        take no time where a voice runs on.
        """
        end, after = ends[number], ends[number + 1] if number + 1 < len(ends) else len(text)
        blanks = number + 1 - max(0, self._anchored - 1)
        soonest = self._soonest(text, end, ended=ended) - self._sample_rate // 100
        pause = next((pause for pause in self._pauses.found if pause.start >= soonest), None)
        return pause if pause and pause.before < self._too_late(text, after, blanks, ended=ended) else None

    def _soonest(self, text: str, end: int, *, ended: bool) -> int:
        """Before that position, the words up to there cannot be over: not even with no pause among them."""
        bound = self._last + self._took(end, FASTEST / MARGIN)
        return max(bound, self._pauses.position(self._share(text, end))) if ended else bound

    def _too_late(self, text: str, end: int, blanks: int, *, ended: bool) -> int:
        """With so many samples of speech, the words up to there may be over."""
        characters, speech = self._anchor
        pace = slow(text[:characters]) * self._sample_rate / speech if characters >= _TELLING else FAST
        bound = speech + self._took(end - blanks, min(FAST, UNEVEN * pace))
        return max(bound, self._share(text, end)) if ended else bound

    def _took(self, end: int, pace: float) -> int:
        """Samples from the last end that was found, at so many characters a second."""
        return round((end - self._anchor[0]) / pace * self._sample_rate)

    def _share(self, text: str, end: int) -> int:
        """Of a message that is all there, so much of its speech is before that, at least: the rest may have been slow."""
        rest = UNEVEN * slow(text[end:])
        return round(self._pauses.speech * end / (end + rest)) if end else 0

    def _into(self, pause: Pause) -> int:
        return pause.start + min((pause.end - pause.start) // 2, round(_AFTER_S * self._sample_rate))


def slow(text: str) -> int:
    """Of how many letters a text takes the time, at most: what may be spelt takes longer than it looks."""
    letters = len(text) + _ENDING * len(_ENDS.findall(text))
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
