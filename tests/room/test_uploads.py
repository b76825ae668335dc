"""Files on their way in: what is taken, and that nobody can send so much that it matters."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest
from livekit import rtc

from tests.virtual_time import virtual_time
from worker.background import background
from worker.room.events import RoomEvent, Sending, Shown, Warned
from worker.room.uploads import FILE_BYTES, FILES, HELD_BYTES, STALLED_S, TOPIC, WINDOW_S, Uploads
from worker.shown.kind import Kind
from worker.shown.result import Read, Refused, Size

ID, CHUNK = "0b5c9f2a-6f2e-4d3a-9d5e-1f2b3c4d5e6f", 15_000
SIZE = Size(1000, 500_000)


class Stream:
    """A stream of so many bytes, one chunk every millisecond; `ends`: how."""

    def __init__(
        self, size: int, *, told: int | None = None, called: str = "slip.jpg", ends: Exception | None = None
    ) -> None:
        told = size if told is None else told
        self.info = rtc.ByteStreamInfo(ID, "image/jpeg", TOPIC, 0, told, {}, called)
        self._left, self._ends = size, ends
        self.read, self.closed, self.stalls = 0, False, False

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0.001)
        if self.stalls:
            await asyncio.Event().wait()
        if not self._left:
            raise self._ends or StopAsyncIteration
        chunk = bytes(min(CHUNK, self._left))
        self._left -= len(chunk)
        self.read += len(chunk)
        return chunk

    def close(self) -> None:
        self.closed = True


@dataclass
class Room:
    told: list[RoomEvent] = field(default_factory=list)
    open: Callable[[Stream, str], None] | None = None

    def register_byte_stream_handler(self, topic: str, handler: Callable[[Stream, str], None]) -> None:
        assert topic == TOPIC
        self.open = handler

    def unregister_byte_stream_handler(self, topic: str) -> None:
        self.open = None

    def send(self, stream: Stream, who: str = "caller") -> Stream:
        assert self.open
        self.open(stream, who)
        return stream

    @property
    def outcomes(self) -> list[str]:
        return [event.code if isinstance(event, Warned) else type(event).__name__ for event in self.told]


async def at_once(data: bytes, size: Size) -> Read:
    return Read(Kind.JPEG, (b"jpeg of %d" % len(data),))


@asynccontextmanager
async def opened(read: Callable[[bytes, Size], object] = at_once) -> AsyncIterator[Room]:
    room = Room()
    uploads = Uploads(cast("rtc.Room", room), {"caller"}, SIZE, tell=room.told.append, read=read)  # type: ignore[arg-type]
    async with background(uploads.run()):
        await asyncio.sleep(0.01)
        yield room
    assert room.open is None


@virtual_time
async def test_a_file_is_told_of_when_it_begins_and_when_it_is_there() -> None:
    async with opened() as room:
        stream = room.send(Stream(40_000, called="../<b>slip</b>.jpg"))
        await asyncio.sleep(0.002)
        assert room.told == [Sending(ID)]
        await asyncio.sleep(1)
        assert room.told[1:] == [Shown("caller", ID, "b.jpg", (b"jpeg of 40000",))]
        assert stream.closed


@virtual_time
async def test_what_somebody_else_sends_is_not_read() -> None:
    async with opened() as room:
        stream = room.send(Stream(40_000), "another")
        await asyncio.sleep(1)
        assert (room.told, stream.read, stream.closed) == ([], 0, True)


@pytest.mark.parametrize(("told", "most"), [(300_000_000, 0), (0, FILE_BYTES + CHUNK), (5, FILE_BYTES + CHUNK)])
@virtual_time
async def test_a_huge_stream_is_dropped_as_soon_as_it_is_known_to_be(told: int, most: int) -> None:
    async with opened() as room:
        stream = room.send(Stream(300_000_000, told=told))
        await asyncio.sleep(60)
        assert room.outcomes == ["Sending", "file.too_large"]
        assert stream.read <= most
        assert stream.closed


@virtual_time
async def test_many_files_at_once_are_held_up_to_a_limit_and_what_was_held_is_let_go() -> None:
    async with opened() as room:
        streams = [room.send(Stream(FILE_BYTES)) for _ in range(4)]
        await asyncio.sleep(60)
        assert room.outcomes.count("file.too_many") >= 1
        assert room.outcomes.count("Shown") >= 1
        assert sum(stream.read for stream in streams) <= 2 * HELD_BYTES
        room.send(Stream(FILE_BYTES))
        await asyncio.sleep(60)
        assert room.outcomes[-1] == "Shown", "nothing is held any more"


@virtual_time
async def test_a_flood_of_files_is_told_of_once_and_is_over_after_a_while() -> None:
    async with opened() as room:
        streams = [room.send(Stream(10)) for _ in range(10_000)]
        await asyncio.sleep(1)
        assert room.outcomes.count("Shown") == FILES
        assert room.outcomes.count("file.too_many") == 1
        assert all(stream.closed for stream in streams)
        await asyncio.sleep(WINDOW_S)
        room.send(Stream(10))
        await asyncio.sleep(1)
        assert room.outcomes[-1] == "Shown"


@pytest.mark.parametrize(
    "stream",
    [Stream(100, ends=rtc.StreamError("aborted")), Stream(100, told=200)],
    ids=["broken off", "shorter than it said"],
)
@virtual_time
async def test_a_file_that_does_not_arrive_in_full_is_asked_for_again(stream: Stream) -> None:
    async with opened() as room:
        room.send(stream)
        await asyncio.sleep(1)
        assert room.outcomes == ["Sending", "file.incomplete"]


@virtual_time
async def test_a_sender_that_goes_silent_is_not_waited_for() -> None:
    async with opened() as room:
        stream = Stream(100)
        stream.stalls = True
        room.send(stream)
        await asyncio.sleep(STALLED_S + 1)
        assert room.told[-1] == Warned("file.incomplete", "The file did not arrive in full. Send it again.", ID)
        assert stream.closed


@virtual_time
async def test_a_file_that_is_refused_leaves_the_way_open_for_the_next() -> None:
    async def refuse(data: bytes, size: Size) -> Read:
        if len(data) == 13:
            raise Refused("file.kind", "No.")
        return await at_once(data, size)

    async with opened(refuse) as room:
        room.send(Stream(13))
        room.send(Stream(14))
        await asyncio.sleep(1)
        assert sorted(room.outcomes) == ["Sending", "Sending", "Shown", "file.kind"]
