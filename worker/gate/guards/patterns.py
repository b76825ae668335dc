"""Patterns and words, in what came before too: sentences come one by one, and a phrase may be split over two."""

from collections.abc import Iterable
from typing import Any

import regex

from worker.gate.guard import Passage
from worker.gate.guards.places import Within
from worker.gate.guards.ruling import Found

_PATIENCE_S = 0.02  # a pattern that backtracks without end would hold up every call of this process


class EndlessPattern(Exception):
    """A pattern backtracks without end on some text."""


class Patterns:
    """`patterns`: regular expressions. Raises EndlessPattern, which blocks."""

    def __init__(self, patterns: Iterable[str], why: str) -> None:
        self._patterns = [regex.compile(pattern) for pattern in patterns]
        self._why = why

    async def look(self, passage: Passage) -> Found | None:
        within = Within(passage)
        found = [span for pattern in self._patterns for span in _spans(pattern, within.whole) if within.touches(*span)]
        if not found:
            return None
        return Found(self._why, within.without(found, "…"), text=within.text_of(found))


def of_words(words: Iterable[str]) -> str:
    """A pattern for any of these, as whole words, in any case; what parts the words of a phrase is all the same."""
    each = [r"[\W_]+".join(regex.escape(part) for part in word.split()) for word in words]
    return rf"(?i)(?<!\w)(?:{'|'.join(sorted(each, key=len, reverse=True))})(?!\w)"


def _spans(pattern: Any, text: str) -> list[tuple[int, int]]:
    try:
        return [match.span() for match in pattern.finditer(text, timeout=_PATIENCE_S) if match[0]]
    except TimeoutError:  # of the pattern: the guard's own deadline may be far
        raise EndlessPattern("a pattern takes too long; say it without repetitions within repetitions") from None
