"""Which calls a watcher offers, and when it does not trust what it sees; on virtual time."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from livekit import api
from sqlalchemy.exc import OperationalError

from tests.virtual_time import virtual_time
from worker.background import background
from worker.journal.events import CallEnded, CallStarted, JournalEvent
from worker.journal.leases import HOLDS_S, OFFERED_S, Lost
from worker.watcher import Watcher

KIND = api.ParticipantInfo.Kind
LOST = Lost("c1", "room", "w1", "agent-1", until=None, late=False)
STARTED = CallStarted(call="c1", room="room", team="core", agent="alfa", model="openai", caller="anna")


@dataclass
class FakeStore:
    """Leases and journals in memory: one call, which nobody holds from `lost_at` on, and whose offers end in time."""

    lost_at: float = 0.0
    events_of: list[JournalEvent] = field(default_factory=lambda: [STARTED])
    away: bool = False
    late: bool = False
    gone_at: float = 0.0
    released: bool = False
    offers: list[float] = field(default_factory=list)

    @property
    def leases(self) -> "FakeStore":
        return self

    async def lost(self) -> list[Lost]:
        if self.away:
            raise OperationalError("select", {}, OSError("away"))
        free_at = self.offers[-1] + OFFERED_S if self.offers else self.lost_at
        return [] if self.released or _now() < free_at else [replace(LOST, late=self.late)]

    @property
    def presence(self) -> "FakeStore":
        return self

    async def is_gone(self, holder: str) -> bool:
        return _now() >= self.gone_at

    async def offer(self, lost: Lost, name: str) -> str | None:
        if lost not in await self.lost():
            return None
        self.offers.append(_now())
        return f"offer-{name}"

    async def events(self, call: str) -> list[JournalEvent]:
        return self.events_of

    async def append(self, call: str, number: int, events: Sequence[JournalEvent], holder: str) -> None:
        assert number == len(self.events_of)
        assert holder.startswith("offer-")
        self.events_of.extend(events)

    async def release(self, call: str, holder: str) -> None:
        self.released = True

    async def leave(self, holder: str) -> None:
        pass


class FakeLiveKit:
    """A room with these participants; `dispatched` and `removed` are what was asked of it."""

    def __init__(self, **inside: Any) -> None:
        self.inside = inside
        self.dispatched: list[dict[str, Any]] = []
        self.removed: list[str] = []
        self.order: list[str] = []
        self.failing = 0
        self.metadata = ""
        self.room = self.agent_dispatch = self

    async def list_participants(self, request: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        if not self.inside:
            raise api.TwirpError(api.TwirpErrorCode.NOT_FOUND, "no such room", status=404)
        found = [api.ParticipantInfo(identity=name.replace("_", "-"), kind=kind) for name, kind in self.inside.items()]
        return api.ListParticipantsResponse(participants=found)

    async def list_rooms(self, request: api.ListRoomsRequest) -> api.ListRoomsResponse:
        rooms = [api.Room(name=name, sid="RM_1", metadata=self.metadata) for name in request.names]
        return api.ListRoomsResponse(rooms=rooms)

    async def create_dispatch(self, request: api.CreateAgentDispatchRequest) -> None:
        if self.failing:
            self.failing -= 1
            raise api.TwirpError(api.TwirpErrorCode.UNAVAILABLE, "busy", status=503)
        self.order.append("dispatched")
        self.dispatched.append({"room": request.room, "agent": request.agent_name, **json.loads(request.metadata)})

    async def remove_participant(self, request: api.RoomParticipantIdentity) -> None:
        await asyncio.sleep(0.1)  # it takes its time
        self.order.append("removed")
        self.removed.append(request.identity)


def _now() -> float:
    return asyncio.get_running_loop().time()


def watcher(store: FakeStore, livekit: FakeLiveKit) -> Watcher:
    found: Any = (store, livekit)
    return Watcher(*found)


@virtual_time
async def test_given_a_call_that_nobody_holds_then_it_is_offered_and_the_dead_agent_is_removed() -> None:
    store, livekit = FakeStore(lost_at=10.0), FakeLiveKit(anna=KIND.STANDARD, agent_1=KIND.AGENT, agent_9=KIND.AGENT)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(11.0)
    assert livekit.dispatched == [{"room": "room", "agent": "baton", "call": "c1", "team": STARTED.team}]
    assert livekit.removed == ["agent-1"], "and nobody else's"
    assert livekit.order == ["removed", "dispatched"], "never are two agents in the room"
    assert store.offers == [pytest.approx(10.0, abs=0.3)]


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ('{"call": "c1", "team": "shop", "agent": "returns"}', {"team": "shop", "agent": "returns"}),
        ('{"call": "c2", "team": "shop"}', {}),
        ("of somebody else", {}),
    ],
)
@virtual_time
async def test_given_a_call_that_never_began_then_whom_it_is_for_is_what_its_room_tells(
    metadata: str, told: dict[str, str]
) -> None:
    store, livekit = FakeStore(lost_at=10.0, events_of=[]), FakeLiveKit(anna=KIND.STANDARD)
    livekit.metadata = metadata
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(11.0)
    assert livekit.dispatched == [{"room": "room", "agent": "baton", "call": "c1", **told}]


@virtual_time
async def test_given_two_watchers_then_one_of_them_offers_the_call() -> None:
    store, livekit = FakeStore(lost_at=10.0), FakeLiveKit(anna=KIND.STANDARD)
    async with background(watcher(store, livekit).run(), watcher(store, livekit).run()):
        await asyncio.sleep(11.0)
    assert len(livekit.dispatched) == 1
    assert livekit.removed == [], "LiveKit has noticed"


@virtual_time
async def test_given_nobody_who_takes_the_call_then_it_is_offered_again() -> None:
    store, livekit = FakeStore(lost_at=10.0), FakeLiveKit(anna=KIND.SIP)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(11.0 + 2 * OFFERED_S)
    assert len(livekit.dispatched) == 3


@virtual_time
async def test_given_livekit_that_fails_then_the_call_is_offered_again() -> None:
    store, livekit = FakeStore(lost_at=10.0), FakeLiveKit(anna=KIND.STANDARD)
    livekit.failing = 1
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(11.0 + OFFERED_S)
    assert len(livekit.dispatched) == 1


@pytest.mark.parametrize("inside", [{}, {"agent_1": KIND.AGENT}])
@virtual_time
async def test_given_a_caller_who_has_left_then_the_call_is_told_to_be_over(inside: dict[str, Any]) -> None:
    store, livekit = FakeStore(lost_at=10.0), FakeLiveKit(**inside)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(11.0)
    assert livekit.dispatched == []
    assert isinstance(store.events_of[-1], CallEnded)
    assert store.released


@pytest.mark.parametrize("events", [[], [STARTED, CallEnded(reason="the caller left")]])
@virtual_time
async def test_given_a_call_that_never_began_or_is_over_then_its_journal_stays_as_it_is(
    events: list[JournalEvent],
) -> None:
    store = FakeStore(lost_at=10.0, events_of=list(events))
    async with background(watcher(store, FakeLiveKit()).run()):
        await asyncio.sleep(11.0)
    assert store.events_of == events
    assert store.released


@virtual_time
async def test_given_a_database_that_was_away_then_workers_have_time_to_tell_that_they_live() -> None:
    store, livekit = FakeStore(lost_at=12.0), FakeLiveKit(anna=KIND.STANDARD)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(10.0)
        store.away = True
        await asyncio.sleep(5.0)
        store.away = False
        await asyncio.sleep(HOLDS_S - 0.1)
        assert store.offers == [], "all would seem lost"
        await asyncio.sleep(1.0)
        assert len(store.offers) == 1


@virtual_time
async def test_given_a_watcher_that_has_just_begun_then_it_waits_too() -> None:
    store, livekit = FakeStore(), FakeLiveKit(anna=KIND.STANDARD)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(HOLDS_S - 0.1)
        assert store.offers == []
        await asyncio.sleep(1.0)
        assert len(store.offers) == 1


@virtual_time
async def test_given_a_worker_that_is_late_then_its_call_is_offered_when_its_process_is_gone() -> None:
    store, livekit = FakeStore(lost_at=10.0, late=True, gone_at=12.0), FakeLiveKit(anna=KIND.STANDARD)
    async with background(watcher(store, livekit).run()):
        await asyncio.sleep(14.0)
    assert store.offers == [pytest.approx(12.0, abs=0.3)]
