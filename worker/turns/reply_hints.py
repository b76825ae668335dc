"""What a reply is told besides the agent's instructions, for this once. Pure."""

from collections.abc import Iterable

LATE_RESULT = "A tool has returned meanwhile. Tell the caller what they do not know of it yet, in one sentence."
ONE_MOMENT = "One moment, please."


def filler(sentence: str) -> str:
    """`sentence`: what the tool has told of how it goes, if it has."""
    known = "It has told how it goes: pass that on" if sentence else "Nothing is known yet: say that it takes a moment"
    return f"The caller waits for a tool. {known}, in their language. {say_only(sentence or ONE_MOMENT)}"


def say_only(sentence: str) -> str:
    words = sentence.replace('"', "'")
    return f'Say only: "{words}"'


def news(results: Iterable[str]) -> str:
    """Of tools that nobody has waited for."""
    told = " ".join(results)
    return f'Something has ended that ran meanwhile; tell the caller now. Say this: "{told}"'


def go_on(heard: str) -> str:
    """The reply before it was lost with its session."""
    return (
        "The line broke while you were speaking. "
        f'The caller has heard this much: "{heard}" Go on from there, without saying it again.'
    )


def taken_up(heard: str) -> str:
    """The reply before it was cut off, and nobody had wanted that."""
    return (
        "You were interrupted by a sound, not by the caller. "
        f'The caller has heard this much: "{heard}" Go on from there, without saying it again.'
    )
