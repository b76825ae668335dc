from pathlib import Path

import pytest

from worker.journal.events import AgentSaid, CallEnded, CallStarted, UserSaid
from worker.journal.store import Store, StoreError

STARTED = CallStarted(call="c1", room="r", team="shop", agent="reception", model="local", caller="anna")


async def test_given_a_call_when_it_is_read_back_then_its_events_are_in_order(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/j/baton.db")
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


async def test_given_an_unknown_call_when_it_is_read_then_it_has_no_events(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/baton.db")
    await store.open()
    assert await store.events("nobody") == []
    assert await store.calls() == []
    await store.close()


async def test_given_a_database_that_cannot_be_opened_then_the_error_names_the_setting() -> None:
    with pytest.raises(StoreError, match="BATON_DATABASE_URL"):
        await Store("sqlite+aiosqlite:////proc/nowhere.db").open()
