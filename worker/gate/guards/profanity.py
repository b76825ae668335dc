"""Swear words, from a list that others keep."""

import re
from collections.abc import Iterator, Sequence

from glin_profanity.data.dictionary import DictionaryLoader

from worker.gate.guard import Passage
from worker.gate.guards.places import Within
from worker.gate.guards.ruling import Found

_EVERYDAY = frozenset(
    (
        *("anus", "bbw", "cock", "cocks", "cornhole", "dick", "domination", "fanny", "fingering", "girl on top", "hoe"),
        *("how to kill", "lemon party", "nipple", "nipples", "pansy", "rectum", "scat", "snatch", "suck", "sucks"),
        *("tied up", "vagina", "vulva"),
    )
)  # names, tools, parts of the body, ways to say that a line is busy: said where nobody swears
_TOKEN = re.compile(r"[^\s.,;:?()\"]+")
_EDGES = "!'`-*\u2019\u201c\u201d"
_PLAIN = str.maketrans("@43105$7*", "aaeioss" + "tu")
_LONG = re.compile(r"(\w)\1{2,}")


class Profanity:
    """As whole words, in the usual disguises (`sh1t`, `fuuuck`). The languages are those that the list knows."""

    def __init__(self, languages: Sequence[str]) -> None:
        lists = DictionaryLoader()
        words = {word.casefold() for language in languages for word in lists.get_words(language)} - _EVERYDAY
        self._words = frozenset(word for word in words if len(word) > 2)
        self._begin = frozenset(word.split()[0] for word in self._words if " " in word)
        self._longest = max((len(word.split()) for word in self._words), default=1)

    async def look(self, passage: Passage) -> Found | None:
        within = Within(passage)
        found = [span for span in self._spans(within.whole) if within.touches(*span)]
        return Found("a swear word", within.without(found, "…"), text=within.text_of(found)) if found else None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        tokens = [(match[0].strip(_EDGES).casefold(), *match.span()) for match in _TOKEN.finditer(text)]
        for place, (word, start, end) in enumerate(tokens):
            if any(one in self._words for one in _disguised(word)):
                yield start, end
            elif word in self._begin:
                phrase = word
                for further, _, stop in tokens[place + 1 : place + self._longest]:
                    phrase += f" {further}"
                    if phrase in self._words:
                        yield start, stop


def _disguised(word: str) -> Iterator[str]:
    """What a word may stand for."""
    yield word
    plain = word.translate(_PLAIN)
    yield plain
    if _LONG.search(plain):
        yield _LONG.sub(r"\1", plain)
        yield _LONG.sub(r"\1\1", plain)
