"""What `baton check` finds fault with, and one tool that is as it should be."""

from collections.abc import Mapping
from typing import Annotated, Any

from livekit.agents import function_tool
from pydantic import Field

from tools.context import CallContext


@function_tool
async def good(context: CallContext, size: Annotated[int, Field(description="the size")]) -> str:
    """Tell whether a size is there."""
    context.facts["found_size"] = size
    return "It is there."


@function_tool
async def untold() -> str:
    return "Nobody knows when to call this."


@function_tool
async def undescribed(colour: str, size: Annotated[int, Field(description="the size")]) -> str:
    """Tell whether there is one in a colour."""
    return f"{size} in {colour}"


@function_tool
async def described_below(colour: str) -> str:
    """Tell whether there is one in a colour.

    Args:
        colour: which colour it should have
    """
    return colour


def is_large(facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("size_limit", 0) > 9)


def without_facts() -> bool:
    return True


def of_two(facts: Mapping[str, Any], agent: str) -> bool:
    return bool(facts and agent)


async def is_later(facts: Mapping[str, Any]) -> bool:
    return bool(facts)


async def prepared(database: object, today: object) -> None:
    """As a team's `prepare` is."""
