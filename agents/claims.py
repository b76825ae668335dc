"""What an agent says it has done. Pure."""

import re
from collections.abc import Iterable


def claimed(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of the phrases is said, word for word; case and punctuation aside."""
    said = f" {_words(text)} "
    return any(f" {_words(phrase)} " in said for phrase in phrases)


def correction(tools: Iterable[str]) -> str:
    """What the agent is told for its next reply only, who has said that these have done their work."""
    return (
        f"What you have told the caller as done is not done: {', '.join(tools)} has not run. Say so in one short sentence. "
        "Then do it, if all is known and the caller has agreed; otherwise ask for what is missing."
    )


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+(?:'\w+)?", text.lower()))
