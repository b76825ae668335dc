"""A call's room is joined: whom the call is held with is found there, and our voice is put into it."""

import asyncio
import logging

from livekit import api, rtc
from livekit.agents import AutoSubscribe, JobContext

from worker.arrival import known_as
from worker.departure import Departure
from worker.resume import Orphan
from worker.room.linked import SIP, STANDARD
from worker.room.speaker import Speaker

logger = logging.getLogger(__name__)

AGENT = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
_RETURNS_S = 10.0  # a caller whose call goes on in another worker is in the room, or has left


async def join(
    job: JobContext, call_id: str, speaker: Speaker, before: Orphan | None, departure: Departure
) -> tuple[rtc.RemoteParticipant, rtc.LocalTrackPublication] | None:
    """Whom the call is held with, and our voice in the room. None: nobody is there, or another job has them.

    Raises Departed.
    """
    await job.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    if not before and await _is_held(job):
        await speaker.aclose()
        await job.room.disconnect()
        logger.info("call %s: another job has it", call_id)
        return None
    publication = await speaker.publish(job.room)
    try:
        async with asyncio.timeout(_RETURNS_S if before else None):
            identity = known_as(before.past.started.caller) if before else None
            if before and before.past.names.several:
                identity = _still_there(job.room, before) or None
            coming = job.wait_for_participant(identity=identity, kind=[STANDARD, SIP])
            return await departure.or_else(coming), publication
    except (RuntimeError, TimeoutError):
        logger.info("call %s: nobody came", call_id)
        return None


async def _is_held(job: JobContext) -> bool:
    """A job that seemed lost was offered again, and then both came: the call is whose agent joined first."""
    if not any(other.kind == AGENT for other in job.room.remote_participants.values()):
        return False
    inside = await job.api.room.list_participants(api.ListParticipantsRequest(room=job.room.name))
    kind = api.ParticipantInfo.Kind.AGENT
    agents = [(other.joined_at_ms, other.identity) for other in inside.participants if other.kind == kind]
    return min(agents)[1] != job.room.local_participant.identity


def _still_there(room: rtc.Room, before: Orphan) -> str:
    """Of a call of several, one of those who are in the room; with whoever is there it goes on."""
    known = [before.past.started.caller, *before.past.names.here]
    return next((identity for identity in known if identity in room.remote_participants), "")
