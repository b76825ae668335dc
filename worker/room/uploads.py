"""Files that callers send: LiveKit's byte streams, counted while they come, and made into what a model takes."""

import asyncio
from collections.abc import Awaitable, Callable, Container

from livekit import rtc

from worker.background import Start, background
from worker.room.events import RoomEvent, Sending, Shown, Warned
from worker.shown import name, readers
from worker.shown.result import Read, Refused, Size

TOPIC = "baton.files"
FILE_BYTES = 20 * 1024 * 1024
HELD_BYTES = 2 * FILE_BYTES  # of all files of a call that are on their way, or being read
FILES, WINDOW_S = 10, 60.0  # at most so many begin in so long a time
STALLED_S = 20.0  # a sender that sends nothing for so long has gone

_INCOMPLETE = Refused("file.incomplete", "The file did not arrive in full. Send it again.")
Reader = Callable[[bytes, Size], Awaitable[Read]]


class Uploads:
    """Tells of each file that begins, and what became of it. A file that is too much is dropped at once, unread.

    `people` are the identities of those whose files are taken, `size` is what all providers of the call take.
    """

    def __init__(
        self,
        room: rtc.Room,
        people: Container[str],
        size: Size,
        *,
        tell: Callable[[RoomEvent], None],
        read: Reader = readers.read,
    ) -> None:
        self._room, self._people, self._size, self._tell, self._read = room, people, size, tell, read
        self._streams = asyncio.Queue[
            tuple[rtc.ByteStreamReader, str]
        ]()  # unbounded: each is small until it is read from
        self._held = 0  # bytes
        self._began: list[float] = []
        self._flooded = False  # it has been told so

    async def run(self) -> None:
        self._room.register_byte_stream_handler(TOPIC, self._on_stream)
        try:
            async with background() as start:
                while True:
                    self._begin(*await self._streams.get(), start)
        finally:
            self._room.unregister_byte_stream_handler(TOPIC)

    def _on_stream(self, reader: rtc.ByteStreamReader, who: str) -> None:
        if who not in self._people:
            reader.close()
        elif not self._may_begin():
            reader.close()
            if not self._flooded:
                self._flooded = True
                detail = f"More than {FILES} files in a minute are not taken. Wait a little, and send the rest then."
                self._tell(Warned("file.too_many", detail, name.stream(reader.info.stream_id)))
        else:
            self._streams.put_nowait((reader, who))

    def _may_begin(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._began = [began for began in self._began if began > now - WINDOW_S]
        if len(self._began) >= FILES:
            return False
        self._began.append(now)
        self._flooded = False
        return True

    def _begin(self, reader: rtc.ByteStreamReader, who: str, start: Start) -> None:
        stream = name.stream(reader.info.stream_id)
        self._tell(Sending(stream))
        start(self._take(reader, who, stream))

    async def _take(self, reader: rtc.ByteStreamReader, who: str, stream: str) -> None:
        held = 0
        data = bytearray()
        try:
            _check(reader.info.size or 0)
            while (chunk := await _next(reader)) is not None:
                self._held += len(chunk)
                held += len(chunk)
                _check(held)
                if self._held > HELD_BYTES:
                    raise Refused("file.too_many", "Too many files at once. Send them one after the other.")
                data += chunk
            if held < (reader.info.size or 0):
                raise _INCOMPLETE
            found = await self._read(bytes(data), self._size)
        except Refused as refused:
            self._tell(Warned(refused.code, refused.detail, stream))
        else:
            called = name.clean(reader.info.name)
            self._tell(Shown(who, stream, called, found.pictures, found.text, found.pages))
        finally:
            self._held -= held
            reader.close()


async def _next(reader: rtc.ByteStreamReader) -> bytes | None:
    """None: there is no more. Raises Refused when the sender has gone."""
    try:
        async with asyncio.timeout(STALLED_S):
            return await anext(reader, None)
    except (TimeoutError, ConnectionError) as error:
        raise _INCOMPLETE from error


def _check(size: int) -> None:
    if size > FILE_BYTES:
        most = FILE_BYTES // (1024 * 1024)
        raise Refused("file.too_large", f"The file has more than {most} MB. Send a smaller version of it.")
