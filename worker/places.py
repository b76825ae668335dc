"""The calls a worker may hold at once."""

import logging

from livekit.agents import JobRequest

from worker import job as jobs

logger = logging.getLogger(__name__)


def identity(job: str) -> str:
    """What a job's participant is called in its room."""
    return f"agent-{job}"


class Places:
    """Counts jobs from their acceptance to their end: exact, where the framework's own count lags behind.

    A job that is for another team than ours is left to that team's workers.
    """

    def __init__(self, most: int, team: str = "") -> None:
        self._most, self._team = most, team
        self._taken = set[str]()

    def load(self) -> float:
        """The share of the places that is taken, 0 to 1: what LiveKit shares calls out by."""
        return min(1.0, len(self._taken) / self._most)

    async def answer(self, request: JobRequest) -> None:
        """Takes an offered job while a place is free."""
        wanted = jobs.read(request.job.metadata).team
        if wanted not in ("", self._team):
            logger.warning(
                "job %s is for team %r, and this is a worker of %s; it is left to others",
                request.id,
                wanted,
                self._team,
            )
        if wanted not in ("", self._team) or len(self._taken) >= self._most:
            await request.reject(terminate=False)
            return
        self._taken.add(request.id)
        try:
            await request.accept(name="Baton", identity=identity(request.id))
        except Exception as error:  # LiveKit gave the job up before our answer reached it, or cannot be reached
            self.free(request.id)
            logger.warning("job %s was accepted, but never came: %s", request.id, error or type(error).__name__)

    def free(self, job: str) -> None:
        self._taken.discard(job)
