"""Cuts a message into sentences while its words still come."""

import re
from dataclasses import dataclass

from livekit.agents.tokenize import blingfire

LONGEST = 240  # characters without an end; more are a unit of their own
_MARKS = ".!?…\u061f\u06d4\u0964\u0965"  # the last ones are Arabic, Urdu and Indian
_CLOSING = ")\\]}\"'\u201d\u2019»"
_WIDE = "\u3002\uff01\uff1f"  # Chinese and Japanese ones need no blank
_END = re.compile(rf"[{_MARKS}][{_CLOSING}]*(?=\s)|[{_WIDE}]")  # may end a sentence, and is known to be over
_MARKED = re.compile(rf"(?<!\d)[{_MARKS}][{_CLOSING}]*\Z")  # after a digit it may be the point of 4.50
_NEXT = " Then"  # whatever begins like this begins a sentence, if what is before it has ended
_SPLITTER = blingfire.SentenceTokenizer(min_sentence_len=1, retain_format=True)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` of a message's text; the next one begins at `end`, with the blank between them."""

    number: int  # from 0
    start: int
    end: int


class Sentences:
    """A sentence is complete as soon as something follows its end mark: "Dr. " and "4.50" go on.

    Until then it is `likely` complete: most services send the mark, and with the next word the blank that follows it.
    """

    def __init__(self) -> None:
        self.text = ""
        self._count = self._start = self._seen = 0

    def add(self, text: str) -> list[Sentence]:
        """The sentences that are complete now, and were not before."""
        self.text += text
        found = list[Sentence]()
        while end := self._next_end():
            found.append(self._cut(end))
        return found

    def end(self) -> list[Sentence]:
        """No more comes: what is left is the last one."""
        return [self._cut(len(self.text))] if self.text[self._start :].strip() else []

    @property
    def likely(self) -> Sentence | None:
        """The sentence that is over if a blank comes next, or nothing; "example." may go on with "com"."""
        present = self.text[self._start :]
        over = _MARKED.search(present) and _ends(present)
        return Sentence(self._count, self._start, len(self.text)) if over else None

    def _cut(self, end: int) -> Sentence:
        sentence = Sentence(self._count, self._start, end)
        self._count += 1
        self._start = self._seen = end
        return sentence

    def _next_end(self) -> int:
        """Where the present sentence ends; 0 if that is not known yet."""
        for mark in _END.finditer(self.text, self._seen):
            if mark.end() - self._start > LONGEST:
                break
            self._seen = mark.end()
            if _ends(self.text[self._start : mark.end()]):
                return mark.end()
        if len(self.text) - self._start <= LONGEST:
            return 0
        blank = self.text.rfind(" ", self._start + 1, self._start + LONGEST)
        return blank if blank > 0 else self._start + LONGEST


def _ends(text: str) -> bool:
    """Whether a sentence can begin after `text`, which ends with a mark."""
    pieces = _SPLITTER.tokenize(text + _NEXT)
    return len(pieces) > 1 and pieces[-1].strip() == _NEXT.strip()
