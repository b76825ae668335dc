"""Callbacks: who could not be helped, and is to be called back."""

from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import DateTime, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from tools.context import CallContext
from tools.database import Tables

_PROMISE = "We will call you back on the number you are calling from. Goodbye."
_PERSON = "A colleague had better talk to you about this. They will call you back on the number you are calling from."
_COME = (
    "That is for a colleague. You can talk to one in our shop, Monday to Saturday, from nine in the morning until six."
)


class Callback(Tables):
    __tablename__ = "callbacks"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))  # as the caller gave it; empty if they did not
    order_number: Mapped[int | None]  # what the call was about, if that was known
    wanted_at: Mapped[datetime] = mapped_column(DateTime)  # UTC
    wanted_by: Mapped[str] = mapped_column(String(160), unique=True)  # the call


async def call_back(context: CallContext) -> str | None:
    """Notes that the caller is to be called back. None for one without a number: nothing is promised that cannot be kept."""
    if not context.caller.phone:
        return None
    await _note(context)
    return _PROMISE


async def person_needed(context: CallContext) -> str:
    """What the caller is told who needs a person: they are called back, or where people are if they have no number."""
    if not context.caller.phone:
        return _COME
    await _note(context)
    return _PERSON


async def _note(context: CallContext) -> None:
    order = context.facts.get("order_number")
    wanted = Callback(
        phone=context.caller.phone,
        name=context.caller.name,
        order_number=order if isinstance(order, int) else None,
        wanted_at=datetime.now(UTC).replace(tzinfo=None),
        wanted_by=context.idempotency_key,
    )
    async with context.database.session() as session:
        session.add(wanted)
        with suppress(IntegrityError):  # this call has asked before
            await session.commit()
