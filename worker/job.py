"""What a job asks for: the metadata that the front desk or a dispatch rule gave it."""

import json
import logging
import re
from dataclasses import dataclass
from uuid import uuid4

from agents.spec import TeamSpec

logger = logging.getLogger(__name__)

TELEPHONE = "telephone"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`call` is the call's id. `team`: whose worker is to take it, empty for any. `agent`: who answers, empty for the
    team's own choice. `rings`: a telephone call that LiveKit offers by itself, before any front desk has seen it."""

    call: str
    team: str = ""
    agent: str = ""
    rings: bool = False


def read(metadata: str, room: str = "") -> Wanted:
    """A job that came without an id gets a new one; what makes no sense is left out. `room`: LiveKit's id of its room.

    A room that a dispatch rule made (`"by": "telephone"`) is of one call: that has its id from the room's, so that
    all offers of it are of the same call, whoever makes them.
    """
    given = _texts(metadata)
    rings = given.get("by") == TELEPHONE and not given.get("call")
    call = _call(given, room) or f"call-{uuid4().hex[:16]}"
    return Wanted(call, given.get("team", ""), given.get("agent", ""), rings)


def of_room(metadata: str, room: str) -> str:
    """The metadata of a job for a room of ours, by the room's own and LiveKit's id of it; empty for rooms of others."""
    given = _texts(metadata)
    call = _call(given, room)
    return json.dumps({**given, "call": call}) if call else ""


def _texts(metadata: str) -> dict[str, str]:
    try:
        given = json.loads(metadata or "{}")
    except (ValueError, RecursionError):
        given = {}
    return {key: value for key, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}


def _call(given: dict[str, str], room: str) -> str:
    """Empty where nothing tells it."""
    call = given.get("call", "")
    if not call and room and given.get("by") == TELEPHONE:
        call = f"call-{room}"
    return call if re.fullmatch(r"[\w-]{1,64}", call) else ""


def led_by(team: TeamSpec, wanted: Wanted) -> TeamSpec:
    """The team, with the agent who is to answer."""
    if not wanted.agent or wanted.agent == team.start:
        return team
    if wanted.agent not in team.speakers:
        logger.warning(
            "call %s: the team has no agent %r who takes callers; %s answers", wanted.call, wanted.agent, team.start
        )
        return team
    return team.model_copy(update={"start": wanted.agent})
