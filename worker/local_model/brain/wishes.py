"""Several wishes at once: heard out of one utterance, given to agents, dropped again."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.plan import MAKE, NEXT, SETTLE
from worker.local_model.brain.choice import Choice
from worker.local_model.brain.phrases import HANDOFF, Offer
from worker.local_model.brain.slots import NO_CONTENT
from worker.local_model.conversation import Item, Message, Say, Tool, ToolCall

PLANNED = "Of course, I will see to one thing after the other."
DROPPED = "All right, I leave that."
_ENOUGH = 0.45  # how near a clause comes to an offer to be a wish of its own
_DROPS = r"(?i)\b(?:forget|never ?mind|skip|drop|cancel|leave|don'?t (?:want|need|bother))\b"
_WISH = re.compile(r"\d+\. (.+?) \((?:later, with (\w+)|(now), with you|done|dropped)\)\.")


@dataclass(frozen=True, slots=True)
class Wish:
    """`agent` is empty for the agent who has the call; `now`: it is the one being dealt with."""

    text: str
    agent: str
    now: bool = False


def named(item: Item) -> str:
    """The wish that a note names as the next; empty for any other item."""
    found = re.match(rf'{NEXT}: "(.+?)"', item.text) if isinstance(item, Message) and item.role == "system" else None
    return found[1] if found else ""


def impossible(item: Item) -> str:
    """Why the wish that a note names cannot be; empty if it can."""
    found = re.search(r"It is not possible: (.+)", item.text) if isinstance(item, Message) else None
    return found[1] if found else ""


def is_settling(call: ToolCall) -> bool:
    return call.name in (MAKE, SETTLE)


def settle(tools: Sequence[Tool], outcome: str = "done") -> list[ToolCall]:
    """The call that says so, if a wish is being dealt with."""
    offered = any(tool.name == SETTLE for tool in tools)
    return [ToolCall(SETTLE, json.dumps({"outcome": outcome}))] if offered else []


def plan(text: str, tools: Sequence[Tool], choose: Callable[[str], list[Choice]]) -> list[Say | ToolCall]:
    """A plan of the wishes in an utterance; nothing when there is only one."""
    if not any(tool.name == MAKE for tool in tools):
        return []
    wishes = list[tuple[str, Offer]]()
    before = ""
    for clause in _clauses(text):
        ranked = choose(clause)
        found = ranked[0].offer if ranked and ranked[0].nearness >= _ENOUGH else None
        if found is None and not wishes:
            before = f"{before} {clause}".strip()
        elif found is None or (wishes and wishes[-1][1].tool is found.tool):
            wishes[-1] = (f"{wishes[-1][0]}, {clause}", wishes[-1][1])
        else:
            wishes.append((f"{before} {clause}".strip(), found))
            before = ""
    if len(wishes) < 2:
        return []
    return [Say(PLANNED), _make([Wish(said, _agent(offer)) for said, offer in wishes])]


def dropped(text: str, instructions: str, tools: Sequence[Tool]) -> list[Say | ToolCall]:
    """What becomes of a plan when the caller drops one of its wishes; nothing when they do not."""
    if not re.search(_DROPS, text):
        return []
    wishes = [
        Wish(found[1], found[2] or "", now=bool(found[3]))
        for found in _WISH.finditer(instructions)
        if found[2] or found[3]
    ]
    said = _content(text)
    nearest = max(wishes, key=lambda wish: len(said & _content(wish.text)), default=None)
    if nearest is None or not (said & _content(nearest.text)):
        return []
    if nearest.now:
        return [Say(DROPPED), *settle(tools, "dropped")]
    return [Say(DROPPED), _make([wish for wish in wishes if wish is not nearest])]


def _make(wishes: Sequence[Wish]) -> ToolCall:
    steps = [{"wish": wish.text, **({"agent": wish.agent} if wish.agent else {})} for wish in wishes]
    return ToolCall(MAKE, json.dumps({"steps": steps}))


def _agent(offer: Offer) -> str:
    name = offer.tool.name if offer.tool else ""
    return name.removeprefix(HANDOFF) if name.startswith(HANDOFF) else ""


def _clauses(text: str) -> list[str]:
    parts = re.split(r"(?<=[?.!;])\s+|,?\s+(?:and then|and also|and|then|also)\s+|,\s+", text)
    return [part.strip() for part in parts if re.search(r"\w", part)]


def _content(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 2 and word not in NO_CONTENT} - {
        "forget",
        "about",
        "want",
        "need",
        "never",
        "mind",
        "leave",
        "cancel",
        "please",
        "back",
    }
