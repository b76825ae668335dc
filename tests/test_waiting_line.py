"""Who is offered to the workers when all are busy, and in which order; on virtual time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from livekit import api
from livekit.protocol.agent import Job, JobState
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState

from tests.virtual_time import virtual_time
from worker.background import background
from worker.waiting_line import LOOKS_S, OFFERS_S, WaitingLine

KIND = api.ParticipantInfo.Kind
WITHIN_S = 600.0


def job(room: str) -> str:
    return json.dumps({"call": f"call of {room}", "team": "ours"})


@dataclass
class FakeLiveKit:
    """Rooms, and workers with so many free `places`; `offered` is who was, in order, and `taken` by whom."""

    places: int = 0
    inside: dict[str, list[int]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)  # of these, no agent ever comes
    jobs: set[str] = field(default_factory=set)
    away: bool = False

    @property
    def room(self) -> "FakeLiveKit":
        return self

    @property
    def agent_dispatch(self) -> "FakeLiveKit":
        return self

    def join(self, room: str, *, offers: bool) -> None:
        """A caller, whom LiveKit offers by itself or not."""
        self.inside[room] = [KIND.STANDARD]
        if offers:
            self._give(room)

    def leave(self, room: str) -> None:
        del self.inside[room]

    def _give(self, room: str) -> None:
        if self.places:
            self.jobs.add(room)
            if room not in self.spoilt:
                self.places -= 1
                self.inside[room].append(KIND.AGENT)
                self.taken.append(room)

    async def list_rooms(self, asked: api.ListRoomsRequest) -> api.ListRoomsResponse:
        if self.away:
            raise OSError("away")
        rooms = [
            api.Room(name=name, metadata=self.metadata.get(name, ""), creation_time_ms=number)
            for number, name in enumerate(self.inside)
            if name in asked.names or not asked.names
        ]
        return api.ListRoomsResponse(rooms=reversed(rooms))

    async def list_participants(self, asked: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        if asked.room not in self.inside:
            raise api.TwirpError(api.TwirpErrorCode.NOT_FOUND, "no such room", status=404)
        people = [api.ParticipantInfo(kind=kind) for kind in self.inside[asked.room]]  # type: ignore[arg-type]
        return api.ListParticipantsResponse(participants=people)

    async def list_dispatch(self, room: str) -> list[AgentDispatch]:
        jobs = [Job(state=JobState())] if room in self.jobs else []
        return [AgentDispatch(state=AgentDispatchState(jobs=jobs))]

    async def create_dispatch(self, asked: api.CreateAgentDispatchRequest) -> None:
        assert asked.agent_name == "baton"
        assert asked.metadata == job(asked.room)
        self.offered.append(asked.room)
        self._give(asked.room)


@dataclass
class FakeStore:
    """Journals: `begun` are calls with something in theirs."""

    begun: set[str] = field(default_factory=set)

    async def events(self, call: str) -> list[Any]:
        return [object()] if call in self.begun else []


@dataclass
class Stage:
    livekit: FakeLiveKit
    store: FakeStore
    line: WaitingLine

    def come(self, room: str) -> bool:
        """Somebody asks for a token, and joins with it. Returns whether LiveKit offered the call by itself."""
        offers = self.line.expect(room, job(room), WITHIN_S)
        self.livekit.join(room, offers=offers)
        return offers


@asynccontextmanager
async def staged(places: int = 0) -> AsyncIterator[Stage]:
    livekit, store = FakeLiveKit(places), FakeStore()
    stage = Stage(livekit, store, WaitingLine(store, livekit))  # type: ignore[arg-type]
    async with background(stage.line.run()):
        yield stage


@virtual_time
async def test_given_a_free_worker_then_nobody_is_offered_twice() -> None:
    async with staged(places=2) as stage:
        assert stage.come("a")
        assert stage.come("b")
        await asyncio.sleep(60)
        assert stage.livekit.offered == []


@virtual_time
async def test_given_callers_who_wait_then_each_place_that_is_free_is_taken_by_who_came_first() -> None:
    async with staged() as stage:
        stage.come("a")
        await asyncio.sleep(1)
        stage.come("b")
        await asyncio.sleep(3 * OFFERS_S)
        assert not stage.come("c"), "it would overtake those who wait"
        await asyncio.sleep(60)
        assert set(stage.livekit.offered) == {"a"}, "nobody is offered before who came first"
        for _ in range(3):
            stage.livekit.places = 1
            await asyncio.sleep(OFFERS_S + 2 * LOOKS_S)
        assert stage.livekit.taken == ["a", "b", "c"]


@virtual_time
async def test_given_many_places_at_once_then_the_line_is_gone_in_a_look_each() -> None:
    async with staged() as stage:
        for number in range(10):
            stage.come(str(number))
        await asyncio.sleep(10)
        stage.livekit.places = 10
        await asyncio.sleep(OFFERS_S + 11 * LOOKS_S)
        assert stage.livekit.taken == [str(number) for number in range(10)]
        assert stage.come("next"), "nobody waits any more"


@virtual_time
async def test_given_somebody_who_leaves_then_they_are_not_offered_any_more_and_the_next_is_first() -> None:
    async with staged() as stage:
        stage.come("a")
        stage.come("b")
        await asyncio.sleep(5)
        stage.livekit.leave("a")
        stage.livekit.offered.clear()
        await asyncio.sleep(5)
        assert set(stage.livekit.offered) == {"b"}


@virtual_time
async def test_given_a_token_that_nobody_uses_then_nobody_waits_for_its_owner() -> None:
    async with staged() as stage:
        stage.line.expect("never", job("never"), WITHIN_S)
        stage.come("a")
        await asyncio.sleep(WITHIN_S + 2)
        stage.livekit.join("never", offers=False)
        await asyncio.sleep(10)
        assert set(stage.livekit.offered) == {"a"}


@virtual_time
async def test_given_a_call_that_a_worker_takes_and_does_not_begin_then_it_holds_up_nobody() -> None:
    async with staged() as stage:
        stage.livekit.spoilt.add("a")
        for room in ("a", "b", "c"):
            stage.come(room)
        await asyncio.sleep(5)
        stage.livekit.places = 2
        await asyncio.sleep(3 * OFFERS_S)
        assert stage.livekit.taken == ["b", "c"]
        stage.livekit.spoilt.clear()
        stage.livekit.places = 1
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["b", "c", "a"], "and is tried again"


@virtual_time
async def test_given_a_call_that_has_begun_and_whose_agent_is_gone_then_it_is_the_watchers() -> None:
    async with staged() as stage:
        stage.come("a")
        stage.store.begun.add("call of a")
        await asyncio.sleep(60)
        assert stage.livekit.offered == []


@virtual_time
async def test_given_livekit_away_for_a_while_then_nobody_loses_their_place() -> None:
    async with staged() as stage:
        stage.come("a")
        stage.come("b")
        await asyncio.sleep(5)
        stage.livekit.away = True
        await asyncio.sleep(30)
        stage.livekit.away, stage.livekit.places = False, 1
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["a"]


@virtual_time
async def test_given_a_desk_that_starts_again_then_who_waited_is_found_in_their_order_and_others_rooms_are_left() -> (
    None
):
    livekit, store = FakeLiveKit(places=0), FakeStore({"call of over"})
    for room in ("a", "over", "b"):
        livekit.inside[room], livekit.metadata[room] = [KIND.STANDARD], job(room)
    livekit.inside["held"], livekit.metadata["held"] = [KIND.STANDARD, KIND.AGENT], job("held")
    livekit.inside["empty"], livekit.metadata["empty"] = [], job("empty")
    for room, metadata in (("theirs", "[1]"), ("nobody's", "{")):
        livekit.inside[room], livekit.metadata[room] = [KIND.STANDARD], metadata
    async with background(WaitingLine(store, livekit).run()):  # type: ignore[arg-type]
        await asyncio.sleep(5)
        assert set(livekit.offered) == {"a"}
        livekit.places = 5
        await asyncio.sleep(2 * OFFERS_S + 2 * LOOKS_S)
    assert livekit.taken == ["a", "b"]
    assert set(livekit.offered) == {"a", "b"}
