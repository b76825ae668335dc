"""Who is offered to the workers when all are busy, and in which order; on virtual time."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from livekit import api
from livekit.protocol.agent import Job, JobState
from livekit.protocol.agent_dispatch import AgentDispatch, AgentDispatchState

from tests.virtual_time import virtual_time
from worker.background import background
from worker.job import read
from worker.waiting_line import LOOKS_S, OFFERS_S, WaitingLine

KIND = api.ParticipantInfo.Kind
WITHIN_S = 600.0


def job(room: str) -> str:
    return json.dumps({"call": f"call-of-{room}"})


def by_telephone(team: str = "ours") -> str:
    """The metadata of a dispatch rule's rooms, and of the jobs that LiveKit offers with them."""
    return json.dumps({"team": team, "by": "telephone"})


@dataclass
class FakeLiveKit:
    """Rooms, and workers of `ours` with so many free `places`.

    `offered` is whom a desk has offered, in order; `taken`, whom a worker took; `calls`, by which ids, of each room.
    """

    store: "FakeStore"
    places: int = 0
    inside: dict[str, list[int]] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)  # when, in ms
    sids: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    offered: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    calls: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    spoilt: set[str] = field(default_factory=set)  # of these, no agent ever comes
    jobs: set[str] = field(default_factory=set)
    away: bool = False
    asked_of: list[str] = field(default_factory=list)  # of which rooms it was asked who is inside

    @property
    def room(self) -> "FakeLiveKit":
        return self

    @property
    def agent_dispatch(self) -> "FakeLiveKit":
        return self

    def join(self, room: str, *, offers: bool, metadata: str = "", kinds: Sequence[int] = (KIND.STANDARD,)) -> None:
        """A caller, whom LiveKit offers by itself or not."""
        self.inside[room], self.metadata[room] = list(kinds), metadata or job(room)
        self.joined[room] = round(asyncio.get_running_loop().time() * 1000)
        self.sids[room] = f"RM_{len(self.sids)}"
        if offers:
            self._give(room, self.metadata[room])

    def ring(self, room: str, team: str = "ours") -> None:
        """A telephone: LiveKit offers each, as it comes."""
        self.join(room, offers=True, metadata=by_telephone(team), kinds=[KIND.SIP])

    def leave(self, room: str) -> None:
        if KIND.AGENT in self.inside.pop(room):
            self.places += 1

    def _give(self, room: str, metadata: str) -> None:
        wanted = read(metadata, self.sids[room])
        overtakes = wanted.rings and "ours" in dict(self.store.waited_for)
        if self.places and wanted.team in ("", "ours") and not overtakes:
            self.jobs.add(room)
            if room not in self.spoilt:
                self.places -= 1
                self.inside[room].append(KIND.AGENT)
                self.taken.append(room)
                self.calls[room].add(wanted.call)

    async def list_rooms(self, asked: api.ListRoomsRequest) -> api.ListRoomsResponse:
        if self.away:
            raise OSError("away")
        rooms = [
            api.Room(name=name, sid=self.sids[name], metadata=self.metadata[name])
            for name in self.inside
            if name in asked.names or not asked.names
        ]
        return api.ListRoomsResponse(rooms=reversed(rooms))

    async def list_participants(self, asked: api.ListParticipantsRequest) -> api.ListParticipantsResponse:
        self.asked_of.append(asked.room)
        if asked.room not in self.inside:
            raise api.TwirpError(api.TwirpErrorCode.NOT_FOUND, "no such room", status=404)
        people = [
            api.ParticipantInfo(kind=kind, identity=f"{kind} in {asked.room}", joined_at_ms=self.joined[asked.room])  # type: ignore[arg-type]
            for kind in self.inside[asked.room]
        ]
        return api.ListParticipantsResponse(participants=people)

    async def list_dispatch(self, room: str) -> list[AgentDispatch]:
        jobs = [Job(state=JobState())] if room in self.jobs else []
        return [AgentDispatch(state=AgentDispatchState(jobs=jobs))]

    async def create_dispatch(self, asked: api.CreateAgentDispatchRequest) -> None:
        assert asked.agent_name == "baton"
        assert not read(asked.metadata).rings, "workers would leave it to those who wait"
        assert json.loads(asked.metadata).items() >= json.loads(self.metadata[asked.room]).items()
        self.offered.append(asked.room)
        self._give(asked.room, asked.metadata)


@dataclass
class FakeStore:
    """Journals: `over` are calls with something in theirs. `waited_for`: whose callers wait, and which desk tells so."""

    over: set[str] = field(default_factory=set)
    waited_for: set[tuple[str, str]] = field(default_factory=set)

    async def begun(self, calls: Iterable[str]) -> set[str]:
        return self.over & set(calls)

    @property
    def leases(self) -> "FakeStore":
        return self

    async def wait(self, team: str, desk: str) -> None:
        self.waited_for.add((team, desk))

    async def wait_no_more(self, team: str, desk: str) -> None:
        self.waited_for.remove((team, desk))


@dataclass
class Stage:
    livekit: FakeLiveKit
    store: FakeStore
    line: WaitingLine

    def come(self, room: str) -> bool:
        """Somebody asks for a token, and joins with it. Returns whether LiveKit offered the call by itself."""
        offers = self.line.expect(room, job(room), f"{KIND.STANDARD} in {room}", WITHIN_S)
        self.livekit.join(room, offers=offers)
        return offers


@asynccontextmanager
async def staged(places: int = 0) -> AsyncIterator[Stage]:
    store = FakeStore()
    livekit = FakeLiveKit(store, places)
    stage = Stage(livekit, store, WaitingLine(store, livekit, "ours"))  # type: ignore[arg-type]
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
        stage.line.expect("never", job("never"), "nobody", WITHIN_S)
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
        stage.livekit.places = 1
        await asyncio.sleep(3 * OFFERS_S)
        assert stage.livekit.taken == ["b"]
        stage.livekit.offered.clear()
        await asyncio.sleep(5)
        assert set(stage.livekit.offered) == {"c"}, "it is at the end"
        stage.livekit.places = 1
        await asyncio.sleep(3 * OFFERS_S)
        assert stage.livekit.taken == ["b", "c"]
        stage.livekit.spoilt.clear()
        stage.livekit.places = 1
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["b", "c", "a"], "and is tried again"


@virtual_time
async def test_given_a_call_that_no_worker_ever_begins_then_who_comes_does_not_wait_for_it() -> None:
    async with staged() as stage:
        stage.livekit.spoilt.add("a")
        stage.come("a")
        await asyncio.sleep(5)
        stage.livekit.places = 1
        await asyncio.sleep(60)
        assert 20 < stage.livekit.offered.count("a") <= 65 / OFFERS_S
        stage.livekit.ring("b")
        assert stage.livekit.taken == ["b"]


@virtual_time
async def test_given_a_call_that_has_begun_and_whose_agent_is_gone_then_it_is_the_watchers() -> None:
    async with staged() as stage:
        stage.come("a")
        stage.store.over.add("call-of-a")
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
    store = FakeStore({"call-of-over"})
    livekit = FakeLiveKit(store)
    for room in ("a", "over", "b"):
        livekit.join(room, offers=False)
        await asyncio.sleep(1)
    livekit.ring("by telephone")
    livekit.join("held", offers=False, kinds=[KIND.STANDARD, KIND.AGENT])
    livekit.join("empty", offers=False, kinds=[])
    for room, metadata in (("theirs", "[1]"), ("nobody's", "{"), ("somebody's", '{"team": "ours"}')):
        livekit.join(room, offers=False, metadata=metadata)
    async with background(WaitingLine(store, livekit, "ours").run()):  # type: ignore[arg-type]
        await asyncio.sleep(5)
        assert set(livekit.offered) == {"a"}
        livekit.places = 5
        await asyncio.sleep(2 * OFFERS_S + 2 * LOOKS_S)
    assert livekit.taken == ["a", "b", "by telephone"]
    assert set(livekit.offered) == set(livekit.taken)


@virtual_time
async def test_given_telephones_and_browsers_then_all_are_in_one_line_by_when_they_came() -> None:
    async with staged() as stage:
        for number in range(6):  # faster than rooms are listed
            if number % 2:
                stage.livekit.ring(str(number))
            else:
                stage.come(str(number))
            await asyncio.sleep(0.1)
        await asyncio.sleep(10)
        assert set(stage.livekit.offered) == {"0"}
        for _ in range(6):
            stage.livekit.places = 1
            await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == [str(number) for number in range(6)]


@virtual_time
async def test_given_a_place_that_becomes_free_then_a_telephone_that_rings_has_it_at_once() -> None:
    async with staged(places=1) as stage:
        stage.livekit.ring("talks")
        await asyncio.sleep(5)
        stage.livekit.ring("waits")
        await asyncio.sleep(2)
        stage.livekit.leave("talks")
        await asyncio.sleep(2 * OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["talks", "waits"]


@virtual_time
async def test_given_callers_who_wait_then_who_rings_meanwhile_is_taken_after_them_though_livekit_offers_it() -> None:
    async with staged() as stage:
        stage.livekit.ring("a")
        await asyncio.sleep(OFFERS_S + 1)
        stage.come("b")
        await asyncio.sleep(5)
        stage.livekit.places = 1
        stage.livekit.ring("c")  # before the desk has offered the free place to who waits
        assert stage.livekit.taken == []
        for _ in range(3):
            await asyncio.sleep(OFFERS_S + LOOKS_S)
            stage.livekit.places = 1
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["a", "b", "c"]
        assert stage.store.waited_for == set()
        stage.livekit.places = 1
        stage.livekit.ring("d")
        assert stage.livekit.taken[-1] == "d", "nobody waits any more"


@virtual_time
async def test_given_a_telephone_that_hangs_up_and_calls_again_then_it_is_at_the_end_of_the_line() -> None:
    async with staged() as stage:
        stage.livekit.ring("a")
        await asyncio.sleep(1)
        stage.livekit.ring("b")
        await asyncio.sleep(10)
        stage.livekit.leave("a")
        stage.livekit.ring("a again")
        stage.livekit.offered.clear()
        await asyncio.sleep(5)
        assert set(stage.livekit.offered) == {"b"}
        stage.livekit.places = 2
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["b", "a again"]


@virtual_time
async def test_given_a_telephone_whose_agent_has_hung_up_or_is_gone_then_it_is_not_offered_again() -> None:
    async with staged(places=2) as stage:
        for room in ("hung up", "crashed"):
            stage.livekit.ring(room)
            stage.store.over |= stage.livekit.calls[room]
        await asyncio.sleep(5)
        stage.livekit.inside["hung up"] = []
        stage.livekit.inside["crashed"] = [KIND.SIP]
        await asyncio.sleep(60)
        assert stage.livekit.offered == []


@virtual_time
async def test_given_a_room_that_is_recorded_from_its_making_then_its_telephone_is_in_the_line_when_it_has_come() -> (
    None
):
    async with staged() as stage:
        stage.livekit.join("a", offers=True, metadata=by_telephone(), kinds=[KIND.EGRESS])
        await asyncio.sleep(OFFERS_S + 1)
        stage.livekit.inside["a"].append(KIND.SIP)
        await asyncio.sleep(OFFERS_S + 1)
        assert stage.livekit.offered == ["a"]


@virtual_time
async def test_given_two_front_desks_then_no_caller_of_either_is_two_calls_or_is_overtaken() -> None:
    async with staged() as stage, background(WaitingLine(stage.store, stage.livekit, "ours").run()):  # type: ignore[arg-type]
        stage.come("a")
        await asyncio.sleep(1)
        stage.livekit.ring("b")
        await asyncio.sleep(1)
        stage.come("c")
        await asyncio.sleep(10)
        assert set(stage.livekit.offered) == {"a"}
        for _ in range(3):
            stage.livekit.places = 1
            await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert list(dict.fromkeys(stage.livekit.taken)) == ["a", "b", "c"]
        assert all(len(calls) == 1 for calls in stage.livekit.calls.values())


@virtual_time
async def test_given_a_telephone_for_a_team_no_worker_of_which_is_there_then_it_holds_up_nobody_else() -> None:
    async with staged() as stage:
        stage.livekit.ring("theirs", team="theirs")
        await asyncio.sleep(5)
        assert stage.come("a"), "it is another line"
        stage.livekit.ring("b")
        await asyncio.sleep(5)
        assert set(stage.livekit.offered) == {"theirs", "a"}
        stage.livekit.places = 2
        await asyncio.sleep(OFFERS_S + LOOKS_S)
        assert stage.livekit.taken == ["a", "b"]


@virtual_time
async def test_given_a_room_in_which_somebody_else_is_long_then_a_caller_has_their_place_by_when_they_came() -> None:
    async with staged() as stage:
        stage.livekit.join("inhabited", offers=False, metadata="theirs", kinds=[KIND.SIP])
        await asyncio.sleep(1)
        stage.come("a")
        await asyncio.sleep(1)
        stage.line.expect("inhabited", job("inhabited"), f"{KIND.STANDARD} in inhabited", WITHIN_S)
        await asyncio.sleep(1)
        stage.livekit.join("inhabited", offers=False, kinds=[KIND.SIP, KIND.STANDARD])
        await asyncio.sleep(10)
        assert set(stage.livekit.offered) == {"a"}


@virtual_time
async def test_given_thousands_of_rooms_then_little_is_asked_of_livekit() -> None:
    async with staged(places=2000) as stage:
        for number in range(1000):
            stage.livekit.join(f"theirs-{number}", offers=False, metadata='{"team": "ours"}')
            stage.livekit.ring(f"phone-{number}")
            stage.store.over |= stage.livekit.calls[f"phone-{number}"]
        stage.livekit.ring("just taken")
        await asyncio.sleep(60)
        assert set(stage.livekit.asked_of) == {"just taken"}
        assert len(stage.livekit.asked_of) <= 2
