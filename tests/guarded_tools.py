"""What a test's agents can do: each notes in the call's facts that it was done."""

from livekit.agents import function_tool

from tools.context import CallContext

PERSON = "Somebody will call you back today."


@function_tool
async def refund(context: CallContext, order: str, amount: float) -> str:
    """Give money back."""
    context.facts.setdefault("refunds", []).append((order, amount))
    return f"{amount:g} pounds are on their way back for order {order}."


async def person(context: CallContext) -> str | None:
    context.facts["person"] = True
    return PERSON


async def broken(context: CallContext) -> str | None:
    raise RuntimeError("no database")
