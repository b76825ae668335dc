"""What the team's file says of its callers: they bring a microphone, and whatever somebody in the team looks at."""

import logging
from pathlib import Path

from agents.showing import Source
from agents.spec import SpecError, TeamSpec
from agents.team_file import read_team

logger = logging.getLogger(__name__)

_TRACKS: dict[Source, str] = {"camera": "camera", "screen": "screen_share"}  # as LiveKit calls them


def read(path: Path) -> TeamSpec | None:
    """The team; None, where its file cannot be read: its worker says why."""
    try:
        return read_team(path)
    except SpecError as error:
        logger.warning("callers may show neither camera nor screen, as the team's file cannot be read: %s", error)
        return None


def sources(team: TeamSpec | None) -> list[str]:
    """The kinds of tracks that may be published; of a screen its picture alone, without its sound."""
    watches = team.watches if team else frozenset[Source]()
    return ["microphone", *(_TRACKS[source] for source in sorted(watches))]
