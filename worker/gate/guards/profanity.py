"""Swear words, from a list that others keep."""

from collections.abc import Sequence

import regex
from glin_profanity.data.dictionary import DictionaryLoader

from worker.gate.guards.patterns import Patterns

_EVERYDAY = frozenset(
    (
        *("anus", "bbw", "cock", "cocks", "cornhole", "dick", "domination", "fanny", "fingering", "girl on top", "hoe"),
        *("how to kill", "lemon party", "nipple", "nipples", "pansy", "rectum", "scat", "snatch", "suck", "sucks"),
        *("tied up", "vagina", "vulva"),
    )
)  # names, tools, parts of the body, ways to say that a line is busy: said where nobody swears
_DISGUISES = {"a": "[a@4]", "e": "[e3]", "i": "[i1!]", "o": "[o0]", "s": "[s$5]", "t": "[t7]", "u": "[uv*]"}


def swearing(languages: Sequence[str]) -> Patterns:
    """As whole words, in the usual disguises (`sh1t`, `fuuuck`). The languages are those that the list knows."""
    lists = DictionaryLoader()
    words = {word.casefold() for language in languages for word in lists.get_words(language)} - _EVERYDAY
    shapes = sorted((_shape(word) for word in words if len(word) > 2), key=len, reverse=True)
    return Patterns([rf"(?i)(?<!\w)(?:{'|'.join(shapes)})(?!\w)"], "a swear word")


def _shape(word: str) -> str:
    return "".join(r"[\W_]+" if char == " " else f"{_DISGUISES.get(char, regex.escape(char))}+" for char in word)
