"""The calls a worker may hold at once."""

import logging
from collections.abc import Awaitable, Callable

from livekit.agents import JobRequest

from worker import job as jobs

logger = logging.getLogger(__name__)


def identity(job: str) -> str:
    """What a job's participant is called in its room."""
    return f"agent-{job}"


class Places:
    """Counts jobs from their acceptance to their end: exact, where the framework's own count lags behind.

    A job that is for another team than ours is left to that team's workers. LiveKit offers a telephone call as it
    comes: while others wait (`waited_for`, by the team), it is left to the front desk, which has it wait behind them.
    """

    def __init__(self, most: int, team: str, waited_for: Callable[[str], Awaitable[bool]]) -> None:
        self._most, self._team, self._waited_for = most, team, waited_for
        self._taken = set[str]()

    def load(self) -> float:
        """The share of the places that is taken, 0 to 1: what LiveKit shares calls out by."""
        return min(1.0, len(self._taken) / self._most)

    async def answer(self, request: JobRequest) -> None:
        """Takes an offered job while a place is free."""
        wanted = jobs.read(request.job.metadata)
        if not (ours := wanted.team in ("", self._team)):
            logger.warning(
                "job %s is for team %r, and this is a worker of %s; it is left to others",
                request.id,
                wanted.team,
                self._team,
            )
        overtakes = ours and wanted.rings and await self._overtakes(request)
        if not ours or overtakes or len(self._taken) >= self._most:
            await request.reject(terminate=False)
            return
        self._taken.add(request.id)
        try:
            await request.accept(name="Baton", identity=identity(request.id))
        except Exception as error:  # LiveKit gave the job up before our answer reached it, or cannot be reached
            self.free(request.id)
            logger.warning("job %s was accepted, but never came: %s", request.id, error or type(error).__name__)

    async def _overtakes(self, request: JobRequest) -> bool:
        """Whether others wait. A call whose room tells a front desk nothing would be left to nobody: it overtakes none."""
        is_found = jobs.of_room(request.room.metadata, request.room.sid)
        return bool(is_found) and await self._waited_for(self._team)

    def free(self, job: str) -> None:
        self._taken.discard(job)
