"""How the embedded brain puts things."""

import contextlib
import json
import re
from collections.abc import Sequence
from typing import Any

from agents.cards import UNSEEN
from worker.local_model.brain.phrases import HANDOFF, able, summary
from worker.local_model.brain.slots import Slot
from worker.local_model.conversation import Say, Tool, ToolCall

NOT_HEARD = "Sorry, I did not catch that. Could you say it again?"
STILL_THERE = "Are you still there?"
LEFT_ALONE = "All right, I leave it as it is. What else can I do for you?"
BACK = "I am with you again. What can I do for you?"
ANYTHING_ELSE = "Is there anything else?"
GIVEN_UP = "I am sorry, I cannot make it out. What else can I do for you?"
BROKEN = "I am sorry, that did not work. Could you try it in other words?"
_SENTENCES = 4
# beside a result, for the agent; what a tool says in words of its own tells it all, else the note does
_UNSEEN = re.compile(rf"\[{UNSEEN}.*?you have to say: (.*?)\]$", re.DOTALL)
_LONGEST_WISH = 12  # words; a longer one is no reminder any more
_POLITE = re.compile(
    r"(?i)^(?:and|then|also|please|first|(?:i|we) (?:also )?(?:want|need|wish|would like|'d like) to|i'd like to|"
    r"(?:can|could|would|will) you|,)\s+"
)
_TURNED = (("i am", "you are"), ("i'm", "you are"), ("i", "you"), ("my", "your"), ("me", "you"), ("mine", "yours"))


def ask(slot: Slot, tries: int) -> str:
    if tries == 0:
        return slot.question
    described = str(slot.schema.get("description") or slot.label)
    return f"Sorry, I need {described}. Could you say it once more?"


def turning_to(wish: str, thoughts: Sequence[Say | ToolCall], *, first: bool) -> list[Say | ToolCall]:
    """A question about a wish names it before: nobody shall wonder what it is about."""
    match thoughts:
        case [Say(text)] if text.endswith("?") and len(wish.split()) <= _LONGEST_WISH:
            return [Say(f"{'First' if first else 'Next'}: {_echo(wish)}. {text}")]
        case _:
            return list(thoughts)


def _echo(wish: str) -> str:
    """`I want to renew my card` as the other says it: `renew your card`."""
    said = wish.strip(" .?!")
    while (shorter := _POLITE.sub("", said)) != said:
        said = shorter
    for mine, yours in _TURNED:
        said = re.sub(rf"(?i)\b{mine}\b", yours, said)
    return said


def confirm(slots: Sequence[Slot], values: dict[str, Any]) -> str:
    parts = [f"{slot.label}, {slot.read_back(values[slot.name])}" for slot in slots if slot.name in values]
    return f"Let me read that back: {'; '.join(parts)}. Is that right?"


def help_with(tools: Sequence[Tool]) -> str:
    tasks = [summary(tool) for tool in able(tools)]
    others = [tool.name.removeprefix(HANDOFF).replace("_", " ") for tool in tools if tool.name.startswith(HANDOFF)]
    parts = [f"I can {_listed(tasks)}"] if tasks else []
    parts += [f"put you through to {_listed(others)}"] if others else []
    said = " and ".join(parts) or "I can talk with you"
    return f"{said[0].upper()}{said[1:]}."


def result(output: str) -> str:
    """A tool's output as it is spoken: sentences as they are, JSON as words, errors of the machine as an apology."""
    text = output.strip()
    if note := _UNSEEN.search(text):
        text = text[: note.start()].rstrip() or note[1]
    if not text:
        return "Done."
    if text.startswith(("Error parsing arguments", "An internal error", "Unknown function")):
        return BROKEN
    with contextlib.suppress(ValueError):
        text = _worded(json.loads(text))
    return " ".join(re.split(r"(?<=[.!?])\s+", text)[:_SENTENCES])


def _worded(value: Any) -> str:
    match value:
        case dict():
            return ". ".join(f"The {key.replace('_', ' ')} is {_worded(part)}" for key, part in value.items()) + "."
        case list():
            shown = _listed([_worded(part) for part in value[:3]], last="and")
            return f"{shown}, and {len(value) - 3} more" if len(value) > 3 else shown
        case bool():
            return "yes" if value else "no"
        case None:
            return "not known"
        case _:
            return str(value)


def _listed(parts: Sequence[str], last: str = "or") -> str:
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}" if len(parts) > 1 else "".join(parts)
