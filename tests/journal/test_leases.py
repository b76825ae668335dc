"""Who holds a call, on SQLite and PostgreSQL, by several processes at once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.postgres import postgres
from worker.journal import lease as lease_module
from worker.journal import leases
from worker.journal.events import CallStarted, UserSaid
from worker.journal.journal import Journal
from worker.journal.leases import HOLDS_S, LATE_S, LeaseLost
from worker.journal.recorder import Recorder
from worker.journal.store import Store
from worker.redaction.policy import Value

STARTED = CallStarted(call="c1", room="r", team="core", agent="alfa", model="openai", caller="anna")


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.system, pytest.mark.needs("postgresql")])],
)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("leases")
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite+aiosqlite:///{folder}/baton.db"
        else:
            yield stack.enter_context(postgres(folder))


@pytest.fixture
async def stores(url: str) -> AsyncIterator[tuple[Store, Store]]:
    """The same database, as two processes have it."""
    first, second = Store(url), Store(url)
    await first.open()
    await second.open()
    for table in ("journal_leases", "journal_holders", "journal_events", "journal_calls"):
        await change(url, f"DELETE FROM {table}")
    yield first, second
    await first.close()
    await second.close()


async def later(url: str, seconds: float) -> None:
    """So much time passes for all who hold calls."""
    await change(url, f"UPDATE journal_holders SET until = until - {seconds}")


async def change(url: str, statement: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_given_a_call_that_begins_twice_then_one_worker_has_it(stores: tuple[Store, Store]) -> None:
    first, second = (store.leases for store in stores)
    await first.live("w1")
    await second.live("w2")
    taken = await asyncio.gather(first.take("c1", "r", "w1", "a1"), second.take("c1", "r", "w2", "a2"))
    assert [one is None for one in taken].count(True) == 1
    assert await first.lost() == []


async def test_given_a_worker_that_does_not_live_any_more_then_its_calls_are_offered_once_and_taken_once(
    url: str, stores: tuple[Store, Store]
) -> None:
    first, second = (store.leases for store in stores)
    await first.live("w1")
    assert await first.take("c1", "r", "w1", "a1")
    await second.live("w2")
    assert await second.take("c1", "r", "w2", "a2") is None, "it lives"
    await later(url, HOLDS_S + 1)
    await second.live("w2")
    [lost] = await second.lost()
    assert (lost.call, lost.room, lost.holder, lost.agent, lost.late) == ("c1", "r", "w1", "a1", False)
    offers = await asyncio.gather(first.offer(lost, "n1"), second.offer(lost, "n2"))
    assert len([offer for offer in offers if offer]) == 1
    assert await second.lost() == [], "it is being offered"
    taken = await asyncio.gather(first.take("c1", "r", "w2", "a2"), second.take("c1", "r", "w3", "a3"))
    [one] = [one for one in taken if one]
    assert one.silent_s
    assert one.silent_s >= HOLDS_S + 1
    assert await first.live("w1") == frozenset(), "who has lost it is told so"


async def test_given_an_offer_that_nobody_takes_then_it_is_made_again(url: str, stores: tuple[Store, Store]) -> None:
    held = stores[0].leases
    await held.live("w1")
    await held.take("c1", "r", "w1", "a1")
    await later(url, HOLDS_S + 1)
    [lost] = await held.lost()
    assert await held.offer(lost, "n1")
    await later(url, leases.OFFERED_S + 1)
    [again] = await held.lost()
    assert await held.offer(again, "n2")
    taken = await held.take("c1", "r", "w2", "a2")
    assert taken
    assert taken.silent_s
    assert taken.silent_s >= HOLDS_S + 1, "since the worker was gone, not since the first offer"


async def test_given_a_worker_that_lives_again_before_its_call_is_offered_then_it_keeps_it(
    url: str, stores: tuple[Store, Store]
) -> None:
    held = stores[0].leases
    await held.live("w1")
    await held.take("c1", "r", "w1", "a1")
    await later(url, HOLDS_S + 1)
    [lost] = await held.lost()
    assert await held.live("w1") == {"c1"}
    assert await held.offer(lost, "n1") is None


async def test_given_a_call_that_is_given_up_then_it_can_be_taken_at_once(stores: tuple[Store, Store]) -> None:
    held = stores[0].leases
    await held.live("w1")
    await held.take("c1", "r", "w1", "a1")
    await held.live("w1", {"c1": {"text": "one"}, "c2": {"text": "of no call of w1"}})
    await held.give_up("w1", {"c1": {"text": "one two"}})
    [lost] = await held.lost()
    assert await held.offer(lost, "n1")
    taken = await held.take("c1", "r", "w2", "a2")
    assert taken
    assert taken.moment == {"text": "one two"}


async def test_given_a_call_that_another_holds_then_nothing_is_written_into_its_journal(
    url: str, stores: tuple[Store, Store]
) -> None:
    store, held = stores[0], stores[0].leases
    await held.live("w1")
    await held.take("c1", "r", "w1", "a1")
    await store.append("c1", 0, [STARTED], "w1", {"agent": "alfa"})
    await later(url, HOLDS_S + 1)
    [lost] = await held.lost()
    await held.offer(lost, "n1")
    said = UserSaid(participant="anna", text="too late")
    for standing in (None, {"agent": "bravo"}):
        with pytest.raises(LeaseLost):
            await store.append("c1", 1, [said], "w1", standing)
    taken = await held.take("c1", "r", "w2", "a2")
    assert taken
    assert taken.standing == {"agent": "alfa"}
    assert await store.events("c1") == [STARTED]
    await store.append("c1", 1, [said], "w2")
    with pytest.raises(LeaseLost):  # and not that there is one already
        await store.append("c1", 1, [said], "w1")
    assert await store.events("c1") == [STARTED, said]


async def test_given_callers_who_wait_then_every_worker_of_their_team_is_told_until_they_wait_no_more(
    url: str, stores: tuple[Store, Store]
) -> None:
    ours, theirs = stores[0].leases, stores[1].leases
    assert not await theirs.waited_for("shop")
    for desk in ("d1", "d2", "d1"):
        await ours.wait("shop", desk)
    assert await theirs.waited_for("shop")
    await ours.wait("x" * 99, "0123456789ab")  # anything may be in a room's metadata
    for other in ("shop_2", "sho", "sh_p"):
        assert not await theirs.waited_for(other)
    assert await ours.lost() == []
    await ours.wait_no_more("shop", "d1")
    assert await theirs.waited_for("shop"), "by what another desk tells"
    await later(url, leases.WAITED_S + 1)
    assert not await theirs.waited_for("shop"), "a desk that is gone tells nothing"


async def test_given_a_call_that_is_over_then_nobody_looks_for_it(url: str, stores: tuple[Store, Store]) -> None:
    held = stores[0].leases
    await held.live("w1")
    await held.take("c1", "r", "w1", "a1")
    await held.release("c1", "w1")
    await later(url, HOLDS_S + 1)
    assert await held.lost() == []


async def _until_lost(lease: lease_module.Lease) -> None:
    async with asyncio.timeout(10):
        await lease.until_lost()


async def test_given_a_recorder_then_it_holds_its_calls_and_gives_up_one_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/baton.db"
    store = Store(url)
    await store.open()
    with Recorder(url) as recorder:
        turns, hangs = await recorder.take("c1", "r", "a1"), await recorder.take("c2", "r", "a2")
        assert turns
        assert hangs
        assert await recorder.take("c1", "r", "a3") is None
        turning = asyncio.ensure_future(turns.until_lost())
        monkeypatch.setattr(lease_module, "HUNG_S", 2.0)
        await _until_lost_without_a_sign(hangs)
        for _ in range(200):
            if lost := await store.leases.lost():
                break
            await asyncio.sleep(0.05)
        assert [one.call for one in lost] == ["c2"]
        assert not turns.lost
        notes = Journal("c2", recorder, elapsed_ms=lambda: 0, publish=lambda _: None, lease=hangs)
        notes.record(STARTED, 0)
        recorder.release(turns)
        turning.cancel()
    assert await store.events("c2") == [], "what hung has nothing to say any more"
    assert [one.call for one in await store.leases.lost()] == ["c2"]
    await store.close()


async def _until_lost_without_a_sign(lease: lease_module.Lease) -> None:
    for _ in range(400):
        if lease.lost:
            break
        await asyncio.sleep(0.05)
    assert lease.lost


async def test_given_a_recorder_whose_call_another_has_taken_then_the_call_is_told(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/baton.db"
    store = Store(url)
    await store.open()
    with Recorder(url) as recorder:
        lease = await recorder.take("c1", "r", "a1")
        assert lease
        await change(url, "UPDATE journal_leases SET holder = 'offer-n1'")
        await _until_lost(lease)
        recorder.release(lease)
    assert len(await store.leases.lost()) == 1, "it is not ours to release"
    await store.close()


DIES = """
import asyncio, sys
from worker.journal.store import Store
from worker.redaction.policy import Value
async def main():
    store = Store(sys.argv[1])
    await store.open()
    await store.presence.hold("worker-1")
    await store.leases.live("worker-1")
    print("there", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_given_a_worker_that_is_late_then_it_is_lost_only_when_its_process_is_gone(
    url: str, stores: tuple[Store, Store]
) -> None:
    store = stores[0]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, url, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    assert await process.stdout.readline() == b"there\n"
    await store.leases.take("c1", "r", "worker-1", "a1")
    assert await store.leases.lost() == []
    await later(url, LATE_S + 0.5)
    [lost] = await store.leases.lost()
    assert lost.late
    assert not await store.presence.is_gone("worker-1"), "it may only be busy"
    process.kill()
    await process.wait()
    for _ in range(250):  # a database takes a moment to see that a connection is gone
        if await store.presence.is_gone("worker-1"):
            break
        await asyncio.sleep(0.02)
    assert await store.presence.is_gone("worker-1")
    assert await store.leases.offer(lost, "n1")


async def test_given_a_worker_that_was_late_and_has_told_that_it_lives_then_it_keeps_its_call(
    url: str, stores: tuple[Store, Store]
) -> None:
    held = stores[0].leases
    await held.live("worker-1")
    await held.take("c1", "r", "worker-1", "a1")
    await later(url, LATE_S + 0.5)
    [lost] = await held.lost()
    await held.live("worker-1")
    assert await held.offer(lost, "n1") is None


async def test_given_a_database_that_is_away_then_a_call_begins_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OSError("away")

    with Recorder(f"sqlite+aiosqlite:///{tmp_path}/baton.db") as recorder:
        with monkeypatch.context() as patched:
            patched.setattr(leases.Leases, "take", away)
            lease = await recorder.take("c1", "r", "a1")
        assert lease
        assert not lease.held
        Journal("c1", recorder, elapsed_ms=lambda: 0, publish=lambda _: None, lease=lease).record(STARTED, 0)
        recorder.release(lease)
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/baton.db")
    await store.open()
    assert [event.type for event in await store.events("c1")] == ["call.started"], "and is written down, if it can be"
    await store.close()


SAID = UserSaid(participant="anna", text="mine")
Write = Callable[[Recorder, lease_module.Lease, Callable[[object], None]], None]
WRITES: dict[str, Write] = {
    "an event": lambda recorder, lease, _: recorder.record("c1", 2, SAID, lease),
    "a large event": lambda recorder, lease, told: recorder.record_large("c1", 2, SAID, str.upper, told, lease),
    "an event anew": lambda recorder, lease, _: recorder.rewrite("c1", 1, STARTED, lease),
    "what is taken out": lambda recorder, lease, told: recorder.take_out("c1", [Value("mine", "x")], told, lease),
}


@pytest.mark.parametrize("what", WRITES)
async def test_given_a_call_that_another_holds_then_nothing_of_it_is_written_by_whatever_way(
    tmp_path: Path, what: str
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/baton.db"
    store = Store(url)
    await store.open()
    with Recorder(url) as recorder:
        lease = await recorder.take("c1", "r", "a1")
        assert lease
        recorder.record("c1", 0, STARTED, lease)
        recorder.record("c1", 1, SAID, lease)
        for _ in range(500):
            if len(await recorder.events("c1")) == 2:
                break
            await asyncio.sleep(0.01)
        await change(url, "UPDATE journal_leases SET holder = 'offer-n1'")
        WRITES[what](recorder, lease, lambda _: None)
    assert lease.lost
    assert await store.events("c1") == [STARTED, SAID]
    await store.close()


async def test_given_a_worker_that_stood_still_then_it_may_not_speak_before_it_knows_that_it_has_its_call(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/baton.db"
    with Recorder(url) as recorder:
        kept, lost = await recorder.take("c1", "r", "a1"), await recorder.take("c2", "r", "a2")
        assert kept
        assert lost
        assert kept.may_speak
        for lease in (kept, lost):
            lease.told_at -= HOLDS_S  # as if it had been stopped for so long
            assert not lease.may_speak
        await change(url, "UPDATE journal_leases SET holder = 'offer-n1' WHERE call = 'c2'")
        async with asyncio.timeout(10):
            while not kept.may_speak:
                assert not lost.may_speak
                await asyncio.sleep(0)
        assert not lost.may_speak


async def test_given_a_database_that_is_away_then_a_worker_goes_on_speaking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OSError("away")

    with Recorder(f"sqlite+aiosqlite:///{tmp_path}/baton.db") as recorder:
        lease = await recorder.take("c1", "r", "a1")
        assert lease
        with monkeypatch.context() as patched:
            patched.setattr(leases.Leases, "live", away)
            before = lease.told_at
            for _ in range(1000):
                if lease.told_at != before:
                    break
                await asyncio.sleep(0.01)
            assert lease.told_at != before
        assert lease.may_speak
        assert not lease.lost
