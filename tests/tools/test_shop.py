import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from livekit.agents import llm
from sqlalchemy import func, select

from agents.loader import load_team
from tests.first_day import first_day
from tools.context import CallContext
from tools.database import Database
from tools.returns import is_sent_back, may_go_back
from tools.shop import Inspection, Order, Return
from tools.shop_seed import prepare
from worker.team.toolbox import Outcome, Toolbox

TODAY = date.today()
SUNDAY = TODAY + timedelta(6 - TODAY.weekday() + 7)
TEAM = load_team(Path("agents/shop/team.yaml"))


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    return await first_day(TEAM, tmp_path / "shop.db", TODAY)


async def call(
    database: Database,
    agent: str,
    tool: str,
    arguments: dict[str, object] | str,
    decision: str = "1",
    facts: dict[str, object] | None = None,
) -> Outcome:
    given = arguments if isinstance(arguments, str) else json.dumps(arguments, default=str)
    context = CallContext(call="call", agent=agent, decision=decision, database=database, facts=facts or {})
    request = llm.FunctionToolCall(name=tool, arguments=given, call_id=decision)
    return await Toolbox(TEAM.agents[agent], TEAM.facts).run(request, context)


def weekday(ahead: int) -> date:
    day = TODAY + timedelta(ahead)
    return day + timedelta(1) if day.weekday() == 6 else day


async def test_the_shop_has_stock_and_none_of_it_comes_on_a_sunday(database: Database) -> None:
    await prepare(database, TODAY)  # a second time changes nothing
    async with database.session() as session:
        orders = (await session.scalars(select(Order))).all()
    assert len(orders) == 240
    assert all(order.delivery_day.weekday() != 6 for order in orders)


async def test_where_is_my_order(database: Database) -> None:
    outcome = await call(database, "orders", "delivery_status", {"order_number": 1042})
    assert "two copper kettles" in outcome.output
    assert "on its way" in outcome.output


@pytest.mark.parametrize(
    ("agent", "tool", "arguments", "words"),
    [
        ("orders", "find_order", {"order_number": 9999}, "no order 9999"),
        ("orders", "change_delivery_day", {"order_number": 1042, "day": weekday(4)}, "cannot move any more"),
        ("orders", "change_delivery_day", {"order_number": 1088, "day": TODAY}, "not possible"),
        ("orders", "change_delivery_day", {"order_number": 1088, "day": TODAY + timedelta(60)}, "not possible"),
        (
            "orders",
            "change_delivery_day",
            {"order_number": 1088, "day": TODAY + timedelta(6 - TODAY.weekday() + 7)},
            "Sunday",
        ),
        ("returns", "open_return", {"order_number": 1042, "reason": "broken"}, "has not been delivered"),
        ("returns", "open_return", {"order_number": 1063, "reason": "broken"}, "too late"),
        ("returns", "check_return", {"order_number": 1042}, "has not been delivered"),
        ("returns", "check_return", {"order_number": 1063}, "too late"),
        ("orders", "find_order", {"order_number": 3}, "Error parsing arguments"),
        ("orders", "find_order", "{broken", "Error parsing arguments"),
        ("orders", "nothing", {}, "There is no tool"),
        ("reception", "product_details", {"product": "submarine"}, "no submarine"),
    ],
)
async def test_what_cannot_be_done_is_said(
    database: Database, agent: str, tool: str, arguments: dict[str, object] | str, words: str
) -> None:
    outcome = await call(database, agent, tool, arguments)
    assert outcome.failed
    assert words in outcome.output


async def test_the_same_decision_twice_is_done_once(database: Database) -> None:
    arguments = {"order_number": 1017, "reason": "broken"}
    outcomes = await asyncio.gather(*(call(database, "returns", "open_return", arguments, "same") for _ in range(2)))
    assert any(not outcome.failed for outcome in outcomes)
    assert not (await call(database, "returns", "open_return", arguments, "same")).failed
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Return)) == 1
    another = await call(database, "returns", "open_return", arguments, "another")
    assert another.failed
    assert "open already" in another.output


async def test_a_picture_of_the_damage_opens_one_inspection(database: Database) -> None:
    arguments = {"order_number": 1017, "photo": "photo-1", "damage": "The lid is cracked."}
    for decision in ("1", "1", "2"):  # asked again after a crash, and by a model that forgets
        outcome = await call(database, "returns", "note_damage", arguments, decision)
        assert "photo-1 is with it" in outcome.output
    await call(database, "returns", "note_damage", {**arguments, "photo": "photo-2"}, "3")
    async with database.session() as session:
        noted = (await session.scalars(select(Inspection).order_by(Inspection.id))).all()
    assert [(one.call, one.picture, one.description) for one in noted] == [
        ("call", "photo-1", "The lid is cracked."),
        ("call", "photo-2", "The lid is cracked."),
    ]
    status = await call(database, "returns", "return_status", {"order_number": 1017})
    assert status.output == "No return is open for order 1017. An inspection with your picture is open."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"order_number": 1042}, "has not been delivered"),
        ({"photo": "slip.jpg"}, "Error parsing arguments"),
        ({"photo": "photo-0"}, "Error parsing arguments"),
        ({"damage": ""}, "Error parsing arguments"),
    ],
)
async def test_what_is_no_picture_of_something_delivered_is_not_inspected(
    database: Database, arguments: dict[str, object], words: str
) -> None:
    given = {"order_number": 1017, "photo": "photo-1", "damage": "The lid is cracked.", **arguments}
    outcome = await call(database, "returns", "note_damage", given)
    assert outcome.failed
    assert words in outcome.output


async def test_an_order_may_go_back_when_it_was_checked_and_another_is_another_matter(database: Database) -> None:
    facts: dict[str, object] = {"order_number": 1017}
    assert not may_go_back(facts)
    checked = await call(database, "returns", "check_return", {"order_number": 1017}, facts=facts)
    assert "one oven dish, and can go back until" in checked.output
    assert may_go_back(facts)
    await call(database, "returns", "open_return", {"order_number": 1017, "reason": "broken"}, facts=facts)
    assert is_sent_back(facts)
    assert (await call(database, "returns", "check_return", {"order_number": 1063}, facts=facts)).failed
    facts["order_number"] = 1063
    assert not may_go_back(facts)
    assert not is_sent_back(facts)


async def test_a_delivery_moves(database: Database) -> None:
    outcome = await call(database, "orders", "change_delivery_day", {"order_number": 1088, "day": weekday(9)})
    assert outcome.output.startswith("Done.")
    async with database.session() as session:
        order = await session.get(Order, 1088)
        assert order is not None
        assert order.delivery_day == weekday(9)
