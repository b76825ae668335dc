"""What is told only to whom it is about."""

from pathlib import Path

import pytest
from sqlalchemy import select

from tests.first_day import first_day
from tests.tools.test_shop import TEAM, TODAY, call
from tools.accounts import WRONG_PINS
from tools.database import Database
from tools.shop import Customer, Order

ORDER, PIN, WRONG = 1088, 314_159, 314_150


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    return await first_day(TEAM, tmp_path / "shop.db", TODAY)


async def customer(database: Database) -> Customer:
    async with database.session() as session:
        order = (await session.scalars(select(Order).where(Order.number == ORDER))).one()
    return order.customer


async def ask(database: Database, pin: int, order: int = ORDER) -> str:
    return (await call(database, "orders", "delivery_address", {"order_number": order, "pin": pin})).output


async def test_given_the_pin_then_the_address_is_told(database: Database) -> None:
    told = await ask(database, PIN)
    assert (await customer(database)).name in told
    assert "postcode" in told


async def test_given_a_wrong_pin_then_nothing_is_told_and_after_five_the_right_one_helps_no_more(
    database: Database,
) -> None:
    name = (await customer(database)).name
    for _ in range(WRONG_PINS - 1):
        assert await ask(database, WRONG) == "That is not the PIN of this account. What is your PIN?"
    assert name in await ask(database, PIN), "which begins to count anew"
    for _ in range(WRONG_PINS):
        assert name not in await ask(database, WRONG)
    assert "locked" in await ask(database, PIN)


async def test_given_an_account_without_a_pin_then_no_number_opens_it(database: Database) -> None:
    assert "There is no PIN for this account yet" in await ask(database, 100_000, order=1017)


async def test_given_a_database_then_no_pin_can_be_read_there(database: Database, tmp_path: Path) -> None:
    assert await ask(database, PIN)
    assert str(PIN).encode() not in (tmp_path / "shop.db").read_bytes()
