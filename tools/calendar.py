"""A calendar: what is on, and appointments that come, move and go. Those that would overlap are refused, and told."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tools import members, spoken, words
from tools.context import CallContext
from tools.household import Appointment

Day = Annotated[date, Field(description="the day")]
Time = Annotated[time, Field(description="the time")]
Title = Annotated[str, Field(description="the occasion", min_length=2, max_length=120)]
Which = Annotated[str, Field(description="which appointment", min_length=2, max_length=120)]

HOUR = 60  # minutes an appointment takes when nobody says
LATEST_DAYS = 400


@function_tool
async def appointments_of_day(context: CallContext, day: Day) -> str:
    """Tell the appointments of a day.

    Examples: "What is on tomorrow?", "What do I have on Friday?", "What is in my calendar today?", "Am I free on
    Monday?", "Do I have any appointments this Thursday?", "Read me my day."
    """
    members.refuse_guests(context)
    async with context.database.session() as session:
        found = await _of_day(session, day)
    if not found:
        return f"Nothing is planned on {spoken.day(day)}."
    return f"On {spoken.day(day)} you have {spoken.listed([_short(one) for one in found])}."


@function_tool
async def next_appointment(context: CallContext) -> str:
    """Tell what comes next in the calendar.

    Examples: "What is next?", "What is my next appointment?", "What comes next in my calendar?"
    """
    members.refuse_guests(context)
    async with context.database.session() as session:
        coming = await _coming(session)
    if not coming:
        return "Nothing is planned any more."
    return f"Next is {coming[0].title}, on {_when(coming[0])}."


@function_tool
async def briefing(context: CallContext) -> str:
    """Tell how today looks: the rest of the day's appointments, and tomorrow's first.

    Examples: "How does my day look?", "Give me my briefing.", "Brief me.", "What should I know for today?"
    """
    members.refuse_guests(context)
    today = datetime.now()
    async with context.database.session() as session:
        left = [one for one in await _of_day(session, today.date()) if one.starts >= today]
        tomorrow = await _of_day(session, today.date() + timedelta(1))
    now = f"today you still have {spoken.listed([_short(one) for one in left])}" if left else "today nothing is left"
    then = f"tomorrow begins with {_short(tomorrow[0])}" if tomorrow else "nothing is planned tomorrow"
    return f"{now[0].upper()}{now[1:]}, and {then}."


@function_tool
async def add_appointment(context: CallContext, title: Title, day: Day, time: Time, minutes: int = HOUR) -> str:
    """Add an appointment to the calendar.

    Examples: "Put the dentist in my calendar on Friday at three.", "Make an appointment.", "I want to make an
    appointment with the plumber.", "Schedule a meeting for Monday at ten.", "Add lunch with Ben tomorrow at noon.",
    "Book a haircut for next Tuesday."

    Args:
        minutes: how many minutes it takes, 60 if nobody says
    """
    members.refuse_guests(context)
    starts = _possible(day, time)
    if not 5 <= minutes <= 24 * HOUR:
        raise ToolError(f"{minutes} minutes cannot be. How long does it take?")
    async with context.database.session() as session, session.begin():
        if await _decided(session, context.idempotency_key) is None:
            await _free_or_error(session, starts, minutes)
            session.add(
                Appointment(
                    title=title, starts=starts, minutes=minutes, status="planned", changed_by=context.idempotency_key
                )
            )
    return f"Done. {_capital(title)} is in your calendar on {spoken.day(day)} at {spoken.clock(time)}."


@function_tool
async def move_appointment(context: CallContext, appointment: Which, day: Day, time: Time) -> str:
    """Move an appointment to another day or time.

    Examples: "Move the dentist to Thursday at ten.", "Can lunch with Ben be on another day?", "Reschedule my
    haircut to Monday at four.", "I want to move an appointment.", "Postpone the meeting."
    """
    members.refuse_guests(context)
    starts = _possible(day, time)
    async with context.database.session() as session, session.begin():
        moved = await _decided(session, context.idempotency_key)
        if moved is None:
            moved = await _meant(session, appointment)
            await _free_or_error(session, starts, moved.minutes, but=moved)
            moved.starts, moved.changed_by = starts, context.idempotency_key
    return f"Done. {_capital(moved.title)} is now on {_when(moved)}."


@function_tool
async def cancel_appointment(context: CallContext, appointment: Which) -> str:
    """Cancel an appointment.

    Examples: "Cancel the dentist.", "Take lunch with Ben out of my calendar.", "I am not going to the haircut.",
    "Remove an appointment.", "Call off the meeting."
    """
    members.refuse_guests(context)
    async with context.database.session() as session, session.begin():
        gone = await _decided(session, context.idempotency_key)
        if gone is None:
            gone = await _meant(session, appointment)
            gone.status, gone.changed_by = "cancelled", context.idempotency_key
    return f"Done. {_capital(gone.title)} on {_when(gone)} is cancelled."


async def _decided(session: AsyncSession, decision: str) -> Appointment | None:
    """What this very decision has changed already."""
    return (await session.scalars(select(Appointment).where(Appointment.changed_by == decision))).first()


async def _coming(session: AsyncSession) -> Sequence[Appointment]:
    planned = select(Appointment).where(Appointment.status == "planned", Appointment.starts >= datetime.now())
    return (await session.scalars(planned.order_by(Appointment.starts))).all()


async def _of_day(session: AsyncSession, day: date) -> Sequence[Appointment]:
    begin = datetime.combine(day, time())
    planned = select(Appointment).where(
        Appointment.status == "planned", Appointment.starts >= begin, Appointment.starts < begin + timedelta(1)
    )
    return (await session.scalars(planned.order_by(Appointment.starts))).all()


async def _meant(session: AsyncSession, said: str) -> Appointment:
    """The coming appointment that was spoken of, or a ToolError that the caller can act on."""
    coming = await _coming(session)
    if not coming:
        raise ToolError("Nothing is planned, so there is nothing to change.")
    found = words.nearest(said, coming, lambda one: one.title)
    if not found:
        raise ToolError(f"I find no {said} in your calendar. Next is {_short(coming[0])}. Which one do you mean?")
    return found[0]


async def _free_or_error(session: AsyncSession, starts: datetime, minutes: int, but: Appointment | None = None) -> None:
    """A ToolError that names what is on at that time, and when it is over."""
    ends = starts + timedelta(minutes=minutes)
    around = [*await _of_day(session, starts.date()), *await _of_day(session, starts.date() - timedelta(1))]
    on = [one for one in around if one is not but and one.starts < ends and starts < one.ends]
    if on:
        latest = max(on, key=lambda one: one.ends)
        raise ToolError(
            f"That overlaps with {spoken.listed([one.title for one in on])}, until {spoken.clock(latest.ends.time())}. "
            "Which other time would suit you?"
        )


def _possible(day: date, at: time) -> datetime:
    starts, now = datetime.combine(day, at.replace(tzinfo=None)), datetime.now()
    if starts < now:
        raise ToolError(f"{spoken.day(day)} at {spoken.clock(at)} is over already. Which other time would suit you?")
    if starts > now + timedelta(LATEST_DAYS):
        raise ToolError("That is too far ahead for this calendar. Which other day would suit you?")
    return starts


def _short(one: Appointment) -> str:
    return f"{one.title} at {spoken.clock(one.starts.time())}"


def _when(one: Appointment) -> str:
    return f"{spoken.day(one.starts.date())} at {spoken.clock(one.starts.time())}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
