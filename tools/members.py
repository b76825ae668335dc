"""Who is calling: a household's calendar and notes are for those who live there."""

from collections.abc import Mapping
from typing import Annotated, Any

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import func, select

from tools.context import CallContext
from tools.household import Member

Name = Annotated[str, Field(description="your first name", min_length=2, max_length=40)]


@function_tool
async def introduce(context: CallContext, name: Name) -> str:
    """Note who is calling.

    Examples: "This is Anna.", "My name is Ben.", "Hello, this is Anna speaking."
    """
    async with context.database.session() as session:
        known = (
            await session.scalars(select(Member).where(func.lower(Member.name) == name.strip(" .").lower()))
        ).first()
    context.facts["caller_name"] = known.name if known else name
    context.facts["lives_here"] = known is not None
    if known is None:
        return f"Welcome, {name}. I can look things up for you in the house's documents. What would you like to know?"
    return f"Hello {known.name}. What can I do for you?"


def is_known(facts: Mapping[str, Any]) -> bool:
    """Whether the caller is one of the household."""
    return facts.get("lives_here") is True


def only_for_the_household(facts: Mapping[str, Any]) -> str:
    """Why a guest may not hear of calendar and notes; empty for everybody else."""
    guest = facts.get("lives_here") is False
    return "The calendar and the notes are only for those who live here." if guest else ""


def refuse_guests(context: CallContext) -> None:
    """Raises ToolError when a guest calls, whichever agent has the tool."""
    if why := only_for_the_household(context.facts):
        raise ToolError(why)
