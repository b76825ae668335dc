"""What a job asks for: the metadata that the front desk or a dispatch rule gave it."""

import json
import logging
import re
from dataclasses import dataclass
from uuid import uuid4

from agents.spec import TeamSpec

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`call` is the call's id. `team`: whose worker is to take it, empty for any. `agent`: who answers, empty for the
    team's own choice."""

    call: str
    team: str = ""
    agent: str = ""


def read(metadata: str) -> Wanted:
    """A job that came without an id gets a new one; what makes no sense is left out."""
    try:
        given = json.loads(metadata or "{}")
    except (ValueError, RecursionError):
        given = {}
    found = {key: value for key, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}
    call = found.get("call", "")
    if not re.fullmatch(r"[\w-]{1,64}", call):
        call = f"call-{uuid4().hex[:16]}"
    return Wanted(call, found.get("team", ""), found.get("agent", ""))


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
