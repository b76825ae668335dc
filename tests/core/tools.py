"""Tools that answer, fail and take their time."""

import asyncio
from pathlib import Path

from livekit.agents import function_tool

from tools.card import Card
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
    """Take a second."""
    await asyncio.sleep(1.0)
    return "slow is done"


@function_tool
async def sluggish(context: CallContext) -> str:
    """Take three seconds."""
    await asyncio.sleep(3.0)
    return "sluggish is done"


@function_tool
async def errand(context: CallContext) -> str:
    """Run an errand of three seconds, while people talk."""
    await asyncio.sleep(3.0)
    return "the errand is done"


@function_tool
async def pay(context: CallContext, number: int) -> str:
    """Pay for an order."""
    context.facts["paid"] = context.facts.get("paid", 0) + 1
    return f"paid {context.facts['paid']}"


@function_tool
async def draw(context: CallContext) -> str:
    """Draw a line, at once, and take two seconds to say so."""
    _draw(f"draw {context.call}")
    await asyncio.sleep(2.0)
    return "drawn"


@function_tool
async def draw_keyed(context: CallContext) -> str:
    """Draw a line, once for each decision, and take two seconds to say so."""
    line = f"draw_keyed {context.idempotency_key}"
    if line not in _drawn():
        _draw(line)
    await asyncio.sleep(2.0)
    return "drawn once"


_DRAWN = Path("drawn")  # in the worker's folder


def _drawn() -> list[str]:
    return _DRAWN.read_text().splitlines() if _DRAWN.exists() else []


def _draw(line: str) -> None:
    with _DRAWN.open("a") as drawn:
        drawn.write(f"{line}\n")


@function_tool
async def telling(context: CallContext) -> str:
    """Take three seconds, and tell how it goes."""
    context.progress("Asking the carrier.")
    context.show(Card(title="Order 7", fields={"Arrives": "Friday"}, choices=("Another day",)))
    await asyncio.sleep(3.0)
    return f"done for {context.caller.identity}"
