from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres import postgres
from worker.journal.events import AgentSaid, CallEnded, CallStarted, CostUpdated, UserSaid
from worker.journal.recorder import Recorder
from worker.journal.store import Store, StoreError

STARTED = CallStarted(call="c1", room="r", team="shop", agent="reception", model="local", caller="anna")


@pytest.mark.parametrize("waits", [False, True])
async def test_given_a_call_when_it_is_read_back_then_its_events_are_in_order(tmp_path: Path, waits: bool) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/j/baton.db", waits=waits)
    await store.open()
    said = UserSaid(at=900, participant="anna", text="Where is my order?")
    answered = AgentSaid(at=2000, agent="reception", text="One moment.", heard_ms=700, latency_ms=610)
    await store.append("c1", 0, [STARTED, said])
    await store.append("c1", 2, [answered, CallEnded(at=5000, reason="the caller left")])

    assert await store.events("c1") == [STARTED, said, answered, CallEnded(at=5000, reason="the caller left")]
    assert await store.events("c1", after=3) == [CallEnded(at=5000, reason="the caller left")]
    [call] = await store.calls()
    assert (call["id"], call["events"], call["reason"]) == ("c1", 4, "the caller left")
    await store.close()


async def test_given_calls_then_it_is_known_which_have_begun(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/baton.db")
    await store.open()
    await store.append("c1", 0, [STARTED, CallEnded(reason="the caller left")])
    many = [f"c{number}" for number in range(5000)]
    assert await store.begun(many) == {"c1"}
    assert await store.begun([]) == set()
    await store.close()


async def test_given_an_unknown_call_when_it_is_read_then_it_has_no_events(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/baton.db")
    await store.open()
    assert await store.events("nobody") == []
    assert await store.calls() == []
    await store.close()


@pytest.mark.parametrize("waits", [False, True])
async def test_given_a_database_that_cannot_be_opened_then_the_error_names_the_setting(waits: bool) -> None:
    with pytest.raises(StoreError, match="BATON_DATABASE_URL"):
        await Store("sqlite+aiosqlite:////proc/nowhere.db", waits=waits).open()


def reply(agent: str, cost: float | None, model: str = "gpt-realtime") -> CostUpdated:
    unpriced = ("input_audio",) if cost is None else ()
    return CostUpdated(
        agent=agent,
        provider="openai",
        model=model,
        tokens={"input_audio": 70, "output_audio": 30},
        unpriced=unpriced,
        cost=cost,
        total=0,
        currency="USD",
    )


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.system, pytest.mark.needs("postgresql")])]
)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("costs")
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite+aiosqlite:///{folder}/baton.db"
        else:
            yield stack.enter_context(postgres(folder))


async def test_given_calls_with_costs_then_each_day_agent_and_model_has_its_sum(url: str) -> None:
    today = datetime.now(UTC).date()
    store = Store(url)
    await store.open()
    await store.append("c1", 0, [STARTED, reply("alfa", 0.25), reply("alfa", 0.5), reply("bravo", 1.0)])
    await store.append("c2", 0, [STARTED.model_copy(update={"call": "c2"}), reply("alfa", 0.125)])
    await store.append("c2", 2, [reply("alfa", None, "unheard-of"), reply("alfa", None, "unheard-of")])

    told = [
        {key: row[key] for key in ("day", "agent", "model", "calls", "tokens", "unpriced", "cost")}
        for row in await store.costs(today - timedelta(days=1))
    ]
    key = {"day": today}
    assert told == [
        key | {"agent": "alfa", "model": "gpt-realtime", "calls": 2, "tokens": 300, "unpriced": 0, "cost": 0.875},
        key | {"agent": "alfa", "model": "unheard-of", "calls": 1, "tokens": 200, "unpriced": 2, "cost": 0.0},
        key | {"agent": "bravo", "model": "gpt-realtime", "calls": 1, "tokens": 100, "unpriced": 0, "cost": 1.0},
    ]
    assert await store.costs(today + timedelta(days=1)) == []
    assert await store.spent(today) == 1.875
    assert await store.spent(today - timedelta(days=1)) == 0.0
    assert {row["id"]: (row["cost"], row["unpriced"]) for row in await store.calls()} == {
        "c1": (1.75, None),
        "c2": (0.125, 2),
    }
    await store.close()


async def test_given_costs_of_another_process_then_the_day_holds_them_too(tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/baton.db"
    other = Store(address)
    await other.open()
    await other.append("c1", 0, [STARTED, reply("alfa", 2.0)])
    with Recorder(address) as recorder:
        assert await recorder.spent_today() == 2.0
        await other.append("c1", 2, [reply("alfa", 3.0)])
        assert await recorder.spent_today() == 5.0
    await other.close()
