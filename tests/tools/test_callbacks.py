"""Who is to be called back, in a real database."""

from datetime import date
from pathlib import Path

from sqlalchemy import select

from tests.first_day import first_day
from tests.tools.test_shop import TEAM
from tools.callbacks import Callback, call_back, person_needed
from tools.context import CallContext, Caller
from tools.database import Database


async def database(folder: Path) -> Database:
    return await first_day(TEAM, folder / "shop.db", date.today())


def context(shop: Database, call: str, phone: str, **facts: object) -> CallContext:
    caller = Caller("id", "Jo", phone)
    return CallContext(
        call=call, agent="orders", decision="when_unreachable", database=shop, facts=dict(facts), caller=caller
    )


async def noted(shop: Database) -> list[tuple[str, str, int | None, str]]:
    async with shop.session() as session:
        rows = (await session.scalars(select(Callback).order_by(Callback.id))).all()
    return [(row.phone, row.name, row.order_number, row.wanted_by) for row in rows]


async def test_given_a_caller_by_telephone_then_they_are_called_back_once_a_call(tmp_path: Path) -> None:
    shop = await database(tmp_path)
    said = [await call_back(context(shop, "c-1", "+441632960123", order_number=1042)) for _ in range(2)]
    assert said[0] == said[1]
    assert "call you back" in str(said[0])
    await call_back(context(shop, "c-2", "+441632960123"))
    assert await noted(shop) == [
        ("+441632960123", "Jo", 1042, "c-1:when_unreachable"),
        ("+441632960123", "Jo", None, "c-2:when_unreachable"),
    ]


async def test_given_a_caller_without_a_number_then_nothing_is_promised(tmp_path: Path) -> None:
    shop = await database(tmp_path)
    assert await call_back(context(shop, "c-1", "")) is None
    assert await noted(shop) == []


async def test_given_a_caller_who_needs_a_person_then_they_are_called_back_or_told_where_people_are(
    tmp_path: Path,
) -> None:
    shop = await database(tmp_path)
    assert "call you back" in await person_needed(context(shop, "c-1", "+441632960123", order_number=1042))
    assert "in our shop" in await person_needed(context(shop, "c-2", ""))
    assert [row[0] for row in await noted(shop)] == ["+441632960123"]
