"""The line of callers whom no worker has taken yet: whoever waits longest is offered next."""

import asyncio
import logging
import math
import secrets
from dataclasses import dataclass

import aiohttp
from livekit import api
from sqlalchemy.exc import SQLAlchemyError

from worker import job as jobs
from worker.journal.store import Store
from worker.settings import AGENT_NAME

logger = logging.getLogger(__name__)

LOOKS_S = 0.5
OFFERS_S = 2.0  # an agent that has not come by then was not to be had
_JOINS_S = 10.0  # whoever had a room made is in it by then
_AGENT = api.ParticipantInfo.Kind.AGENT
_PEOPLE = (api.ParticipantInfo.Kind.STANDARD, api.ParticipantInfo.Kind.SIP)


@dataclass(slots=True, eq=False)
class _Caller:
    """One who has a token, or a room. Times are seconds on the loop's clock."""

    room: str
    job: str  # what workers are told
    call: str
    team: str  # whose workers are to take them
    until: float  # who is not there by then will not come
    identity: str = ""  # in the room; empty: whoever is there
    offered_at: float = math.inf  # to the workers, last
    since: float = math.inf  # they are in the room: ms on LiveKit's clock, the same for all; infinite: not yet
    waits: bool = False  # it was offered in vain


class WaitingLine:
    """LiveKit offers a job once, and forgets one that nobody took: here it is offered again, and nobody is overtaken.

    There is a line for each team: what one team's workers cannot take holds up no other's callers. While somebody waits,
    LiveKit is not to offer who comes then by itself. Where it does, as with telephone calls, workers are told by way of
    the journal's database that somebody waits, and take none but those whom a front desk offers. An offer too many does
    no harm, since one worker alone gets the call's lease. A call that a worker takes and does not begin holds up nobody:
    it goes to the end.

    The line is in memory. Who is not in it yet is found in LiveKit's rooms: who calls by telephone, or has a token of
    another front desk, or of one before this. A room of ours has the metadata of the job, see `worker.job`.
    """

    def __init__(self, store: Store, livekit: api.LiveKitAPI, team: str = "") -> None:
        """`team`: whose workers are taken to be those who take callers for whom no team is named."""
        self._store, self._livekit, self._team = store, livekit, team
        self._name = secrets.token_hex(6)
        self._callers: list[_Caller] = []
        self._seen = set[str]()  # LiveKit's ids of the rooms that there were when they were listed last
        self._told = set[str]()  # teams of whose callers workers know that they wait

    def expect(self, room: str, job: str, identity: str, within_s: float) -> bool:
        """Somebody will join a room; `job` is the metadata of their call's. Returns whether LiveKit is to offer it then."""
        one = self._caller(room, job, within_s)
        at_once = not any(other.waits for other in self._callers if other.team == one.team)
        one.identity, one.offered_at = identity, math.inf if at_once else -math.inf
        self._callers.append(one)
        return at_once

    async def run(self) -> None:
        """Until cancelled."""
        found_at, loop = -math.inf, asyncio.get_running_loop()
        while True:
            try:
                if (now := loop.time()) - found_at >= OFFERS_S:
                    await self.find()
                    found_at = now
                await self.look()
            except (api.TwirpError, aiohttp.ClientError, SQLAlchemyError, OSError) as error:
                logger.warning("who waits is not known: %s", type(error).__name__)
            await asyncio.sleep(LOOKS_S)

    async def find(self) -> None:
        """Finds callers in rooms that were made since the last time. Raises what LiveKit's interface and the store do.

        Of thousands of rooms nearly all were there before, or have a call that has begun: nothing is asked about them.
        """
        rooms = (await self._livekit.room.list_rooms(api.ListRoomsRequest())).rooms
        known = {one.room for one in self._callers}
        new = [room for room in rooms if room.sid not in self._seen and room.name not in known]
        jobs_there = [(room.name, job) for room in new if (job := jobs.of_room(room.metadata, room.sid))]
        found = [self._caller(name, job, _JOINS_S) for name, job in jobs_there]
        begun = await self._store.begun([one.call for one in found]) if found else set()
        self._callers += [one for one in found if one.call not in begun]
        self._seen = {room.sid for room in rooms}

    async def look(self) -> None:
        """Sees who has come and who is gone, and offers the first of each team who waits. Raises the same."""
        if expected := [one for one in self._callers if one.since == math.inf]:
            wanted = api.ListRoomsRequest(names=[one.room for one in expected])
            open_now = {room.name for room in (await self._livekit.room.list_rooms(wanted)).rooms}
            for one in expected:
                await self._see_whether_came(one, is_open=one.room in open_now)
        self._callers.sort(key=lambda one: one.since)
        held_up = set[str]()
        for one in [one for one in self._callers if one.since < math.inf]:
            if one.team not in held_up and await self._goes_on_waiting(one):
                held_up.add(one.team)
        await self._tell_workers()

    async def _see_whether_came(self, one: _Caller, *, is_open: bool) -> None:
        now = asyncio.get_running_loop().time()
        inside = await self._inside(one.room) if is_open else []
        joined = [
            other.joined_at_ms for other in inside if other.kind in _PEOPLE and one.identity in ("", other.identity)
        ]
        if joined:
            one.since, one.offered_at = max(joined), min(one.offered_at, now)
        elif now > one.until:
            self._callers.remove(one)

    async def _goes_on_waiting(self, one: _Caller) -> bool:
        """Offers a caller again, if it is time. Returns whether they wait: nobody has taken them, and they are there."""
        kinds = {other.kind for other in await self._inside(one.room)}
        now = asyncio.get_running_loop().time()
        if _AGENT in kinds or kinds.isdisjoint(_PEOPLE):
            self._callers.remove(one)
            return False
        if now - one.offered_at < OFFERS_S:
            return True
        if await self._store.begun([one.call]):  # and is over, or was left by its worker, whose lease is watched
            self._callers.remove(one)
            return False
        one.offered_at = now
        offers = await self._livekit.agent_dispatch.list_dispatch(one.room)
        await self._offer(one)
        if any(offer.state.jobs for offer in offers):
            self._go_to_the_end(one)
            return False
        if not one.waits:
            logger.warning("nobody has taken call %s; it is offered again until somebody does", one.call)
            one.waits = True
        return True

    def _go_to_the_end(self, one: _Caller) -> None:
        one.since, one.waits = max(other.since for other in self._callers if other.since < math.inf), False
        self._callers.remove(one)
        self._callers.append(one)  # callers who came at the same time stay in their order

    async def _offer(self, one: _Caller) -> None:
        await self._livekit.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(agent_name=AGENT_NAME, room=one.room, metadata=one.job)
        )

    async def _tell_workers(self) -> None:
        waited_for = {one.team for one in self._callers if one.waits}
        for team in waited_for:
            await self._store.leases.wait(team, self._name)
        for team in self._told - waited_for:
            await self._store.leases.wait_no_more(team, self._name)
        self._told = waited_for

    async def _inside(self, room: str) -> list[api.ParticipantInfo]:
        try:
            found = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        except api.TwirpError as error:
            if error.code == api.TwirpErrorCode.NOT_FOUND:
                return []
            raise
        return list(found.participants)

    def _caller(self, room: str, job: str, within_s: float) -> _Caller:
        wanted, until = jobs.read(job), asyncio.get_running_loop().time() + within_s
        return _Caller(room, job, wanted.call, wanted.team or self._team, until)
