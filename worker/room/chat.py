"""What people write: LiveKit's text streams on `lk.chat`, counted while they come."""

import asyncio
from collections.abc import Callable

from livekit import rtc

from worker.background import background
from worker.room.events import RoomEvent, Typed, Warned
from worker.room.linked import LinkedPeople
from worker.room.plain import plain

TOPIC = "lk.chat"
LIMIT = 20_000  # characters of a message
MESSAGES, WINDOW_S = 40, 60.0  # of one person, at most so many begin in so long a time
STALLED_S = 10.0  # a sender that sends nothing for so long has gone


class Chat:
    """Tells of each message when it is complete. The first MESSAGES of a minute are taken; what one person sends beyond
    that is dropped unread, and the page is told once a minute.

    `people` are those who are heard; of all others, nothing is read.
    """

    def __init__(self, room: rtc.Room, people: LinkedPeople, *, tell: Callable[[RoomEvent], None]) -> None:
        self._room, self._people, self._tell = room, people, tell
        self._writers = asyncio.Queue[str]()  # those who write for the first time
        self._readers: dict[str, asyncio.Queue[rtc.TextStreamReader]] = {}  # bounded by MESSAGES; in order, of each
        self._began: dict[str, list[float]] = {}  # by person
        self._told_at: dict[str, float] = {}  # who wrote too much: when that was said last

    async def run(self) -> None:
        self._room.register_text_stream_handler(TOPIC, self._on_stream)
        try:
            async with background() as start:
                while True:
                    who = await self._writers.get()
                    start(self._read(self._readers[who], who))
        finally:
            self._room.unregister_text_stream_handler(TOPIC)

    def _on_stream(self, reader: rtc.TextStreamReader, who: str) -> None:
        if not self._people.is_stranger(who) and self._may_begin(who):
            if who not in self._readers:
                self._readers[who] = asyncio.Queue()
                self._writers.put_nowait(who)
            self._readers[who].put_nowait(reader)
        else:
            reader.close()  # else what comes of it is kept for whoever may read it

    def _may_begin(self, who: str) -> bool:
        now = asyncio.get_running_loop().time()
        began = self._began[who] = [at for at in self._began.get(who, ()) if at > now - WINDOW_S]
        if len(began) < MESSAGES:
            began.append(now)
            return True
        if now - self._told_at.get(who, -WINDOW_S) >= WINDOW_S:
            self._told_at[who] = now
            detail = f"More than {MESSAGES} messages in a minute are not read. Wait a little, and write the rest then."
            self._tell(Warned("chat.too_many", detail))
        return False

    async def _read(self, readers: asyncio.Queue[rtc.TextStreamReader], who: str) -> None:
        while True:
            reader = await readers.get()
            if await self._people.knows(who):
                await self._take(reader, who)
            else:
                reader.close()

    async def _take(self, reader: rtc.TextStreamReader, who: str) -> None:
        pieces, length = list[str](), 0
        try:
            while (piece := await _next(reader)) is not None:
                length += len(piece)
                if length > LIMIT:
                    self._tell(
                        Warned("chat.too_long", f"A message has {LIMIT} characters at most. Send a shorter one.")
                    )
                    return
                pieces.append(piece)
        except (TimeoutError, ConnectionError, rtc.StreamError):
            return  # half a message is none
        finally:
            reader.close()
        if text := plain("".join(pieces)):
            self._tell(Typed(who, text))


async def _next(reader: rtc.TextStreamReader) -> str | None:
    """None: there is no more."""
    async with asyncio.timeout(STALLED_S):
        return await anext(reader, None)
