"""What an agent is told: its instructions, and what the call has established. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.plan import Step
from agents.tasks import Task

SUMMARY_WORDS = 160
_TURN_WORDS = 30
_KNOWN = "Known of this call: "


def told(
    instructions: str,
    today: str,
    facts: Mapping[str, Any],
    open_tasks: Sequence[Task],
    steps: Sequence[Step] = (),
    references: str = "",
) -> str:
    """The instructions with what changes from call to call, and from step to step."""
    parts = [instructions, f"Today is {today}."]
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
    """What was said, (role, text) in order, within `words`: how it began, and the latest of it."""
    lines = [f"{'caller' if role == 'user' else 'agent'}: {_clipped(text)}" for role, text in turns if text.strip()]
    if not lines:
        return "Nothing has been said yet."
    first, rest = lines[0], list[str]()
    left = words - len(first.split())
    for line in reversed(lines[1:]):
        left -= len(line.split())
        if left < 0:
            rest.append("…")
            break
        rest.append(line)
    return "The conversation so far. " + " | ".join([first, *reversed(rest)])


def _clipped(text: str) -> str:
    words = text.split()
    return " ".join(words[:_TURN_WORDS]) + (" …" if len(words) > _TURN_WORDS else "")
