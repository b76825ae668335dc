"""The shop and the journal on PostgreSQL, by several processes at once."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from livekit.agents import llm
from sqlalchemy import func, select

from agents import loader
from agents.loader import load_team
from tests.postgres import postgres
from tests.system.conftest import ROOT
from tools.context import CallContext
from tools.database import Database
from tools.household import Appointment
from tools.shop import Order, Return
from tools.shop_seed import prepare
from worker.journal import events as journal
from worker.journal.store import Store
from worker.team.toolbox import Toolbox

pytestmark = [pytest.mark.system, pytest.mark.needs("postgresql")]
OPEN = """
import asyncio, datetime, sys
from tools.database import Database
from tools.shop_seed import prepare
from worker.journal.store import Store
async def main():
    await Store(sys.argv[1]).open()
    await prepare(Database(sys.argv[1]), datetime.date.today())
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres(tmp_path_factory.mktemp("postgres")) as found:
        yield found


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
async def test_given_processes_that_start_at_once_then_the_tables_are_made_and_filled_once(
    url: str, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    if kind == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('sqlite')}/shop.db"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN, url, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    for process in processes:
        _, told = await process.communicate()
        assert process.returncode == 0, told[-2000:].decode()
    async with Database(url).session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 240


async def test_given_one_decision_that_comes_again_then_the_return_is_opened_once(url: str) -> None:
    database = Database(url)
    await prepare(database, datetime.now(UTC).date())
    team = load_team(ROOT / "agents/shop/team.yaml")
    box = Toolbox(team.agents["returns"], team.facts)
    arguments = '{"order_number": 1017, "reason": "broken"}'

    async def decide(decision: str) -> str:
        context = CallContext(call="call", agent="returns", decision=decision, database=database, facts={})
        request = llm.FunctionToolCall(name="open_return", arguments=arguments, call_id=decision)
        return (await box.run(request, context)).output

    told = await asyncio.gather(*(decision for decision in [decide("1"), decide("1"), decide("1")]))
    assert all(words.startswith("Done") for words in told), told
    assert "open already" in await decide("2")
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Return)) == 1


async def test_given_two_teams_in_one_database_then_each_has_its_tables(url: str) -> None:
    database = Database(url)
    shop, household = (load_team(ROOT / f"agents/{name}/team.yaml") for name in ("shop", "assistant"))
    today = datetime.now().date()
    for team in (shop, household, shop):
        await loader.prepare(team, database, today)
    box = Toolbox(household.agents["calendar"], household.facts)
    free = today + timedelta(4)
    arguments = f'{{"title": "haircut", "day": "{free}", "time": "15:30:00"}}'
    request = llm.FunctionToolCall(name="add_appointment", arguments=arguments, call_id="1")
    context = CallContext(call="call", agent="calendar", decision="1", database=database, facts={})
    told = await asyncio.gather(*(box.run(request, context) for _ in range(2)))
    assert any(outcome.output.startswith("Done") for outcome in told), told
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 240
        [starts] = await session.scalars(select(Appointment.starts).where(Appointment.title == "haircut"))
    assert starts == datetime.combine(free, time(15, 30))


async def test_the_journal_comes_back_as_it_was_written(url: str) -> None:
    store = Store(url)
    await store.open()
    started = journal.CallStarted(call="c", room="r", team="t", agent="a", model="m", caller="who")
    said = journal.UserSaid(participant="who", text="hello", at=5)
    try:
        await store.append("c", 0, [started, said])
        await store.append("c", 2, [journal.CallEnded(reason="left")])
        assert [event.type for event in await store.events("c")] == ["call.started", "user.said", "call.ended"]
        [call] = await store.calls()
        assert call["reason"] == "left"
        assert call["events"] == 3
    finally:
        await store.close()
