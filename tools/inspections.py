"""Inspections: what arrived damaged, as the caller has shown it."""

from datetime import UTC, datetime
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from tools import spoken
from tools.context import CallContext
from tools.orders import OrderNumber, order_or_error
from tools.shop import Inspection, Order

Photo = Annotated[
    str, Field(description="the name of the picture that the caller has shown of it", pattern=r"^photo-[1-9]\d{0,3}$")
]
Damage = Annotated[
    str,
    Field(
        description="what is wrong with it, as you see it on the picture, or as the caller tells",
        min_length=2,
        max_length=400,
    ),
]


@function_tool
async def note_damage(context: CallContext, order_number: OrderNumber, photo: Photo, damage: Damage) -> str:
    """Open an inspection of what arrived damaged, with the picture that the caller has shown of it.

    Examples: "Here is a photo of the damage.", "This is a picture of it.", "You can see the crack on the photo."
    """
    try:
        order = await _note(context, order_number, photo, damage)
    except IntegrityError:  # the same moment noted it elsewhere: now it can be seen
        order = await _note(context, order_number, photo, damage)
    what = spoken.things(order.quantity, order.product.name)
    return f"Thank you for the picture. An inspection of order {order_number}, {what}, is open, and {photo} is with it."


async def inspected(session: AsyncSession, order_number: int) -> bool:
    """Whether an inspection is open for an order."""
    return (
        await session.scalars(select(Inspection).where(Inspection.order_number == order_number))
    ).first() is not None


async def _note(context: CallContext, order_number: int, photo: str, damage: str) -> Order:
    """Stores it, unless it is there. Raises ToolError."""
    async with context.database.session() as session, session.begin():
        order = await order_or_error(session, order_number)
        if order.status != "delivered":
            raise ToolError(
                f"Order {order_number} has not been delivered, so there is nothing to inspect yet. Do you mean another one?"
            )
        shown = and_(
            Inspection.order_number == order_number, Inspection.call == context.call, Inspection.picture == photo
        )
        known = select(Inspection).where(or_(Inspection.noted_by == context.idempotency_key, shown))
        if (await session.scalars(known)).first() is None:
            session.add(
                Inspection(
                    order_number=order_number,
                    call=context.call,
                    picture=photo,
                    description=damage,
                    noted_on=datetime.now(UTC).date(),
                    noted_by=context.idempotency_key,
                )
            )
    return order
