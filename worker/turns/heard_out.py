"""How much of what an agent is saying is heard although the caller wants the floor. Pure."""

import re
from collections.abc import Sequence

from agents import claims
from agents.turn_taking import Interruptions

_END = r"[.!?\u2026]+[\"'\u201d\u2019)\]]*"
_SENTENCE = re.compile(rf"[^.!?\u2026]*(?:{_END}\s*|$)")


def reach(text: str, heard: int, policy: Interruptions, must_hear: Sequence[str]) -> int:
    """After how many characters of `text` it may be cut; `heard` of them have been. The least is `heard`."""
    if policy == "none":
        return len(text)
    needed = heard
    for start, end in _sentences(text):
        notice = claims.claimed(text[start:end], must_hear) if must_hear else False
        in_the_middle = policy == "polite" and start < heard < end
        if end > heard and (notice or in_the_middle):
            needed = end
    return needed


def asks(heard: str) -> bool:
    """Whether the last whole sentence that was heard is a question."""
    whole = [heard[start:end] for start, end in _sentences(heard)]
    ended = [sentence for sentence in whole if re.search(rf"{_END}\s*$", sentence)]
    return bool(ended) and "?" in ended[-1]


def _sentences(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _SENTENCE.finditer(text) if found.end() > found.start()]
