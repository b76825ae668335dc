"""Calls whose worker is gone: their callers find another, or the call is told to be over.

Any number of watchers may run, one in each front desk: one of them wins a call, by its lease.
"""

import asyncio
import json
import logging
import math
import secrets
from itertools import count

import aiohttp
import prometheus_client
from livekit import api
from sqlalchemy.exc import SQLAlchemyError

from worker import job as jobs
from worker.background import Start, background
from worker.journal.events import CallEnded, CallStarted
from worker.journal.leases import HOLDS_S, LeaseLost, Lost
from worker.journal.store import Store
from worker.settings import AGENT_NAME

logger = logging.getLogger(__name__)

LOOKS_S = 0.25
_LATE_S = (
    1.0  # a look that comes later than this after the one before may see all workers late: we were, or the database
)
_OFFERED = prometheus_client.Counter("baton_calls_offered_again_total", "Calls whose worker was gone.")
_PEOPLE = (api.ParticipantInfo.Kind.STANDARD, api.ParticipantInfo.Kind.SIP)


class Watcher:
    """Looks for calls that nobody holds, and offers each to the workers that are free."""

    def __init__(self, store: Store, livekit: api.LiveKitAPI) -> None:
        self._store, self._livekit = store, livekit
        self._names = (f"{secrets.token_hex(6)}-{number}" for number in count())
        self._looked_at = -math.inf
        self._trusts_at = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        async with background() as start:
            while True:
                try:
                    await self.look(start)
                except (SQLAlchemyError, OSError) as error:
                    logger.warning("which calls are lost is not known: %s", type(error).__name__)
                await asyncio.sleep(LOOKS_S)

    async def look(self, start: Start) -> None:
        """Offers what nobody holds. Raises SQLAlchemyError or OSError."""
        lost, now = await self._store.leases.lost(), asyncio.get_running_loop().time()
        if now - self._looked_at > _LATE_S:
            self._trusts_at = now + HOLDS_S  # workers may have been held up by what held us up
        self._looked_at = now
        if now >= self._trusts_at:
            for one in lost:
                start(self._see_to(one))

    async def _see_to(self, lost: Lost) -> None:
        try:
            if lost.late and not await self._store.presence.is_gone(lost.holder):
                return  # it has much to do
            if offer := await self._store.leases.offer(lost, next(self._names)):
                await self._offered(lost, offer)
        except (api.TwirpError, aiohttp.ClientError, SQLAlchemyError, OSError, LeaseLost) as error:
            logger.warning("call %s is not offered: %s; it will be again", lost.call, type(error).__name__)

    async def _offered(self, lost: Lost, offer: str) -> None:
        """It is ours to find a worker for, for some seconds."""
        inside = await self._inside(lost.room)
        if not any(one.kind in _PEOPLE for one in inside):
            await self._end(lost.call, offer)
            return
        logger.warning("the worker of call %s is gone; it is offered to others", lost.call)
        _OFFERED.inc()
        if any(one.identity == lost.agent for one in inside):
            await self._remove(lost)  # before another comes: never are two agents in the room
        metadata = await self._told(lost)
        request = api.CreateAgentDispatchRequest(agent_name=AGENT_NAME, room=lost.room, metadata=metadata)
        await self._livekit.agent_dispatch.create_dispatch(request)

    async def _told(self, lost: Lost) -> str:
        """What workers are told: the team of a call that has begun; of another what its room tells, if that is ours."""
        begun = await self._store.events(lost.call)
        if begun and isinstance(begun[0], CallStarted):
            return json.dumps({"call": lost.call, "team": begun[0].team})
        rooms = (await self._livekit.room.list_rooms(api.ListRoomsRequest(names=[lost.room]))).rooms
        told = jobs.of_room(rooms[0].metadata, rooms[0].sid) if rooms else ""
        return told if jobs.read(told).call == lost.call else json.dumps({"call": lost.call})

    async def _inside(self, room: str) -> list[api.ParticipantInfo]:
        try:
            found = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        except api.TwirpError as error:
            if error.code == api.TwirpErrorCode.NOT_FOUND:
                return []
            raise
        return list(found.participants)

    async def _remove(self, lost: Lost) -> None:
        """LiveKit shows a worker that is gone for some twenty seconds; and one that hangs may speak again."""
        try:
            await self._livekit.room.remove_participant(
                api.RoomParticipantIdentity(room=lost.room, identity=lost.agent)
            )
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise

    async def _end(self, call: str, offer: str) -> None:
        """Nobody is there whom the call could go on with."""
        if events := await self._store.events(call):
            last = events[-1]
            if not isinstance(last, CallEnded):
                ended = CallEnded(at=last.at, epoch=last.epoch, reason="the caller left while no worker held the call")
                await self._store.append(call, len(events), [ended], offer)
        await self._store.leases.release(call, offer)
        await self._store.leases.leave(offer)
