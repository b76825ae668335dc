"""Who in the room is a caller."""

import pytest
from livekit import rtc

from agents.people import Linked
from worker.room.linked import MOST, SIP, STANDARD, LinkedPeople

_OTHERS = (
    rtc.ParticipantKind.PARTICIPANT_KIND_AGENT,
    rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS,
    rtc.ParticipantKind.PARTICIPANT_KIND_INGRESS,
)


def test_only_the_first_is_heard_though_others_come_before_or_after() -> None:
    people = LinkedPeople("first", "anna")
    assert not people.came("ben", STANDARD)
    assert people.came("anna", STANDARD)
    assert not people.came("anna", STANDARD), "they are there already"
    assert not people.came("cleo", SIP)
    assert list(people) == ["anna"]
    assert not people.left("ben")
    assert people.left("anna")
    assert not people


def test_all_are_heard_and_the_call_is_over_with_the_last() -> None:
    people = LinkedPeople("all", "anna")
    assert [people.came(*who) for who in (("anna", STANDARD), ("+4420", SIP), ("ben", STANDARD))] == [True] * 3
    assert people.left("anna")
    assert list(people) == ["+4420", "ben"]
    people.left("+4420")
    assert people
    people.left("ben")
    assert not people


@pytest.mark.parametrize("linked", ["first", "all"])
@pytest.mark.parametrize("kind", _OTHERS)
def test_agents_recorders_and_streams_are_no_people(linked: Linked, kind: rtc.ParticipantKind.ValueType) -> None:
    assert not LinkedPeople(linked, "anna").came("anna", kind)


def test_a_room_that_is_full_takes_nobody_more_until_somebody_leaves() -> None:
    people = LinkedPeople("all", "0")
    assert all(people.came(str(number), STANDARD) for number in range(MOST))
    assert not people.came("late", STANDARD)
    people.left("3")
    assert people.came("late", STANDARD)
