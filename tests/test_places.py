"""A worker's places: never more calls than it may hold, and none lost to a job that never came."""

from collections.abc import Callable

from livekit.agents import AssignmentTimeoutError, JobRequest
from livekit.agents.job import JobAcceptArguments
from livekit.protocol import agent, models

from worker.places import Places


class Offer:
    """A job as LiveKit offers it; `answer` is what was said to it."""

    def __init__(self, job: str, assign: Callable[[], None] = lambda: None, metadata: str = "") -> None:
        self.answer = ""
        self._assign = assign
        self.request = JobRequest(
            job=agent.Job(id=job, room=models.Room(name="room"), metadata=metadata),
            on_reject=self._rejected,
            on_accept=self._accepted,
        )

    async def _rejected(self, terminate: bool) -> None:
        assert not terminate, "another worker may take it"
        self.answer = "rejected"

    async def _accepted(self, _: JobAcceptArguments) -> None:
        self.answer = "accepted"
        self._assign()


def never_assigned() -> None:
    raise AssignmentTimeoutError


async def offer(places: Places, job: str, assign: Callable[[], None] = lambda: None) -> str:
    one = Offer(job, assign)
    await places.answer(one.request)
    return one.answer


async def test_given_full_places_when_a_job_is_offered_then_it_is_left_to_others_until_one_is_over() -> None:
    places = Places(2)
    assert [await offer(places, job) for job in ("a", "b", "c")] == ["accepted", "accepted", "rejected"]
    assert places.load() == 1.0
    places.free("a")
    assert places.load() == 0.5
    assert await offer(places, "c") == "accepted"


async def test_given_a_job_that_is_never_assigned_then_its_place_is_free_again() -> None:
    places = Places(1)
    assert await offer(places, "late", never_assigned) == "accepted"
    assert places.load() == 0.0
    assert await offer(places, "next") == "accepted"


async def test_given_a_job_for_another_team_then_it_is_left_to_that_teams_workers() -> None:
    places = Places(2, "shop")
    for team, answer in (("hotel", "rejected"), ("shop", "accepted"), ("", "accepted")):
        one = Offer(f"job-{team}", metadata=f'{{"team": "{team}"}}')
        await places.answer(one.request)
        assert one.answer == answer
