"""Returns: sending back what was delivered."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tools import spoken
from tools.context import CallContext
from tools.inspections import inspected
from tools.label import return_label
from tools.orders import OrderNumber, order_or_error
from tools.shop import Order, Return

WINDOW_DAYS = 30
Reason = Annotated[str, Field(description="the reason for sending it back", min_length=2, max_length=400)]


_MAY_GO_BACK, _SENT_BACK = "may_go_back", "sent_back"  # facts of a call: the order that was found so


def may_go_back(facts: Mapping[str, Any]) -> bool:
    """Whether the order that the call is about was found fit to be sent back."""
    return _MAY_GO_BACK in facts and facts[_MAY_GO_BACK] == facts.get("order_number")


def is_sent_back(facts: Mapping[str, Any]) -> bool:
    return _SENT_BACK in facts and facts[_SENT_BACK] == facts.get("order_number")


@function_tool
async def check_return(context: CallContext, order_number: OrderNumber) -> str:
    """Check whether an order can be sent back. Comes before a return is opened.

    Examples: "I want to send it back.", "I would like to return my order.", "It arrived broken.", "It is the wrong
    colour.", "It does not work.", "I changed my mind about it.", "Can I return this?"
    """
    context.facts.pop(_MAY_GO_BACK, None)
    async with context.database.session() as session:
        order = await order_or_error(session, order_number)
        _may_go_back(order, await _opened(session, order_number), datetime.now(UTC).date())
    context.facts[_MAY_GO_BACK] = order_number
    until = spoken.day(order.delivery_day + timedelta(WINDOW_DAYS))
    return (
        f"Order {order_number} is {spoken.things(order.quantity, order.product.name)}, and can go back until {until}."
    )


@function_tool
async def open_return(context: CallContext, order_number: OrderNumber, reason: Reason) -> str:
    """Open a return for an order that was delivered.

    Examples: "I want to send it back.", "I would like to return my order.", "It arrived broken.", "It is the wrong
    colour.", "It does not work.", "I changed my mind about it."
    """
    try:
        order = await _open(context, order_number, reason)
    except IntegrityError:  # the same moment opened one elsewhere: now it can be seen, and whose it is
        order = await _open(context, order_number, reason)
    context.facts[_SENT_BACK] = order_number
    what = spoken.things(order.quantity, order.product.name)
    told = f"Done. The return of {what} is open, and a label is on its way to your e-mail address."
    if context.caller.telephone:
        return told
    context.give(await return_label(order_number, what, datetime.now(UTC).date()))
    return f"{told} You can print it from the page, too."


@function_tool
async def return_status(context: CallContext, order_number: OrderNumber) -> str:
    """Tell whether a return is open for an order.

    Examples: "What about my return?", "Did you get my return?", "Is my return open?"
    """
    async with context.database.session() as session:
        await order_or_error(session, order_number)
        opened, shown = await _opened(session, order_number), await inspected(session, order_number)
    inspection = " An inspection with your picture is open." if shown else ""
    if opened is None:
        return f"No return is open for order {order_number}.{inspection}"
    return f"A return for order {order_number} was opened on {spoken.day(opened.opened_on)}.{inspection}"


async def _open(context: CallContext, order_number: int, reason: str) -> Order:
    """Stores the return, unless this very decision has stored it before. Raises ToolError."""
    today = datetime.now(UTC).date()
    async with context.database.session() as session, session.begin():
        order = await order_or_error(session, order_number)
        opened = await _opened(session, order_number)
        if opened is None or opened.opened_by != context.idempotency_key:
            _may_go_back(order, opened, today)
            session.add(
                Return(order_number=order_number, reason=reason, opened_on=today, opened_by=context.idempotency_key)
            )
    return order


def _may_go_back(order: Order, opened: Return | None, today: date) -> None:
    """Raises ToolError, saying why not."""
    if opened is not None:
        raise ToolError(f"A return for order {order.number} is open already. The label is in your e-mail.")
    if order.status != "delivered":
        raise ToolError(
            f"Order {order.number} has not been delivered, so it cannot be sent back yet. Do you mean another one?"
        )
    if today - order.delivery_day > timedelta(WINDOW_DAYS):
        raise ToolError(
            f"Order {order.number} was delivered on {spoken.day(order.delivery_day)}. "
            f"Returns are possible for {WINDOW_DAYS} days, so it is too late, I am afraid."
        )


async def _opened(session: AsyncSession, order_number: int) -> Return | None:
    return (await session.scalars(select(Return).where(Return.order_number == order_number))).first()
