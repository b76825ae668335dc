"""What is taken out of a text before it leaves memory, and what stands in its place. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from agents.redaction import INSTEAD, Kind, RedactionSpec
from worker import pii
from worker.pii.cards import is_issued
from worker.pii.spelling import Spelling

_KINDS: Mapping[pii.Kind, Kind] = MappingProxyType(
    {
        "card_number": "card_numbers",
        "iban": "ibans",
        "national_id": "national_ids",
        "secret": "secrets",
        "email": "emails",
        "phone": "phones",
    }
)
_NUMBERS = frozenset[pii.Kind]({"card_number", "iban", "national_id", "phone"})
PART = "[part of a number]"


@dataclass(frozen=True, slots=True)
class Hole:
    """A piece of a text that is taken out, and what stands there."""

    start: int
    end: int
    instead: str


@dataclass(frozen=True, slots=True)
class Value:
    """Something that was established in a call, and is taken out wherever it stands, or is said."""

    text: str
    instead: str


class Policy:
    """A team's `redact`, for any number of calls at once. `text` is what a span or a label goes through, too."""

    def __init__(self, spec: RedactionSpec) -> None:
        self.spec = spec
        self._kinds = frozenset(found for found, kind in _KINDS.items() if kind in spec.kinds)
        self._patterns = [(re.compile(one.pattern), one.shown) for one in spec.own if one.pattern]
        self.facts = {one.fact: one.shown for one in spec.own if one.fact}
        self.text("Call +44 20 7946 0018.")  # what a detector loads at first, it loads now: it takes 0.2 s

    @property
    def hides_dialled(self) -> bool:
        return "digits" in self.spec.kinds

    @property
    def hides_phones(self) -> bool:
        return "phones" in self.spec.kinds

    @property
    def splits(self) -> bool:
        """Whether there is anything that may be told in pieces, turn by turn."""
        return bool(self._kinds & _NUMBERS)

    def text(self, text: str, values: Iterable[Value] = ()) -> str:
        """A text as it may be kept. `values` are those of the call it belongs to."""
        return filled(text, self.holes(text, values))

    def holes(self, text: str, values: Iterable[Value] = ()) -> list[Hole]:
        """In order; none overlaps another. Of a text that cannot be looked through nothing is kept."""
        try:
            return self._holes(text, values)
        except Exception as error:  # of a detector: it must neither end the call, nor let anything out
            return [Hole(0, len(text), f"[not kept: {type(error).__name__}]")]

    def _holes(self, text: str, values: Iterable[Value]) -> list[Hole]:
        found = self._found(text, self._kinds)
        found += [Hole(*match.span(), shown) for pattern, shown in self._patterns for match in pattern.finditer(text)]
        return merged([*found, *valued(text, values)])

    def numbers(self, text: str) -> list[Hole]:
        """Of a text that is put together from several turns: only what is made of digits.

        Of two numbers that have nothing to do with one another, every tenth pair has a check digit that fits: so a card
        is one of an issuer's here.
        """
        try:
            spans = pii.find(text, self._kinds & _NUMBERS)
        except Exception:  # of a detector: each turn by itself has gone through it, and is as it may be
            return []
        return [
            _hole(span)
            for span in spans
            if span.kind != "card_number" or is_issued(_spelt(text[span.start : span.end]))
        ]

    def _found(self, text: str, kinds: Collection[pii.Kind]) -> list[Hole]:
        return [_hole(span) for span in pii.find(text, kinds)] if kinds and text else []


def _hole(span: pii.Span) -> Hole:
    return Hole(span.start, span.end, INSTEAD[_KINDS[span.kind]])


def without(text: str, values: Iterable[Value]) -> str:
    """A text with what stands in place of these values, and all else as it is."""
    return filled(text, merged(valued(text, values)))


def filled(text: str, holes: Sequence[Hole]) -> str:
    """A text with what stands in place of its holes, which are in order."""
    kept, end = [], 0
    for hole in holes:
        kept += [text[end : hole.start], hole.instead]
        end = hole.end
    return "".join([*kept, text[end:]])


def merged(holes: Iterable[Hole]) -> list[Hole]:
    """In order; those that overlap are one, and the first of them says what stands there."""
    joined = list[Hole]()
    for hole in sorted(holes, key=lambda one: (one.start, -one.end)):
        if joined and hole.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Hole(last.start, max(last.end, hole.end), last.instead)
        elif hole.end > hole.start:
            joined.append(hole)
    return joined


def valued(text: str, values: Iterable[Value]) -> Iterator[Hole]:
    """Where values stand, written, said or spelt out."""
    if not (wanted := [(spelt, value.instead) for value in values if (spelt := _spelt(value.text))]):
        return
    spelling = spelling_of(text)
    for chars, instead in wanted:
        at = spelling.chars.find(chars)
        while at >= 0:
            if spelling.whole(at, at + len(chars)):
                yield Hole(*spelling.span(at, at + len(chars)), instead)
            at = spelling.chars.find(chars, at + 1)


@lru_cache(maxsize=16)
def spelling_of(text: str) -> Spelling:
    """A text is looked at more than once while it is recorded."""
    return Spelling(text)


@lru_cache(maxsize=1024)
def _spelt(value: str) -> str:
    return Spelling(value).chars
