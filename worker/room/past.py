"""What somebody is shown of a call who joins it late. Pure."""

from collections.abc import Iterable

from worker.journal.events import JournalEvent

TOPIC = "baton.past"
EVENTS, BYTES = 300, 100_000  # at most, of the newest
_SHOWN = frozenset(
    {
        *("person.came", "person.left", "agent.muted", "user.said", "user.wrote", "user.dialled", "user.showed"),
        *(
            "agent.said",
            "card.shown",
            "handoff.done",
            "task.done",
            "plan.changed",
            "recording.started",
            "recording.stopped",
        ),
    }
)


def past(events: Iterable[JournalEvent]) -> str:
    """A JSON list of a call's events, in order: how it began, and the newest of what people see of it."""
    begun, kept, size = list[str](), list[str](), 0
    for event in reversed(list(events)):
        if event.type == "call.started":
            begun = [event.model_dump_json()]
        elif event.type in _SHOWN and size <= BYTES and len(kept) < EVENTS:
            told = event.model_dump_json()
            size += len(told.encode()) + 1
            if size <= BYTES:
                kept.append(told)
    return f"[{','.join([*begun, *reversed(kept)])}]"
