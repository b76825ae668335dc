"""Several wishes at once: heard out of one utterance, given to agents, added, dropped and put in another order."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from agents.plan import MAKE, SETTLE
from agents.sub_agent import PREFIX as ASK
from worker.local_model.brain.choice import ENOUGH, Choice
from worker.local_model.brain.past import named_wish
from worker.local_model.brain.phrases import HANDOFF, Offer
from worker.local_model.brain.slots import NO_CONTENT, clean
from worker.local_model.conversation import Item, Message, Say, Tool, ToolCall
from worker.spoken.numbers import is_number_word, runs

Choose = Callable[[str, Sequence[Offer]], list[Choice]]

PLANNED = "Of course, I will see to one thing after the other."
DROPPED = "All right, I leave that."
GIVEN_UP = "I am sorry, I cannot make it out, and leave that."
ALL_DROPPED = "All right, I leave all of that. What else can I do for you?"
ADDED = "I will see to that as well."
REORDERED = "All right, that first."
_ENOUGH = 0.45  # how near a clause comes to an offer to be a wish of its own
_MEANT = 0.4  # how near one comes to a wish of the plan that speaks of it
_NUMBER = 100  # from there on a number names something, and is no count
_DROPS = re.compile(
    r"(?i)\b(?:forget|never ?mind|skip|drop|cancel|leave|don'?t (?:want|need|bother)|no longer (?:want|need))\b(?: about)?"
)
_ALL = re.compile(r"(?i)\b(?:(?<!at )all(?! right)|everything|both|the whole thing)\b")
_ADDS = re.compile(
    r"(?i)\b(?:also|as well|in addition|besides|(?:another|one more) thing|afterwards|after that)\b|\btoo\W*$"
)
_FIRST = re.compile(r"(?i)\b(?:first|before (?:that|anything))\b(?! of\b)")
_REQUEST = re.compile(
    r"(?i)\W*(?:please )?(?:where|when|what|how|who|which|can|could|would|will|do|does|is|are|tell me|"
    r"i(?: also|'d| would)? (?:want|need|like))\b"
)
_WISH = re.compile(r"\d+\. (.+?) \((?:later, with (\w+)|(now), with you|done|dropped)\)\.")


class About(Enum):
    """Which wish an item of the conversation belongs to."""

    NONE = auto()  # said before there was a plan
    THIS = auto()
    OTHERS = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """`stays`: what is being dealt with is still dealt with."""

    said: str
    calls: list[ToolCall]
    stays: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """`agent` is empty for the agent who has the call; `now`: it is the one being dealt with."""

    text: str
    agent: str = ""
    now: bool = False


def impossible(item: Item) -> str:
    """Why the wish that a note names cannot be; empty if it can."""
    found = re.search(r"It is not possible: (.+)", item.text) if isinstance(item, Message) else None
    return found[1] if found else ""


def settle(tools: Sequence[Tool], outcome: str = "done") -> list[ToolCall]:
    """The call that says so, if a wish is being dealt with.

    It comes before the words, as `make` does: a caller who breaks in at once shall not undo it.
    """
    offered = any(tool.name == SETTLE for tool in tools)
    return [ToolCall(SETTLE, json.dumps({"outcome": outcome}))] if offered else []


def open_in(instructions: str) -> list[Wish]:
    """What the instructions say that is still to be done, in order."""
    found = _WISH.finditer(instructions)
    return [Wish(one[1], one[2] or "", now=bool(one[3])) for one in found if one[2] or one[3]]


def some_settled(instructions: str) -> bool:
    """Whether the plan has begun before."""
    return bool(re.search(r"\((?:done|dropped)\)\.", instructions))


def others(wish: str, items: Sequence[Item]) -> list[str]:
    """The other wishes of the plan this one is of, as they were last planned."""
    made = [item for item in items if isinstance(item, ToolCall) and item.name == MAKE] if wish else []
    try:
        steps = json.loads(made[-1].arguments)["steps"] if made else []
    except (ValueError, KeyError):
        steps = []
    return [step["wish"] for step in steps if step.get("wish", wish) != wish]


def plan(
    text: str, tools: Sequence[Tool], choose: Choose, offers: Sequence[Offer], enough: float = _ENOUGH
) -> list[Say | ToolCall]:
    """A plan of the wishes in an utterance; nothing when there is only one."""
    wishes = heard(text, choose, offers, enough) if may_plan(tools) else []
    return [make(wishes), Say(PLANNED)] if len(wishes) > 1 else []


def heard(text: str, choose: Choose, offers: Sequence[Offer], enough: float = _ENOUGH) -> list[Wish]:
    """The wishes in an utterance, each with whom it is for; what belongs to none goes with its neighbour."""
    wishes = list[tuple[str, Offer]]()
    before = ""
    for clause in _clauses(text):
        ranked = choose(clause, offers) if _says_much(clause) else []
        found = ranked[0].offer if ranked and ranked[0].nearness >= enough else None
        if found is None and not wishes:
            before = f"{clause}, " if _numbers(clause) else before
        elif found is None or (wishes and wishes[-1][1].tool is found.tool and not _another(clause, wishes[-1][0])):
            wishes[-1] = (f"{wishes[-1][0]}, {clause}", wishes[-1][1])
        else:
            wishes.append((before + clause, found))
            before = ""
    return [Wish(said, _agent(offer)) for said, offer in wishes]


def about(wish: str, items: Sequence[Item]) -> list[About]:
    """For each item, whether it belongs to this wish. Without a wish or a plan, none belongs to another."""
    found = [About.NONE] * len(items)
    now, said = About.NONE, 0
    for place, item in enumerate(items):
        match item:
            case Message("user"):
                said = place
            case Message("system") if other := named_wish(item):
                now = About.THIS if other == wish else About.OTHERS
            case ToolCall(name) if name == MAKE and now is About.NONE and wish:
                now = found[said] = About.OTHERS
            case ToolCall(name) if name == SETTLE or name.startswith(HANDOFF):
                now = About.OTHERS if now is not About.NONE else now
            case _:
                pass
        found[place] = now if wish else About.NONE
    return found


def changed(
    text: str, instructions: str, tools: Sequence[Tool], choose: Choose, offers: Sequence[Offer]
) -> Change | None:
    """What the caller makes of a plan: a wish is dropped, or comes first. None when they speak of something else."""
    wishes = open_in(instructions) if may_plan(tools) else []
    for said in _clauses(text) if wishes else []:
        if _DROPS.search(said) and _ALL.search(said):
            return Change(ALL_DROPPED, [make([])], stays=False)
        if _DROPS.search(said) and (meant := _meant(_DROPS.sub("", said), wishes, choose, offers)):
            left = [wish for wish in wishes if wish is not meant]
            return Change(DROPPED, settle(tools, "dropped") if meant.now else [make(left)], stays=not meant.now)
        if _FIRST.search(said) and (meant := _meant(_FIRST.sub("", said), wishes, choose, offers)):
            others = [wish for wish in wishes if wish is not meant]
            return Change(REORDERED, [] if meant.now else [make([meant, *others], first=1)], stays=meant.now)
    return None


def added(text: str, choose: Choose, offers: Sequence[Offer], busy_with: Tool | None) -> list[Wish]:
    """What the caller wants besides what is under way."""
    if not _ADDS.search(text):
        return []
    ranked = choose(text, offers)
    if ranked and busy_with and ranked[0].offer.tool == busy_with:
        return []
    return heard(text, choose, offers, ENOUGH)


def make(wishes: Sequence[Wish], first: int = 0) -> ToolCall:
    """The call that plans these. `first`: so many come before the one that is being dealt with."""
    steps = [
        {
            "wish": wish.text,
            **({"agent": wish.agent} if wish.agent else {}),
            **({"after": list(range(1, first + 1))} if wish.now and first else {}),
        }
        for wish in wishes
    ]
    return ToolCall(MAKE, json.dumps({"steps": steps}))


def may_plan(tools: Sequence[Tool]) -> bool:
    return any(tool.name == MAKE for tool in tools)


def _meant(text: str, wishes: Sequence[Wish], choose: Choose, offers: Sequence[Offer]) -> Wish | None:
    """The wish of the plan that an utterance speaks of, in the caller's words or in those of who deals with it."""
    known = list[Offer]()
    for wish in wishes:
        ranked = choose(wish.text, offers)
        phrases = ranked[0].offer.phrases if ranked and ranked[0].nearness >= _ENOUGH else ()
        known.append(Offer((wish.text, *phrases), answer=wish.text, tool=Tool("", "")))
    ranked = choose(text, known)
    if not ranked or ranked[0].nearness < _MEANT:
        return None
    return next(wish for wish, offer in zip(wishes, known, strict=True) if offer is ranked[0].offer)


def _agent(offer: Offer) -> str:
    name = offer.tool.name if offer.tool else ""
    return next((name.removeprefix(prefix) for prefix in (HANDOFF, ASK) if name.startswith(prefix)), "")


def _another(clause: str, before: str) -> bool:
    """Whether a clause asks for the same about something else: `and what about 1088?`"""
    numbers, known = _numbers(clause), _numbers(before)
    return bool(_REQUEST.match(clause) and numbers and known and not (numbers & known))


def _says_much(clause: str) -> bool:
    """Not so `order 1017`, which tells of what is the wish before it."""
    words = re.findall(r"[a-z]+", clause.lower())
    return bool(_REQUEST.match(clause)) or sum(not (word in NO_CONTENT or is_number_word(word)) for word in words) > 1


def _numbers(text: str) -> set[int]:
    return {meanings[0] for meanings in runs(text) if meanings[0] >= _NUMBER}


def _clauses(text: str) -> list[str]:
    parts = re.split(r"(?<=[?.!;])\s+|,?\s+(?:and then|and also|and|then)\s+|,\s+", clean(text))
    return [part.strip() for part in parts if re.search(r"\w", part)]
