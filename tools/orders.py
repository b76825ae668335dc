"""Orders: what is in them, where they are, and on which day they come."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from tools import spoken
from tools.card import Item, OrderCard
from tools.context import CallContext
from tools.shop import Order

OrderNumber = Annotated[int, Field(description="the order number, four digits", ge=1000, le=9999)]
Day = Annotated[date, Field(description="the day it should come")]

LATEST_DAYS = 30


@function_tool
async def find_order(context: CallContext, order_number: OrderNumber) -> str:
    """Look up an order: what was ordered, and what it cost.

    Examples: "What is in my order?", "Can you look up order 1042?", "What did I order?", "How much was my order?"
    """
    async with context.database.session() as session:
        order = await order_or_error(session, order_number)
    context.show(_card(order))
    what = spoken.things(order.quantity, order.product.name)
    return f"Order {order.number} is {what}, {order.quantity * order.product.price:.2f} pounds in all. {_where(order)}"


@function_tool
async def delivery_status(context: CallContext, order_number: OrderNumber) -> str:
    """Tell where an order is and when it arrives.

    Examples: "Where is my order?", "When does my parcel come?", "Has it been shipped?", "My delivery has not arrived.",
    "What is the status of my order?", "I would like to know about my order."
    """
    async with context.database.session() as session:
        order = await order_or_error(session, order_number)
    context.show(_card(order))
    what = spoken.things(order.quantity, order.product.name)
    return f"Order {order.number}, {what}: {_where(order)}"


@function_tool
async def change_delivery_day(context: CallContext, order_number: OrderNumber, day: Day) -> str:
    """Move an order that is still being packed to another delivery day.

    Examples: "Can you deliver it on another day?", "I want to change the delivery day.", "Please move my delivery to
    Friday.", "I am not at home that day.", "Can it come later?"
    """
    today = datetime.now(UTC).date()
    async with context.database.session() as session, session.begin():
        order = await order_or_error(session, order_number)
        if order.moved_by != context.idempotency_key:
            _check_move(order, day, today)
            order.delivery_day, order.moved_by = day, context.idempotency_key
    return f"Done. Order {order_number} now comes on {spoken.day(day)}."


async def order_or_error(session: AsyncSession, number: int) -> Order:
    """The order, or a ToolError that the caller can act on."""
    order = await session.get(Order, number)
    if order is None:
        raise ToolError(f"There is no order {number}. Please check the number on your confirmation e-mail.")
    return order


def _card(order: Order) -> OrderCard:
    total = order.quantity * order.product.price
    return OrderCard(
        title=f"Order {order.number}",
        state=order.status.capitalize(),
        lines=(_where(order),),
        items=(Item(name=order.product.name, quantity=order.quantity, price=total),),
        total=total,
        currency="GBP",
    )


def _where(order: Order) -> str:
    when = spoken.day(order.delivery_day)
    return {
        "packing": f"It is being packed, and arrives on {when}.",
        "on its way": f"It is on its way, and arrives on {when}.",
        "delivered": f"It was delivered on {when}.",
        "cancelled": "It was cancelled.",
    }[order.status]


def _check_move(order: Order, day: date, today: date) -> None:
    if order.status != "packing":
        raise ToolError(f"Order {order.number} cannot move any more. {_where(order)}")
    if not today < day <= today + timedelta(LATEST_DAYS):
        raise ToolError(
            f"{spoken.day(day)} is not possible. It can be any day from tomorrow within {LATEST_DAYS} days."
        )
    if day.weekday() == 6:
        raise ToolError("We do not deliver on Sundays. Which other day would suit you?")
