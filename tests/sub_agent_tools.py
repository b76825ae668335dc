"""Tools for sub-agents in tests: quick and slow ones, and one that changes the world."""

import asyncio

from livekit.agents import ToolError, function_tool

from tools.context import CallContext


@function_tool
async def double(context: CallContext, number: int) -> str:
    """Double a number."""
    return f"twice {number} is {number * 2}"


@function_tool
async def search(context: CallContext, seconds: float) -> str:
    """Search for so many seconds."""
    await asyncio.sleep(seconds)
    return f"found after {seconds:g} s"


@function_tool
async def book(context: CallContext, number: int, seconds: float = 1.0) -> str:
    """Book something; takes a second."""
    await asyncio.sleep(seconds)
    context.facts.setdefault("booked", []).append(context.idempotency_key)
    if number == 13:
        raise ToolError("There is no thirteen.")
    return f"booked {number}"


@function_tool
async def ask_b() -> str:
    """Bear the name of a sub-agent."""
    return ""


@function_tool
async def sign() -> str:
    """Sign. Confirm first."""
    return ""
