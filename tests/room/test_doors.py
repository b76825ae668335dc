"""What a caller's attributes tell of how they want to be answered."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from agents.redaction import DigitsSpec
from worker.room.digits import Digits
from worker.room.doors import Doors
from worker.room.events import Replying, RoomEvent
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
    events = list[RoomEvent]()
    people = LinkedPeople("first", "caller")
    people.came("caller", kind)
    doors = Doors(
        rtc.Room(),
        people,
        24_000,
        tell=events.append,
        hear=lambda *_: None,
        ended=lambda *_: None,
        digits=lambda who: Digits(DigitsSpec(), who, tell=events.append, now_ms=lambda: 0),
    )
    participant = cast("rtc.Participant", SimpleNamespace(identity=who, kind=kind))
    doors._on_attributes(changed, participant)
    assert events == told
