"""What people write on its way in: what is taken, and that nobody can write so much that it matters."""

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit import rtc

from tests.virtual_time import virtual_time
from worker.background import background
from worker.room.chat import LIMIT, MESSAGES, STALLED_S, TOPIC, WINDOW_S, Chat
from worker.room.events import RoomEvent, Typed, Warned
from worker.room.linked import KNOWN_S, STANDARD, LinkedPeople
from worker.room.plain import plain

EGRESS = rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS


class Stream:
    """A message in pieces, one every millisecond; `ends`: how. One that `stalls` sends nothing more."""

    def __init__(self, *pieces: str, ends: Exception | None = None, stalls: bool = False) -> None:
        self._pieces, self._ends, self._stalls = list(pieces), ends, stalls
        self.read, self.closed = 0, False

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> str:
        await asyncio.sleep(0.001)
        if self._pieces:
            self.read += 1
            return self._pieces.pop(0)
        if self._stalls:
            await asyncio.Event().wait()
        raise self._ends or StopAsyncIteration

    def close(self) -> None:
        self.closed = True


@dataclass
class Room:
    told: list[RoomEvent] = field(default_factory=list)
    people: LinkedPeople = field(default_factory=lambda: LinkedPeople("all", "anna"))
    open: Callable[[Stream, str], None] | None = None

    def register_text_stream_handler(self, topic: str, handler: Callable[[Stream, str], None]) -> None:
        assert topic == TOPIC
        self.open = handler

    def unregister_text_stream_handler(self, topic: str) -> None:
        self.open = None

    def send(self, stream: Stream, who: str = "anna") -> Stream:
        assert self.open
        self.open(stream, who)
        return stream

    @property
    def typed(self) -> Sequence[str]:
        return [event.text for event in self.told if isinstance(event, Typed)]

    @property
    def warned(self) -> Sequence[str]:
        return [event.code for event in self.told if isinstance(event, Warned)]


@asynccontextmanager
async def opened() -> AsyncIterator[Room]:
    room = Room()
    for who, kind in (("anna", STANDARD), ("ben", STANDARD), ("eve", EGRESS)):
        room.people.came(who, kind)
    async with background(Chat(cast("rtc.Room", room), room.people, tell=room.told.append).run()):
        await asyncio.sleep(0.01)
        yield room
    assert room.open is None


@virtual_time
async def test_a_message_is_told_when_it_is_complete_and_of_whom() -> None:
    async with opened() as room:
        stream = room.send(Stream("Good ", "day\u202e\0.\n"), "ben")
        await asyncio.sleep(1)
        assert room.told == [Typed("ben", "Good day.")]
        assert stream.closed


@virtual_time
async def test_what_a_stranger_writes_is_closed_unread() -> None:
    async with opened() as room:
        stream = room.send(Stream("Good day."), "eve")
        await asyncio.sleep(1)
        assert room.told == []
        assert (stream.closed, stream.read) == (True, 0)


@virtual_time
async def test_words_that_are_faster_than_the_news_of_who_has_come_are_read_all_the_same() -> None:
    async with opened() as room:
        room.send(Stream("Good day."), "cleo")
        room.send(Stream("Good day."), "nobody")
        await asyncio.sleep(1)
        assert room.told == []
        room.people.came("cleo", STANDARD)
        spy = room.send(Stream("Good day."), "spy")
        room.people.came("spy", EGRESS)
        await asyncio.sleep(KNOWN_S)
        assert room.told == [Typed("cleo", "Good day.")]
        assert (spy.closed, spy.read) == (True, 0)


@virtual_time
async def test_of_a_flood_the_first_are_read_and_the_page_is_told_once() -> None:
    async with opened() as room:
        streams = [room.send(Stream(str(number))) for number in range(10_000)]
        other = room.send(Stream("me too"), "ben")
        await asyncio.sleep(1)
        ours = [event.text for event in room.told if isinstance(event, Typed) and event.participant == "anna"]
        assert ours == list(map(str, range(MESSAGES))), "in order"
        assert "me too" in room.typed, "who else writes is read"
        assert room.warned == ["chat.too_many"]
        assert all(stream.closed for stream in (*streams, other)), "what is kept open is kept in memory"
        await asyncio.sleep(WINDOW_S)
        room.send(Stream("again"))
        await asyncio.sleep(1)
        assert room.typed[-1] == "again"


@virtual_time
async def test_a_flood_that_goes_on_is_told_once_a_minute_and_read_as_far_as_it_may() -> None:
    async with opened() as room:
        for number in range(3000):
            room.send(Stream(str(number)))
            await asyncio.sleep(0.1)
        assert room.warned == ["chat.too_many"] * 5
        assert len(room.typed) <= 6 * MESSAGES


@virtual_time
async def test_a_message_without_end_is_left_where_it_is_too_long() -> None:
    async with opened() as room:
        stream = room.send(Stream(*["x" * 1000] * 100_000))
        await asyncio.sleep(200)
        assert room.warned == ["chat.too_long"]
        assert stream.read == LIMIT // 1000 + 1
        assert stream.closed


@pytest.mark.parametrize("stream", [Stream("half", stalls=True), Stream("half", ends=rtc.StreamError("gone"))])
def test_half_a_message_is_none_and_keeps_nobody_waiting(stream: Stream) -> None:
    @virtual_time
    async def write() -> None:
        async with opened() as room:
            room.send(stream)
            room.send(Stream("whole"))
            room.send(Stream("at once"), "ben")
            await asyncio.sleep(1)
            assert "at once" in room.typed
            await asyncio.sleep(STALLED_S)
            assert set(room.typed) == {"at once", "whole"}
            assert room.warned == []
            assert stream.closed

    write()


@given(st.text())
def test_plain_text_can_be_kept_everywhere_and_turns_no_direction(text: str) -> None:
    kept = plain(text)
    assert plain(kept) == kept
    json.dumps(kept).encode()
    kept.encode()
    assert not {unicodedata.bidirectional(char) for char in kept} & {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"}
    assert "\0" not in kept


@pytest.mark.parametrize("text", ["Grüße, 李小龍!", "a\n\tb", "नमस्\u200dते", "👩\u200d👧", "שלום"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert plain(text) == unicodedata.normalize("NFC", text)
