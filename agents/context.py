"""What an agent is told: its instructions, and what the call has established. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.plan import Step
from agents.showing import Source
from agents.tasks import Task

SUMMARY_WORDS = 160
_TURN_WORDS = 30
_FIGURES = 12  # that a summary of a long talk names
_BEFORE_WORDS = 4  # with each: "my card number is 12345"
_FIGURE = re.compile(r"\S*(?:\d\S*\d|@)\S*")
_KNOWN = "Known of this call: "
_DIALLED = "On the telephone's keypad I have dialled: "
_PRESSED = re.compile(r'On my screen I have (?:pressed|filled in), on the card "[^"]*": ')
CALLER = "the caller"
EYES = "eyes"  # of the embedded model: they read text and codes
_SPEAKERS = {"user": "caller", "assistant": "agent", "system": "note"}


def told(instructions: str, today: str, how: str = "") -> str:
    """The instructions, and what stays as it is for the whole call; `how`: how the caller is there."""
    return "\n\n".join(filter(None, (instructions, how, f"Today is {today}.")))


def state(
    facts: Mapping[str, Any], open_tasks: Sequence[Task], steps: Sequence[Step] = (), references: str = ""
) -> str:
    """How the call stands; nothing when there is nothing to tell."""
    parts = []
    if known := [f"{name}: {value}" for name, value in facts.items() if isinstance(value, str | int | float)]:
        parts.append(_KNOWN + "; ".join(known) + ".")
    if references:
        parts.append(references)
    if open_tasks:
        order = [_step(task, facts) for task in open_tasks]
        parts.append("Your next steps, in this order: " + "; ".join(order) + ".")
    if any(step.state in ("open", "active") for step in steps):
        parts.append("The caller's wishes: " + " ".join(map(_wish, range(1, len(steps) + 1), steps)))
    return "\n\n".join(parts)


def _wish(number: int, step: Step) -> str:
    state = {"open": f"later, with {step.agent}", "active": "now, with you"}.get(step.state, step.state)
    return f"{number}. {step.wish.rstrip('.')} ({state})."


def _step(task: Task, facts: Mapping[str, Any]) -> str:
    missing = [name for name in task.collect if name not in facts]
    name = task.id.replace("_", " ")
    how = [f"find out {', '.join(missing)}"] if missing else []
    how += [f"call {task.tool}"] if task.tool else []
    return f"{name} ({', then '.join(how)})" if how else name


def established(instructions: str) -> dict[str, str]:
    """The facts that instructions name: the other end of `told`."""
    found = re.search(rf"(?m)^{_KNOWN}(.*)\.$", instructions)
    pairs = (pair.partition(": ") for pair in found[1].split("; ")) if found else ()
    return {name: value for name, _, value in pairs}


def summary(turns: Sequence[tuple[str, str]], words: int = SUMMARY_WORDS) -> str:
    """What was said, (role, text) in order, within `words`: the caller's first turn, what numbers were named, the latest.

    A tool's turn bears its name as the role.
    """
    spoken = [(_SPEAKERS.get(role, role), text) for role, text in turns if text.strip()]
    if not spoken:
        return "Nothing has been said yet."
    began = next((place for place, turn in enumerate(spoken) if turn[0] == "caller"), 0)
    spoken = spoken[began:]  # a greeting tells nothing
    lines = [f"{speaker}: {_clipped(text)}" for speaker, text in spoken]
    kept, left = [lines[0]], words - len(lines[0].split())
    if sum(len(line.split()) for line in lines[1:]) > left and (figures := _figures(spoken[1:])):
        kept.append(figures)
        left -= len(figures.split())
    latest = list[str]()
    for line in reversed(lines[1:]):
        left -= len(line.split())
        if left < 0:
            latest.append("…")
            break
        latest.append(line)
    return "Earlier in this call. " + " | ".join([*kept, *reversed(latest)])


def dialled(digits: str) -> str:
    """The turn of a caller who has pressed keys."""
    return f"{_DIALLED}{digits}"


def pressed(title: str, choice: str, values: Mapping[str, Any]) -> str:
    """The turn of a caller who has pressed an answer on a card, or sent what a form says."""
    card, did = title.replace('"', "'"), "filled in" if values else "pressed"
    told = choice or "; ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in values.items())
    return f'On my screen I have {did}, on the card "{card}": {told}'


def words_in(text: str) -> str:
    """A turn, and of one that was dialled or pressed that alone: the other end of both. A name may stand before it."""
    return _PRESSED.split(text.rpartition(_DIALLED)[2], maxsplit=1)[-1]


def shown(ref: str, name: str, *, seen: int, pages: int) -> str:
    """Of what the caller shows: `seen` pictures, of a document's `pages`. In brackets: nobody has said so."""
    called = f', a file called "{name}"' if name else ""
    part = f", of whose {pages} pages you see the first {seen}" if pages > seen else ""
    return f"[The caller shows {ref}{called}{part}.]"


def seen(by: str, description: str) -> str:
    """What is on a picture, for a model that takes none: after `It shows`. `by`: who has looked, `eyes` or a sub-agent."""
    if not description:
        return "something that nobody could look at; say so, and ask the caller what it is"
    if by == EYES:
        return f"{description} (its text and codes were read; nobody has seen what else is on it)"
    return f"this, in the words of {by.replace('_', ' ')}, who has looked at it: {description.rstrip('. ')}"


def unseen_yet(told: str) -> str:
    """For such a model, of what is not described yet, when an answer does not wait any longer."""
    return f"{told} What is on it is not known yet; you will be told."


def looking(source: Source, whose: str = CALLER) -> str:
    """A note for the model, when somebody begins to show something all the time. `whose`: of several, their name."""
    return (
        f"From now on you see {whose}'s {source}, as pictures of it. The newest is what is there at this moment: that is "
        f'what {whose} means by "this" or "here". Say nothing of it before it matters.'
    )


def looked(source: Source, whose: str = CALLER) -> str:
    """And when they have ended."""
    return f"{_first(whose)}'s {source} is off. What you saw of it is of before."


def belongs(source: Source, whose: str) -> str:
    """When others have come, of what was the caller's before."""
    return f"The {source} that you see is {whose}'s."


def frame(source: Source, whose: str = CALLER) -> str:
    """Of a picture of it, for the model. In brackets: nobody has said so."""
    return f"[{_first(whose)}'s {source}, at this moment.]"


def written(told: str, text: str) -> str:
    """The same, with the text that is in it."""
    return f"{told}\nIts text:\n{text}"


def announced(text: str) -> str:
    """For the model, of a sentence that another voice has said in its name."""
    return f'Meanwhile the caller has heard in your voice: "{text}"'


def ended(tool: str, output: str) -> str:
    """For the model, of a tool that nobody waited for."""
    return f"{tool} has ended: {output}"


async def shorten(turns: Sequence[tuple[str, str]]) -> str:
    """`summary`, where a model of its own could be asked instead. Whatever stands here never raises."""
    return summary(turns)


def _first(whose: str) -> str:
    """At the beginning of a sentence; a name stays as it is written."""
    return "The caller" if whose == CALLER else whose


def _value(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _figures(spoken: Sequence[tuple[str, str]]) -> str:
    """Each number, code and address once, with the words before it. Too many are the caller's first, and the last."""
    named = dict[str, str]()
    for speaker, text in sorted(spoken, key=lambda turn: turn[0] != "caller"):
        said = text.split()
        for place, word in enumerate(said):
            figure = word.strip(".,;:!?()'\"")
            if _FIGURE.fullmatch(figure) and figure not in named:
                named[figure] = f"{speaker}: {' '.join([*said[max(0, place - _BEFORE_WORDS) : place], figure])}"
    every = list(named.values())
    if len(every) > _FIGURES:
        every = [*every[: _FIGURES // 2], "…", *every[-_FIGURES // 2 :]]
    return "Named: " + ", ".join(every) if every else ""


def _clipped(text: str) -> str:
    words = text.split()
    return " ".join(words[:_TURN_WORDS]) + (" …" if len(words) > _TURN_WORDS else "")
