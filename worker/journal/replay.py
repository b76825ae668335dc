"""What a call's journal tells a worker that goes on with it. Pure.

The memory that comes out is the one the call had, but for this, which no event tells: notes of ours to the model, and what
it said that nobody heard. What was compacted is there in full again, and a tool that ran in the background has its
result where the model first read that it runs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from agents import context, handoff, people
from agents.orchestrator import OURS
from agents.people import Names
from worker.journal import events as journal
from worker.journal.events import ANNOUNCED, JournalEvent
from worker.line.memory import SUMMARY, Called, Memory, Returned, Said, Shown


@dataclass(frozen=True, slots=True)
class Past:
    """`unanswered`: the caller waits for an answer to something, a tool's result included. `at_ms`: of the last event.

    `names`: of the people who were there. `muted`: they have muted the agent.

    `unscreened`: the caller has said something of which nobody knows whether guards let it pass; it is not remembered.
    """

    events: Sequence[JournalEvent]
    started: journal.CallStarted
    ended: bool
    memory: Memory
    unanswered: bool
    spent: float
    at_ms: int
    unscreened: bool = False
    names: Names = field(default_factory=Names)
    muted: bool = False


def replay(
    events: Sequence[JournalEvent],
    share: Callable[[str, str], str],
    *,
    screens: bool = False,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Past | None:
    """`share` is how much of the conversation the team gives on at a handoff from one agent to another. `screens`: guards
    look at what callers say before a model answers it. `files` are those of the call that its pictures are in.

    None: the call has not begun.
    """
    started = next((event for event in events if isinstance(event, journal.CallStarted)), None)
    if started is None:
        return None
    ordered = _passed(_in_order(events))
    unscreened = _unacted(ordered) if screens else []
    names = Names()
    return Past(
        events=events,
        names=names,
        muted=next((event.muted for event in reversed(events) if isinstance(event, journal.AgentMuted)), False),
        started=started,
        ended=any(isinstance(event, journal.CallEnded) for event in events),
        memory=_remembered(
            [event for event in ordered if not any(event is one for one in unscreened)], share, files, names
        ),
        unanswered=_is_unanswered(ordered),
        spent=next((event.total for event in reversed(events) if isinstance(event, journal.CostUpdated)), 0.0),
        at_ms=max(event.at for event in events),
        unscreened=bool(unscreened),
    )


def reads(events: Sequence[JournalEvent]) -> bool:
    """Whether the caller wants to be answered in text."""
    switched = (event.how for event in reversed(events) if isinstance(event, journal.RepliesSwitched))
    return next(switched, "speech") == "text"


def _in_order(events: Sequence[JournalEvent]) -> list[JournalEvent]:
    """As it began: what was said is in the journal when its words are known, or when it has been heard."""

    def began(event: JournalEvent) -> int:
        match event:
            case journal.UserSaid(ended_ms=int(ended_ms)):
                return ended_ms
            case journal.AgentSaid():
                return event.at - (0 if event.as_text else event.heard_ms)
            case _:
                return event.at

    return sorted(events, key=began)


def _passed(events: Sequence[JournalEvent]) -> list[JournalEvent]:
    """Without what guards have kept from the model. What was written is judged under an id of ours."""
    passed = list[JournalEvent]()
    for event in events:
        if isinstance(event, journal.GuardBlocked) and event.place == "input" and event.action != "warn":
            typed = (journal.UserWrote, journal.UserPressed)
            written = [one for one in passed if isinstance(one, typed) or _has_text(one)][-1:]
            said = [one for one in passed if isinstance(one, journal.UserSaid) and one.item == event.item]
            kept = said or written
            passed = [one for one in passed if not any(one is out for out in kept)]
        passed.append(event)
    return passed


def _unacted(events: Sequence[JournalEvent]) -> list[JournalEvent]:
    """What the caller has said or written since the model has last done anything."""
    since = list[JournalEvent]()
    for event in events:
        match event:
            case journal.UserSaid() | journal.UserWrote() | journal.UserDialled() | journal.UserPressed():
                since.append(event)
            case journal.UserShowed() if _has_text(event):
                since.append(event)
            case journal.AgentSaid(item=item) if not item.startswith(ANNOUNCED):
                since.clear()
            case journal.ToolCalled(call_id=call_id, parent="") if not _ours(call_id):
                since.clear()
            case journal.HandoffDecided(call_id=str(call_id)) if call_id:
                since.clear()
    return since


def _is_unanswered(events: Sequence[JournalEvent]) -> bool:
    unanswered = False
    for event in events:
        match event:
            case (
                journal.UserSaid()
                | journal.UserWrote()
                | journal.UserDialled()
                | journal.UserPressed()
                | journal.UserShowed()
                | journal.ToolFinished(parent="")
                | journal.HandoffDecided()
            ):
                unanswered = True
            case journal.AgentSaid(item=item) if not item.startswith(ANNOUNCED):
                unanswered = False
    return unanswered


def _has_text(event: JournalEvent) -> bool:
    """Whether it is a document whose text guards look at."""
    return isinstance(event, journal.UserShowed) and bool(event.description)


def _remembered(
    events: Sequence[JournalEvent],
    share: Callable[[str, str], str],
    files: Mapping[str, bytes],
    names: Names,
) -> Memory:
    """`names` learns who was there."""
    described = {
        event.ref: context.seen(event.by, event.description)
        for event in events
        if isinstance(event, journal.PictureDescribed)
    }
    memory, known, hidden = Memory(), set[str](), [frozenset[str]()]
    for number, event in enumerate(events):
        match event:
            case journal.PersonCame(participant=person, name=name):
                names.came(person, name)
                if names.several:
                    memory.add(Said(f"note_{number}", "system", people.joined(names, person)))
            case journal.PersonLeft(participant=person):
                names.left(person)
                if names.here:
                    memory.add(Said(f"note_{number}", "system", people.gone(names, person)))
            case journal.AgentMuted(muted=False, for_ms=ms):
                memory.add(Said(f"note_{number}", "system", people.talked_aside(ms // 1000)))
            case journal.UserSaid(participant=person, text=text, item=item):
                told = names.said(text, person, *event.together_with)
                memory.add(Said(item or f"said_{number}", "user", told))
            case journal.UserDialled(participant=person, digits=digits):
                memory.add(Said(f"typed_{number}", "user", names.said(context.dialled(digits), person)))
            case journal.UserPressed(participant=person):
                told = names.said(context.pressed(event.title, event.choice, event.values), person)
                memory.add(Said(f"typed_{number}", "user", told))
            case journal.UserWrote(participant=person, text=text):
                memory.add(Said(f"typed_{number}", "user", names.said(text, person)))
            case journal.UserShowed(participant=person, ref=ref):
                if names.several:
                    memory.add(Said(f"from_{number}", "system", people.showed(names, ref, person)))
                for entry in _shown(event, f"shown_{number}", described.get(ref, ""), files):
                    memory.add(entry)
            case journal.AgentSaid(text=text, item=item) if item.startswith(ANNOUNCED):
                memory.add(Said(f"note_{number}", "system", context.announced(text)))
            case journal.AgentSaid(text=text, item=item):
                memory.add(Said(item or f"answer_{number}", "assistant", text))
            case journal.ToolCalled(call_id=call_id, tool=tool, arguments=arguments, parent="") if not _ours(call_id):
                known.add(call_id)
                memory.add(Called(f"called_{number}", call_id, tool, json.dumps(arguments)))
            case journal.ToolFinished(call_id=call_id, tool=tool, output=output, parent="") if _ours(call_id):
                memory.add(Said(f"note_{number}", "system", context.ended(tool, output)))
            case journal.ToolFinished(call_id=call_id, tool=tool, output=output, parent=""):
                if call_id not in known:
                    memory.add(Called(f"called_{number}", call_id, tool, json.dumps(event.arguments)))
                memory.add(Returned(f"result_{number}", call_id, tool, output))
            case journal.HandoffDecided(source=source, target=target, call_id=call_id):
                if call_id:
                    tool = handoff.tool_name(target)
                    memory.add(Called(f"called_{number}", call_id, tool, "{}"))
                    memory.add(Returned(f"result_{number}", call_id, tool, handoff.result(target)))
                hidden.append(memory.hidden)
                _share(memory, share(source, target), number)
            case journal.HandoffFailed():
                memory.hide(hidden.pop())
    return memory


def _shown(event: journal.UserShowed, item: str, about: str, files: Mapping[str, bytes]) -> Iterator[Shown | Said]:
    """What is left of it: a team may keep no files."""
    pictures = tuple(files[name] for name in event.files if name.endswith(".jpg") and name in files)
    told = context.shown(event.ref, event.name, seen=len(pictures) or event.pages, pages=event.pages)
    if pictures or not event.description:
        yield Shown(item, told, pictures, about)
    if event.description:
        texts = [files[name].decode() for name in event.files if name.endswith(".txt") and name in files]
        yield Said(f"{item}_text", "user", context.written(told, texts[0] if texts else event.description))


def _share(memory: Memory, share: str, number: int) -> None:
    """As the line does it at a handoff."""
    hidden = memory.shared(share)
    memory.hide(hidden)
    if share == "summary" and hidden:
        memory.put_first(Said(f"{SUMMARY}{number}", "system", context.summary(memory.turns())))


def _ours(call_id: Any) -> bool:
    """A call that no model has made, for a wish of the plan."""
    return str(call_id).startswith(OURS)
