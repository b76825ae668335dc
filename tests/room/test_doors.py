"""What a caller's attributes tell of how they want to be answered."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from agents.redaction import DigitsSpec
from worker.room.digits import Digits
from worker.room.doors import Doors
from worker.room.events import Left, Replying, RoomEvent, Warned
from worker.room.linked import SIP, STANDARD, LinkedPeople


@pytest.mark.parametrize(
    ("changed", "who", "kind", "told"),
    [
        ({"baton.replies": "text"}, "caller", STANDARD, [Replying("caller", "text")]),
        ({"baton.replies": "speech"}, "caller", STANDARD, [Replying("caller", "speech")]),
        ({"baton.replies": "songs"}, "caller", STANDARD, []),
        ({"mood": "text"}, "caller", STANDARD, []),
        ({"baton.replies": "text"}, "somebody", STANDARD, []),
        ({"baton.replies": "text"}, "caller", SIP, []),
    ],
)
async def test_a_caller_with_a_screen_is_answered_as_their_attribute_says(
    changed: dict[str, str], who: str, kind: Any, told: list[RoomEvent]
) -> None:
    people = LinkedPeople("first", "caller")
    people.came("caller", kind)
    doors, events = opened(people)
    participant = cast("rtc.Participant", SimpleNamespace(identity=who, kind=kind))
    doors._on_attributes(changed, participant)
    assert events == told


async def test_a_second_person_is_told_of_and_may_leave_again() -> None:
    people = LinkedPeople("first", "caller")
    doors, events = opened(people)
    caller, other = (
        cast("rtc.RemoteParticipant", SimpleNamespace(identity=who, name=who, kind=STANDARD))
        for who in ("caller", "other")
    )
    doors._on_came(caller)
    events.clear()
    doors._on_came(other)
    assert [event.code for event in events if isinstance(event, Warned)] == ["room.second_participant"]
    doors._on_left(other)
    assert not any(isinstance(event, Left) for event in events), "the call goes on"
    doors._on_left(caller)
    assert isinstance(events[-1], Left)


def opened(people: LinkedPeople) -> tuple[Doors, list[RoomEvent]]:
    """Doors of an empty room, and what they tell."""
    events = list[RoomEvent]()
    doors = Doors(
        rtc.Room(),
        people,
        24_000,
        tell=events.append,
        hear=lambda *_: None,
        ended=lambda *_: None,
        digits=lambda who: Digits(DigitsSpec(), who, tell=events.append, now_ms=lambda: 0),
    )
    return doors, events
