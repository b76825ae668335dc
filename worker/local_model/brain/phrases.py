"""What instructions and tools offer, read from their text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.orchestrator import NOTE, STOP
from agents.plan import MAKE, SETTLE
from worker.local_model.brain.slots import slots_of
from worker.local_model.conversation import Tool

HANDOFF = "transfer_to_"
_FOR_US = (MAKE, SETTLE, NOTE)  # no caller asks for these


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a caller may want: a tool, a handoff, or an answer that the instructions hold."""

    phrases: tuple[str, ...]  # what callers say who want it
    frames: tuple[str, ...] = ()  # how such phrases begin, when what follows can be anything: `tell me about the`
    tool: Tool | None = None
    answer: str = ""


def offers(instructions: str, tools: tuple[Tool, ...]) -> list[Offer]:
    return [*(_tool_offer(tool) for tool in tools if tool.name not in _FOR_US), *_answers(instructions)]


def able(tools: Iterable[Tool]) -> list[Tool]:
    """What can be done for a caller, handoffs apart."""
    return [tool for tool in tools if tool.name not in (*_FOR_US, STOP) and not tool.name.startswith(HANDOFF)]


def quoted_after(label: str, instructions: str) -> str | None:
    """The sentence in quotes on a line such as `Greet with: "Hello."`."""
    found = re.search(rf'(?im)^\s*{label}:?\s*"([^"]+)"', instructions)
    return found[1] if found else None


def summary(tool: Tool) -> str:
    """The description's first sentence, in lower case: `look up an order`."""
    first = re.split(r"(?<=[.!?])\s|\n|:", tool.description.strip())[0].rstrip(".")
    return first[:1].lower() + first[1:]


def asks_first(tool: Tool) -> bool:
    """Whether the caller is to confirm before it is called."""
    return bool(re.search(r"(?i)\bconfirm\b", re.sub(r"(?is)examples:.*", "", tool.description)))


def _tool_offer(tool: Tool) -> Offer:
    said, _, examples = tool.description.partition("Examples:")
    condition = re.sub(r"(?i)hand the caller over\.|say nothing first\.|confirm first\.", "", said).split("\n")[0]
    quoted = re.findall(r'"([^"]+)"', examples.replace("\n", " "))
    name = tool.name.removeprefix(HANDOFF).replace("_", " ")
    return Offer((*quoted, condition.strip() or name), _frames(tool, quoted), tool)


def _frames(tool: Tool, examples: list[str]) -> tuple[str, ...]:
    if not any(slot.is_free and not slot.is_reason for slot in slots_of(tool.parameters)):
        return ()
    begun = [re.match(r"(.*?\b(?:the|an?))\b", example.lower()) for example in examples]
    return tuple(found[1] for found in begun if found and found[1].count(" ") >= 2)


def _answers(instructions: str) -> list[Offer]:
    found = re.findall(r'(?im)^\s*Answer "([^"]+)" with:?\s*"([^"]+)"', instructions)
    return [Offer(tuple(re.findall(r"[^?.!]+[?.!]?", question)), answer=answer) for question, answer in found]
