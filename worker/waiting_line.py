"""The line of callers whom no worker has taken yet: whoever waits longest is offered next."""

import asyncio
import json
import logging
import math
from dataclasses import dataclass

import aiohttp
from livekit import api
from sqlalchemy.exc import SQLAlchemyError

from worker.journal.store import Store
from worker.settings import AGENT_NAME

logger = logging.getLogger(__name__)

LOOKS_S = 0.5
OFFERS_S = 2.0  # an agent that has not come by then was not to be had
_AGENT = api.ParticipantInfo.Kind.AGENT


@dataclass(slots=True, eq=False)
class _Caller:
    """One who has a token. Times are seconds on the loop's clock."""

    room: str
    job: str
    until: float  # the token is good; who is not there by then will not come
    offered_at: float = math.inf  # to the workers, last
    came: bool = False
    waits: bool = False  # it was offered in vain


class WaitingLine:
    """LiveKit offers a job once, and forgets one that nobody took: here it is offered again, and nobody is overtaken.

    While somebody waits, LiveKit is not to offer who comes then by itself. An offer too many does no harm, since one worker
    alone gets the call's lease. A call that a worker takes and does not begin holds up nobody: it goes to the end.
    The line is in memory; what a desk before this one knew of it is read from LiveKit's rooms: their metadata is that of
    the job, see `worker.job`.
    """

    def __init__(self, store: Store, livekit: api.LiveKitAPI) -> None:
        self._store, self._livekit = store, livekit
        self._callers: list[_Caller] = []  # by when they asked to join

    def expect(self, room: str, job: str, within_s: float) -> bool:
        """Somebody will join a room; `job` is the metadata of their call's. Returns whether LiveKit is to offer it then."""
        at_once = not any(one.waits for one in self._callers)
        until = asyncio.get_running_loop().time() + within_s
        self._callers.append(_Caller(room, job, until, offered_at=math.inf if at_once else -math.inf))
        return at_once

    async def run(self) -> None:
        """Until cancelled."""
        recovered = False
        while True:
            try:
                if not recovered:
                    await self.recover()
                    recovered = True
                await self.look()
            except (api.TwirpError, aiohttp.ClientError, SQLAlchemyError, OSError) as error:
                logger.warning("who waits is not known: %s", type(error).__name__)
            await asyncio.sleep(LOOKS_S)

    async def recover(self) -> None:
        """Finds those who waited when a desk before this one ended. Raises what LiveKit's interface and the store do."""
        rooms = (await self._livekit.room.list_rooms(api.ListRoomsRequest())).rooms
        known = {one.room for one in self._callers}
        now = asyncio.get_running_loop().time()
        for room in sorted(rooms, key=lambda room: room.creation_time_ms):
            if room.name not in known and _call(room.metadata) and not await self._has_begun(room.metadata):
                self._callers.append(_Caller(room.name, room.metadata, until=now, offered_at=-math.inf))

    async def look(self) -> None:
        """Sees who has come and who is gone, and offers the first who waits. Raises the same."""
        if expected := [one for one in self._callers if not one.came]:
            wanted = api.ListRoomsRequest(names=[one.room for one in expected])
            open_now = {room.name for room in (await self._livekit.room.list_rooms(wanted)).rooms}
            for one in expected:
                await self._see_whether_came(one, is_open=one.room in open_now)
        for one in [one for one in self._callers if one.came]:
            if await self._goes_on_waiting(one):
                return  # nobody is offered before them

    async def _see_whether_came(self, one: _Caller, *, is_open: bool) -> None:
        now = asyncio.get_running_loop().time()
        kinds = await self._inside(one.room) if is_open else []
        if kinds:
            one.came, one.offered_at = True, min(one.offered_at, now)
        elif now > one.until:
            self._callers.remove(one)

    async def _goes_on_waiting(self, one: _Caller) -> bool:
        """Offers a caller again, if it is time. Returns whether they wait: nobody has taken them, and they are there."""
        kinds, now = await self._inside(one.room), asyncio.get_running_loop().time()
        if not kinds or _AGENT in kinds:
            self._callers.remove(one)
            return False
        if now - one.offered_at < OFFERS_S:
            return True
        if await self._has_begun(one.job):  # and is over, or was left by its worker, whose lease is watched
            self._callers.remove(one)
            return False
        if not one.waits:
            logger.warning("nobody has taken call %s; it is offered again until somebody does", _call(one.job))
        one.offered_at, one.waits = now, True
        offers = await self._livekit.agent_dispatch.list_dispatch(one.room)
        await self._offer(one)
        if any(offer.state.jobs for offer in offers):
            self._callers.remove(one)
            self._callers.append(one)
            return False
        return True

    async def _offer(self, one: _Caller) -> None:
        await self._livekit.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(agent_name=AGENT_NAME, room=one.room, metadata=one.job)
        )

    async def _has_begun(self, job: str) -> bool:
        return bool(await self._store.events(_call(job)))

    async def _inside(self, room: str) -> list[int]:
        try:
            found = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        except api.TwirpError as error:
            if error.code == api.TwirpErrorCode.NOT_FOUND:
                return []
            raise
        return [one.kind for one in found.participants]


def _call(metadata: str) -> str:
    """The call that a front desk gave a room to; empty for rooms of others."""
    try:
        given = json.loads(metadata or "{}")
    except ValueError:
        return ""
    call = given.get("call") if isinstance(given, dict) else ""
    return call if isinstance(call, str) else ""
