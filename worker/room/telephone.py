"""The telephone at the other end of LiveKit's SIP bridge: when it is open, and how it is hung up."""

import asyncio
import logging

import aiohttp
from livekit import api, rtc

from worker.room.linked import SIP

logger = logging.getLogger(__name__)

_STATUS = "sip.callStatus"
_NOT_YET = frozenset({"dialing", "ringing", "automation"})  # the bridge's words; `automation`: it dials an extension


async def answered(room: rtc.Room, caller: rtc.RemoteParticipant) -> None:
    """Until the caller can hear. The bridge rings until a voice of ours is in the room: so publish it first."""
    changed = asyncio.Event()
    look = room.on("participant_attributes_changed", lambda *_: changed.set())
    try:
        while caller.attributes.get(_STATUS) in _NOT_YET:
            changed.clear()
            await changed.wait()
    finally:
        room.off("participant_attributes_changed", look)


async def hang_up(livekit: api.LiveKitAPI, room: rtc.Room, caller: str) -> None:
    """The bridge keeps a line open whose agent has left: the caller would listen to silence, and somebody pays for it.

    Only the caller is taken out: a colleague who listens in the room may stay.
    """
    participant = room.remote_participants.get(caller)
    if participant is None or participant.kind != SIP:
        return
    try:
        await livekit.room.remove_participant(api.RoomParticipantIdentity(room=room.name, identity=caller))
    except (api.TwirpError, aiohttp.ClientError, OSError) as error:  # OSError: a timeout, too
        logger.warning("a telephone was not hung up: %s", type(error).__name__)
