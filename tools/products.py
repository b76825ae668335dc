"""Products: what they cost, and what callers ask about them."""

from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field
from sqlalchemy import select

from tools.context import CallContext
from tools.shop import Product

ProductName = Annotated[str, Field(description="which product", min_length=2, max_length=80)]


@function_tool
async def product_details(context: CallContext, product: ProductName) -> str:
    """Tell the price of a product and something about it.

    Examples: "How much is the copper kettle?", "What does the table lamp cost?", "Does the oven work with gas?",
    "Tell me about the wool blanket.", "How much does the oven dish cost?", "Do you sell a bread bin?",
    "Is the oven dish dishwasher safe?", "I want to know how much the wall clock is."
    """
    async with context.database.session() as session:
        products = (await session.scalars(select(Product))).all()
    wanted = set(product.lower().replace("?", "").split())
    best = max(products, key=lambda known: len(wanted & _words(known.name)))
    if not wanted & _words(best.name):
        raise ToolError(f"We have no {product}. We sell {', '.join(known.name for known in products[:-1])} and more.")
    return f"The {best.name} costs {best.price:.2f} pounds. {best.fact}"


def _words(name: str) -> set[str]:
    return {word for word in name.split() if len(word) > 2} | {word + "s" for word in name.split() if len(word) > 2}
