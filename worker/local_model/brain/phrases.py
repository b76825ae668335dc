"""What instructions and tools offer, read from their text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.orchestrator import NOTE, STOP
from agents.plan import MAKE, SETTLE
from worker.local_model.brain.slots import NO_CONTENT, slots_of, trimmed
from worker.local_model.conversation import Tool
from worker.spoken.dates import without_days
from worker.spoken.numbers import is_number_word
from worker.spoken.times import without_times

HANDOFF = "transfer_to_"
_NO_VERBS = frozenset(["here", "am", "good", "sorry", "as"])
_POLITE = (
    "(?:please|then|and|also|now|so|well|okay|ok|thanks|thank you|(?:can|could|will|would) (?:you|we)"
    "|i want to|i need to|i'd like to|i would like to|let's|let us)"
)
_FOR_US = (MAKE, SETTLE, NOTE)  # no caller asks for these


@dataclass(frozen=True, slots=True)
class Offer:
    """Something a caller may want: a tool, a handoff, or an answer that the instructions hold."""

    phrases: tuple[str, ...]  # what callers say who want it
    frames: tuple[str, ...] = ()  # how such phrases begin, when what follows can be anything: `tell me about the`
    tool: Tool | None = None
    answer: str = ""
    verbs: frozenset[str] = frozenset()  # what such phrases ask to do: `renew`, `find`


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
    """The description's first sentence, in lower case: `renew a loan`."""
    first = re.split(r"(?<=[.!?])\s|\n|:", tool.description.strip())[0].rstrip(".")
    return first[:1].lower() + first[1:]


def subject(tool: Tool, text: str) -> str:
    """What a request is about, without the words of the request and the tool's other values: `lunch with Ben`, of `put
    lunch with Ben in my calendar for Friday at one`."""
    examples = re.findall(r'"([^"]+)"', tool.description.partition("Examples:")[2])
    slots = slots_of(tool.parameters)
    words = [tool.name.replace("_", " "), summary(tool), *map(verb, examples), *(slot.label for slot in slots)]
    framing = {
        form for word in re.findall(r"[a-z]+", " ".join(words).lower()) for form in (word, word.removesuffix("s"))
    }
    if any(slot.is_number for slot in slots):
        framing |= {word for word in re.findall(r"[a-z]+|\d+", text.lower()) if word.isdigit() or is_number_word(word)}
    return trimmed(without_values(tool, text), frozenset(framing))


def verb(text: str) -> str:
    """What a request asks to do, by its first word that tells anything; empty when it is no request."""
    said = re.sub(rf"(?i)^\W*(?:{_POLITE}\W+)*", "", text)
    first = re.match(r"[a-z]+", said.lower())
    return first[0] if first and first[0] not in NO_CONTENT and first[0] not in _NO_VERBS else ""


def without_values(tool: Tool, text: str) -> str:
    """A text without the days and times that are values of this tool."""
    slots = slots_of(tool.parameters)
    if any(slot.is_time or slot.is_length for slot in slots):
        text = without_times(text)
    return without_days(text) if any(slot.is_day for slot in slots) else text


def asks_first(tool: Tool) -> bool:
    """Whether the caller is to confirm before it is called."""
    return bool(re.search(r"(?i)\bconfirm\b", re.sub(r"(?is)examples:.*", "", tool.description)))


def _tool_offer(tool: Tool) -> Offer:
    said, _, examples = tool.description.partition("Examples:")
    condition = re.sub(r"(?i)hand the caller over\.|say nothing first\.|confirm first\.", "", said).split("\n")[0]
    quoted = re.findall(r'"([^"]+)"', examples.replace("\n", " "))
    name = tool.name.removeprefix(HANDOFF).replace("_", " ")
    verbs = frozenset(verb(example) for example in quoted) - {""}
    return Offer((*quoted, condition.strip() or name), _frames(tool, quoted), tool, verbs=verbs)


def _frames(tool: Tool, examples: list[str]) -> tuple[str, ...]:
    if not any(slot.is_free and not slot.is_reason for slot in slots_of(tool.parameters)):
        return ()
    begun = [re.match(r"(.*?\b(?:the|an?))\b", example.lower()) for example in examples]
    return tuple(found[1] for found in begun if found and found[1].count(" ") >= 2)


def _answers(instructions: str) -> list[Offer]:
    found = re.findall(r'(?im)^\s*Answer "([^"]+)" with:?\s*"([^"]+)"', instructions)
    return [Offer(tuple(re.findall(r"[^?.!]+[?.!]?", question)), answer=answer) for question, answer in found]
