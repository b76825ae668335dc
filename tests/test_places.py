"""A worker's places: never more calls than it may hold, and none lost to a job that never came."""

from collections.abc import Callable

from livekit.agents import AssignmentTimeoutError, JobRequest
from livekit.agents.job import JobAcceptArguments
from livekit.protocol import agent, models

from worker.places import Places


class Offer:
    """A job as LiveKit offers it; `answer` is what was said to it."""

    def __init__(self, job: str, assign: Callable[[], None] = lambda: None, metadata: str = "", room: str = "") -> None:
        self.answer = ""
        self._assign = assign
        self.request = JobRequest(
            job=agent.Job(id=job, room=models.Room(name="room", sid="RM_1", metadata=room), metadata=metadata),
            on_reject=self._rejected,
            on_accept=self._accepted,
        )

    async def _rejected(self, terminate: bool) -> None:
        assert not terminate, "another worker may take it"
        self.answer = "rejected"

    async def _accepted(self, _: JobAcceptArguments) -> None:
        self.answer = "accepted"
        self._assign()


async def nobody_waits(_: str) -> bool:
    return False


def never_assigned() -> None:
    raise AssignmentTimeoutError


async def offer(places: Places, job: str, assign: Callable[[], None] = lambda: None) -> str:
    one = Offer(job, assign)
    await places.answer(one.request)
    return one.answer


async def test_given_full_places_when_a_job_is_offered_then_it_is_left_to_others_until_one_is_over() -> None:
    places = Places(2, "", nobody_waits)
    assert [await offer(places, job) for job in ("a", "b", "c")] == ["accepted", "accepted", "rejected"]
    assert places.load() == 1.0
    places.free("a")
    assert places.load() == 0.5
    assert await offer(places, "c") == "accepted"


async def test_given_a_job_that_is_never_assigned_then_its_place_is_free_again() -> None:
    places = Places(1, "", nobody_waits)
    assert await offer(places, "late", never_assigned) == "accepted"
    assert places.load() == 0.0
    assert await offer(places, "next") == "accepted"


async def test_given_a_job_for_another_team_then_it_is_left_to_that_teams_workers() -> None:
    places = Places(2, "shop", nobody_waits)
    for team, answer in (("hotel", "rejected"), ("shop", "accepted"), ("", "accepted")):
        one = Offer(f"job-{team}", metadata=f'{{"team": "{team}"}}')
        await places.answer(one.request)
        assert one.answer == answer


async def test_given_callers_who_wait_then_a_telephone_that_rings_meanwhile_is_left_to_the_front_desk() -> None:
    waited_for = {"shop"}

    async def somebody_waits(team: str) -> bool:
        return team in waited_for

    places = Places(9, "shop", somebody_waits)
    rings = '{"team": "shop", "by": "telephone"}'
    offered = '{"team": "shop", "by": "telephone", "call": "call-RM_1"}'
    for metadata, room, answer in (
        (rings, rings, "rejected"),
        (offered, rings, "accepted"),
        ('{"call": "call-1"}', "", "accepted"),
        (rings, "", "accepted"),  # no desk would find it
    ):
        one = Offer(f"job-{metadata}-{room}", metadata=metadata, room=room)
        await places.answer(one.request)
        assert one.answer == answer
    waited_for.clear()
    one = Offer("next", metadata=rings, room=rings)
    await places.answer(one.request)
    assert one.answer == "accepted"
