"""What the room is told, and who of it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from livekit import rtc

from tests.virtual_time import virtual_time
from worker.background import background
from worker.journal.events import UserWrote
from worker.room.outbox import TOPIC, Outbox


@dataclass
class Writer:
    """A text stream that remembers what was written."""

    written: str = ""

    async def write(self, text: str) -> None:
        self.written += text

    async def aclose(self, attributes: dict[str, str] | None = None) -> None:
        pass


@dataclass
class Room:
    """A room with some people in it, that remembers who was told what."""

    remote_participants: dict[str, None]
    sent: list[tuple[str, list[str] | None]] = field(default_factory=list)
    captions: list[Writer] = field(default_factory=list)
    takes_s: float = 0.0  # to send something

    @property
    def local_participant(self) -> "Room":
        return self

    async def send_text(self, text: str, *, destination_identities: list[str] | None = None, topic: str = "") -> None:
        assert topic == TOPIC
        await asyncio.sleep(self.takes_s)
        self.sent.append((json.loads(text)["text"], destination_identities))

    async def stream_text(self, **_: Any) -> Writer:
        self.captions.append(Writer())
        return self.captions[-1]


def outbox(*people: str, mask: Any = None) -> tuple[Outbox, Room]:
    room = Room(dict.fromkeys(people))
    box = Outbox(cast("rtc.Room", room), mask)
    box.caption_track("track")
    return box, room


def wrote(text: str) -> UserWrote:
    return UserWrote(participant="caller", text=text)


async def test_given_events_then_each_goes_to_whom_it_is_for() -> None:
    box, room = outbox("caller", "observer", "another")
    box.event(wrote("all"))
    box.event_to("caller", wrote("one"))
    box.event_past("caller", wrote("others"))
    await box.flush()
    assert room.sent == [("all", None), ("one", ["caller"]), ("others", ["observer", "another"])]


async def test_given_nobody_else_in_the_room_then_nothing_goes_past_the_caller() -> None:
    box, room = outbox("caller")
    box.event_past("caller", wrote("others"))
    await box.flush()
    assert room.sent == [], "no destination would mean everybody"


async def test_given_captions_that_go_through_a_mask_then_the_agents_come_whole_and_masked() -> None:
    box, room = outbox("caller", mask=lambda text: text.replace("1234", "[out]"))
    for so_far in ("Your", "Your code is 12", "Your code is 1234"):
        box.agent_caption("item", so_far)
    box.agent_caption("item", "Your code is 1234", final=True)
    box.caller_caption("caller", "microphone", "1234, yes")
    await box.flush()
    assert [writer.written for writer in room.captions] == ["Your code is [out]", "[out], yes"]


async def test_given_no_mask_then_the_agents_captions_come_as_they_are_heard() -> None:
    box, room = outbox("caller")
    box.agent_caption("item", "Your")
    await box.flush()
    assert room.captions[0].written == "Your"
    box.agent_caption("item", "Your code is 1234", final=True)
    await box.flush()
    assert [writer.written for writer in room.captions] == ["Your code is 1234"]


@virtual_time
async def test_given_an_event_that_is_being_sent_when_the_call_ends_then_it_is_sent_and_so_is_what_follows() -> None:
    box, room = outbox("caller")
    room.takes_s = 1.0
    async with background(box.run()):
        box.event(wrote("the last but one"))
        await asyncio.sleep(0.5)
    box.event(wrote("the last"))
    await box.flush()
    assert [text for text, _ in room.sent] == ["the last but one", "the last"]
