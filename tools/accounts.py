"""Accounts: what is told only to whom it is about. They prove it by the PIN of the account, said or dialled."""

import hashlib
import hmac
import secrets
from typing import Annotated

from livekit.agents import ToolError, function_tool
from pydantic import Field

from tools.context import CallContext
from tools.orders import OrderNumber, order_or_error
from tools.shop import Customer

Pin = Annotated[int, Field(description="the PIN of your account, six digits", ge=100_000, le=999_999)]

WRONG_PINS = 5  # in a row, in whatever calls: then the account is locked


@function_tool
async def delivery_address(context: CallContext, order_number: OrderNumber, pin: Pin) -> str:
    """Tell which address an order goes to. The caller proves who they are by the PIN of their account.

    Examples: "Which address is it going to?", "Can you check the delivery address?", "Do you have my right address?",
    "Is it going to my new address?"
    """
    async with context.database.session() as session:
        order = await order_or_error(session, order_number)
        # counted and committed whatever comes of it, and no other call counts between: else trying would cost nothing
        customer = await session.get(Customer, order.customer_id, with_for_update=True, populate_existing=True)
        assert customer
        _check_tries(customer)
        right = _is(pin, customer.pin)
        customer.wrong_pins = 0 if right else customer.wrong_pins + 1
        name, postcode = customer.name, customer.postcode
        await session.commit()
    if not right:
        raise ToolError("That is not the PIN of this account. What is your PIN?")
    return f"Order {order_number} goes to {name}, at postcode {' '.join(postcode.replace(' ', ''))}."


def sealed(pin: int) -> str:
    """A PIN as it is stored: nobody reads it there."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_digest(pin, salt)}"


def _is(pin: int, stored: str | None) -> bool:
    salt, _, digest = (stored or "$").partition("$")
    return hmac.compare_digest(_digest(pin, bytes.fromhex(salt)), digest)


def _digest(pin: int, salt: bytes) -> str:
    return hashlib.scrypt(str(pin).encode(), salt=salt, n=2**14, r=8, p=1).hex()


def _check_tries(customer: Customer) -> None:
    """Raises ToolError for an account that nobody can prove to be theirs."""
    if customer.pin is None:
        raise ToolError("There is no PIN for this account yet. You can set one in our shop.")
    if customer.wrong_pins >= WRONG_PINS:
        raise ToolError("This account is locked after too many wrong PINs. Please come to our shop with your order.")
