"""Returns: sending back what was delivered."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tools import spoken
from tools.context import CallContext
from tools.database import Order, Return
from tools.orders import OrderNumber, order_or_error

WINDOW_DAYS = 30
Reason = Annotated[str, Field(description="the reason for sending it back", min_length=2, max_length=400)]


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
    what = spoken.things(order.quantity, order.product.name)
    return f"Done. The return of {what} is open, and a label is on its way to your e-mail address."


@function_tool
async def return_status(context: CallContext, order_number: OrderNumber) -> str:
    """Tell whether a return is open for an order.

    Examples: "What about my return?", "Did you get my return?", "Is my return open?"
    """
    async with context.database.session() as session:
        await order_or_error(session, order_number)
        opened = (await session.scalars(select(Return).where(Return.order_number == order_number))).first()
    if opened is None:
        return f"No return is open for order {order_number}."
    return f"A return for order {order_number} was opened on {spoken.day(opened.opened_on)}."


async def _open(context: CallContext, order_number: int, reason: str) -> Order:
    """Stores the return, unless this very decision has stored it before. Raises ToolError."""
    today = datetime.now(UTC).date()
    async with context.database.session() as session, session.begin():
        order = await order_or_error(session, order_number)
        opened = (await session.scalars(select(Return).where(Return.order_number == order_number))).first()
        if opened is None:
            if order.status != "delivered":
                raise ToolError(f"Order {order_number} has not been delivered, so it cannot be sent back yet.")
            if today - order.delivery_day > timedelta(WINDOW_DAYS):
                raise ToolError(
                    f"Order {order_number} was delivered on {spoken.day(order.delivery_day)}. "
                    f"Returns are possible for {WINDOW_DAYS} days, so it is too late, I am afraid."
                )
            session.add(
                Return(order_number=order_number, reason=reason, opened_on=today, opened_by=context.idempotency_key)
            )
        elif opened.opened_by != context.idempotency_key:
            raise ToolError(f"A return for order {order_number} is open already. The label is in your e-mail.")
    return order
