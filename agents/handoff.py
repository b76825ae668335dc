"""A handoff as the model sees it: a tool without parameters that says when it is right."""

from collections.abc import Sequence

PREFIX = "transfer_to_"


def tool_name(agent: str) -> str:
    return PREFIX + agent


def target(tool: str) -> str | None:
    """The agent that a tool hands over to; None when it is no handoff."""
    return tool.removeprefix(PREFIX) if tool.startswith(PREFIX) else None


def result(agent: str) -> str:
    """What comes of the call of that tool."""
    return f"The caller is with {agent} now."


def description(when: str, examples: Sequence[str], announce: bool) -> str:
    """What the model reads about a handoff: the condition, what callers say, and how to go about it."""
    manner = (
        "Say in a few words that you are putting them through, then call this." if announce else "Say nothing first."
    )
    phrases = ", ".join(f'"{example}"' for example in examples)
    return "\n".join([f"Hand the caller over. {when} {manner}", *([f"Examples: {phrases}"] if phrases else [])])


def entry_hint(source: str, *, refused: bool = False, returning: bool = False) -> str:
    """What the agent who now speaks is told for its first reply only. `returning`: it has had this caller before."""
    if refused:
        return (
            f"The caller could not be put through to {source}. Say so in one sentence, and go on helping them yourself."
        )
    if returning:
        return (
            f"The caller is back with you, from {source}. Do not greet, and do not introduce yourself. If they asked for "
            "something that nobody has answered yet, deal with it now. Otherwise ask what else you can do."
        )
    return (
        f"You now hold the call, handed over by {source}; the caller knows. Do not greet. If the caller asked for "
        "something that nobody has answered yet, deal with it now. Otherwise say how you can help."
    )
