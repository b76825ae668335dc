"""The journal's reference page, made from the models of its events.

python -m worker.journal.reference > docs/events.md
"""

import inspect
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

from agents.reference import values_of
from worker.journal import events
from worker.journal.events import JournalEvent, PlanStep

_HEAD = """# What happens in a call: its events

A call is told as a list of these, to you and to programs of yours: `baton calls ID --json`, `GET /api/calls/{id}` and
`/api/calls/{id}/events` with the [admin token](settings.md), and on topic `baton.events` in the room. Each is a JSON
object with all the keys below, and with these three:

| key | values | what it tells |
|---|---|---|
| `type` | text | Which event it is: the headings of this page. |
"""
_WORDS = """
`agent`, `source` and `target` of a handoff are names of the team file, `participant` is somebody's identity in the room.
`call_id` names a call of a tool: `tool.called` and all that comes of it have the same. What ends in `_ms` is milliseconds,
since the call began where it tells when. Lists and texts may be empty.
"""
_FOOT = """
There may be new events, and new keys in those there are: pass over what you do not know. What a team lets Baton
[redact](redaction.md) is in none of them. Made from the models that write them (`python -m worker.journal.reference`)."""
_OF_ALL = ("at", "epoch")


def page() -> str:
    """Markdown: a table for each event, in the order of the models."""
    every = get_args(get_args(JournalEvent)[0])
    told = [line for model in every for line in (f"\n## `{_type(model)}`\n", *_about(model))]
    step = ["\n## A step of `plan.changed`\n", *_keys(PlanStep)]
    return "\n".join([_HEAD.rstrip(), *_of_all(), _WORDS.rstrip(), *told, *step, _FOOT])


def _type(model: type[BaseModel]) -> str:
    return str(model.model_fields["type"].default)


def _of_all() -> Iterator[str]:
    fields = events.CallEnded.model_json_schema()["properties"]
    return (_row(name, fields[name]) for name in _OF_ALL)


def _about(model: type[BaseModel]) -> Iterator[str]:
    if model.__doc__:
        yield f"{inspect.cleandoc(model.__doc__)}\n"
    yield from _keys(model)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | values | what it tells |"
    yield "|---|---|---|"
    for name, told in model.model_json_schema()["properties"].items():
        if name not in ("type", *_OF_ALL):
            yield _row(name, told)


def _row(name: str, told: dict[str, object]) -> str:
    missing = any(kind == {"type": "null"} for kind in told.get("anyOf", ()))  # type: ignore[attr-defined]
    return f"| `{name}` | {values_of(told)}{', null' if missing else ''} | {told.get('description', '')} |"


if __name__ == "__main__":
    print(page())
