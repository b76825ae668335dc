"""What a caller may bring into a room: a microphone, and whatever somebody in the team looks at."""

import logging
from pathlib import Path

from agents.showing import Source
from agents.spec import SpecError
from agents.team_file import read_team

logger = logging.getLogger(__name__)

_TRACKS: dict[Source, str] = {"camera": "camera", "screen": "screen_share"}  # as LiveKit calls them


def watched(team: Path) -> frozenset[Source]:
    """What of a caller's some agent looks at; nothing, where the team's file cannot be read: its worker says why."""
    try:
        return read_team(team).watches
    except SpecError as error:
        logger.warning("callers may show neither camera nor screen, as the team's file cannot be read: %s", error)
        return frozenset()


def sources(watches: frozenset[Source]) -> list[str]:
    """The kinds of tracks that may be published; of a screen its picture alone, without its sound."""
    return ["microphone", *(_TRACKS[source] for source in sorted(watches))]
