"""Tools that answer, fail and take their time."""

import asyncio

from livekit.agents import function_tool

from tools.context import CallContext


@function_tool
async def quick(context: CallContext, number: int) -> str:
    """Double a number."""
    return f"twice is {number * 2}"


@function_tool
async def broken(context: CallContext) -> str:
    """Fail."""
    raise RuntimeError("the wheels came off")


@function_tool
async def slow(context: CallContext) -> str:
    """Take a second and a half."""
    await asyncio.sleep(1.5)
    return "slow is done"
