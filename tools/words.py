"""Which of several texts a caller means, by the words they share."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")

_SAY_NOTHING = frozenset(
    {"a", "about", "an", "and", "any", "anything", "appointment", "at", "can", "did", "do", "does", "find", "for"}
    | {"from", "had", "has", "have", "how", "i", "if", "in", "is", "it", "know", "look", "me", "my"}
    | {"note", "notes", "of", "on", "or", "our", "please", "say", "says", "something", "tell", "that", "the", "there"}
    | {"this", "to", "up", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with"}
    | {"you", "your"}
)


def telling(text: str) -> list[str]:
    """The words of a text that tell what it is about, in lower case."""
    return [word for word in re.findall(r"[^\W_]+", text.lower()) if word not in _SAY_NOTHING]


def nearest(said: str, things: Iterable[Thing], text_of: Callable[[Thing], str]) -> list[Thing]:
    """Those that share the most words with what was said, in their order; none if none shares any."""
    wanted = {_stem(word) for word in telling(said)}
    shared = [(len(wanted & {_stem(word) for word in telling(text_of(thing))}), thing) for thing in things]
    most = max((count for count, _ in shared), default=0)
    return [thing for count, thing in shared if count == most > 0]


def _stem(word: str) -> str:
    """`keys` and `key` are one word."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
