"""Tools of the team that every provider is tried with: one that answers, one that takes its time, one in the background."""

import asyncio

from livekit.agents import function_tool

from tools.context import CallContext

SLOW_S = 4.0


@function_tool
async def find_order(context: CallContext, order_number: int) -> str:
    """Look up an order: what it is, and when it arrives."""
    return f"Order {order_number} arrives on Friday."


@function_tool
async def opening_hours(context: CallContext) -> str:
    """Look up when the shop is open."""
    await asyncio.sleep(SLOW_S)
    return "We are open from nine to five."


@function_tool
async def send_catalogue(context: CallContext) -> str:
    """Send the caller our catalogue."""
    await asyncio.sleep(SLOW_S)
    return "The catalogue is on its way."


@function_tool
async def hangs(context: CallContext) -> str:
    """Look up what nobody finds."""
    await asyncio.Event().wait()
    return "Never."


@function_tool
async def hangs_quietly(context: CallContext) -> str:
    """Look up what nobody finds, while the caller hears nothing."""
    await asyncio.Event().wait()
    return "Never."


@function_tool
async def raises(context: CallContext) -> str:
    """Look up what breaks."""
    raise RuntimeError("scripted")
