"""Notes: taken, found again, read back, deleted. The note that was read last is the one that is spoken of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tools import members, spoken, words
from tools.context import CallContext
from tools.household import Note

NoteText = Annotated[str, Field(description="the note", min_length=2, max_length=1000)]
About = Annotated[str, Field(description="the subject", min_length=2, max_length=120)]

_SHOWN = 3


@function_tool
async def take_note(context: CallContext, text: NoteText) -> str:
    """Write down a note.

    Examples: "Take a note.", "Note that the spare key is in the garage.", "Write down that we need milk.", "Remember
    that the window is broken.", "Make a note: call the bank.", "Remind me to call my mother."
    """
    members.refuse_guests(context)
    text = text[:1].upper() + text[1:]
    async with context.database.session() as session, session.begin():
        known = await session.scalars(select(Note).where(Note.taken_by == context.idempotency_key))
        if known.first() is None:
            session.add(Note(text=text, taken=datetime.now(), taken_by=context.idempotency_key))
    return f"Done. I have noted: {text.rstrip('.')}."


@function_tool
async def find_notes(context: CallContext, about: About) -> str:
    """Find notes about something.

    Examples: "What did I note about the key?", "Find my note about the tyres.", "Do I have a note about the plumber?",
    "What did I write down about the garden?", "Is there a note about the car?", "I want to delete one of my notes."
    """
    members.refuse_guests(context)
    async with context.database.session() as session:
        found = words.nearest(about, await _kept(session), lambda note: note.text)
    if not found:
        raise ToolError(f"There is no note about {about}.")
    context.facts["note"] = found[0].id
    more = f" There are {len(found) - 1} more." if len(found) > 1 else ""
    return f"{_read(found[0])}{more}"


@function_tool
async def latest_notes(context: CallContext) -> str:
    """Read back the latest notes.

    Examples: "Read me my latest note.", "What did I note last?", "Read my notes.", "What are my latest notes?"
    """
    members.refuse_guests(context)
    async with context.database.session() as session:
        kept = (await _kept(session))[:_SHOWN]
    if not kept:
        return "There are no notes."
    latest, *others = kept
    context.facts["note"] = latest.id
    before = f" Before that: {' '.join(note.text for note in others)}" if others else ""
    return f"{_read(latest)}{before}"


@function_tool
async def delete_note(context: CallContext) -> str:
    """Delete the note that was read last.

    Examples: "Delete that note.", "Delete it.", "Throw the note away.", "I do not need that note any more.", "Remove
    this note."
    """
    members.refuse_guests(context)
    number = context.facts.get("note")
    async with context.database.session() as session, session.begin():
        note = await session.get(Note, number) if isinstance(number, int) else None
        if note is None or note.deleted_by not in (None, context.idempotency_key):
            raise ToolError("That note is not there any more.")
        note.deleted_by = context.idempotency_key
    context.facts["deleted_note"] = note.id
    return f"Done. This note is deleted: {note.text}"


def is_deleted(facts: Mapping[str, Any]) -> bool:
    """Whether the note that was read last is deleted."""
    return facts.get("note") is not None and facts.get("note") == facts.get("deleted_note")


async def _kept(session: AsyncSession) -> Sequence[Note]:
    """The latest first."""
    kept = select(Note).where(Note.deleted_by.is_(None)).order_by(Note.taken.desc(), Note.id.desc())
    return (await session.scalars(kept)).all()


def _read(note: Note) -> str:
    return f"On {spoken.day(note.taken.date())} you noted: {note.text.rstrip('.')}."
