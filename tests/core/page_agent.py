"""An agent in a room that does what a test tells it: for what the page makes of anything that may come from there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livekit import api, rtc
from playwright.async_api import Page

from tests.core.conftest import House
from worker.background import background
from worker.journal.events import JournalEvent
from worker.room.outbox import AGENT, SEES, STATE, Outbox


@dataclass(slots=True)
class PageAgent:
    """What the page sent is in `files`, `written` and `dialled`; what the page is told goes out in order."""

    room: rtc.Room
    outbox: Outbox
    files: list[tuple[rtc.ByteStreamInfo, bytes]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    dialled: list[tuple[int, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: set[asyncio.Task[None]] = field(default_factory=set)

    def say(self, item: str, text: str) -> None:
        """A caption that is whole at once."""
        self.outbox.agent_caption(item, text, final=True)

    def tell(self, *events: JournalEvent) -> None:
        for event in events:
            self.outbox.event(event)

    def be(self, agent: str, state: str, sees: str = "camera screen") -> None:
        self.outbox.attributes({STATE: state, AGENT: agent, SEES: sees})

    def listen(self) -> None:
        self.room.register_byte_stream_handler("baton.files", lambda reader, _: self._read(self._file(reader)))
        self.room.register_text_stream_handler("lk.chat", lambda reader, _: self._read(self._text(reader)))
        self.room.on("sip_dtmf_received", self._dtmf)

    def _read(self, reading: Awaitable[None]) -> None:
        task = asyncio.ensure_future(reading)
        self._reading.add(task)

    async def _file(self, reader: rtc.ByteStreamReader) -> None:
        parts = [part async for part in reader]
        self.files.append((reader.info, b"".join(parts)))
        self.changed.set()

    async def _text(self, reader: rtc.TextStreamReader) -> None:
        self.written.append(await reader.read_all())
        self.changed.set()

    def _dtmf(self, key: rtc.SipDTMF) -> None:
        self.dialled.append((key.code, key.digit))
        self.changed.set()

    async def until(self, seen: list[Any], count: int) -> None:
        """Waits for so many of what the page sends. Raises TimeoutError."""
        async with asyncio.timeout(15):
            while len(seen) < count:
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def in_room(
    house: House, room: str, name: str = "agent", kind: api.AccessToken.ParticipantKind = "agent"
) -> AsyncIterator[PageAgent]:
    """Joins a room as a participant of a kind; an agent, unless another is named."""
    settings = house.environment
    grants = api.VideoGrants(room_join=True, room=room, can_update_own_metadata=True)
    token = api.AccessToken(settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"])
    entry = token.with_identity(name).with_name(name).with_kind(kind).with_grants(grants).to_jwt()
    inside = rtc.Room()
    agent = PageAgent(inside, Outbox(inside))
    agent.listen()
    await inside.connect(settings["LIVEKIT_URL"], entry)
    agent.outbox.caption_track("TR_agent")
    try:
        async with background(agent.outbox.run()):
            yield agent
    finally:
        await inside.disconnect()


async def saved(page: Page, name: str) -> bytes:
    """What the page saves under a name, when its link is there. Waits for a minute: it may be made meanwhile."""
    link = page.get_by_role("link", name=f"Save {name}")
    await link.wait_for(timeout=60_000)
    async with page.expect_download() as download:
        await link.click()
    return await asyncio.to_thread(Path(await (await download.value).path()).read_bytes)


def desk_of(house: House) -> str:
    return f"http://127.0.0.1:{house.environment['BATON_HTTP_PORT']}"


async def call(page: Page, house: House, path: str = "/") -> str:
    """Opens the page and calls; returns the room's name, when the page is inside."""
    async with page.expect_response("**/api/join") as joined:
        await page.goto(desk_of(house) + path)
        await page.locator(".join .primary").click()
    room = (await (await joined.value).json())["room"]
    await page.locator(".leave").wait_for()
    return str(room)
