"""What the room is told, in order: events for the page, captions, the agent's state. Never waited for by the call."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from livekit import rtc

from tools.file import GivenFile
from worker.journal.events import JournalEvent
from worker.room import past
from worker.room.captions import Captions

logger = logging.getLogger(__name__)

TOPIC, FILES = "baton.events", "baton.files"
LEAVES_S = (
    0.5  # what the connection has taken is on its way: nobody tells when it is there, and who leaves takes it along
)
STATE, AGENT, MUTED = "lk.agent.state", "baton.agent", "baton.muted"
SEES = "baton.sees"  # what of the caller's the agent looks at all the time: camera, screen, both or nothing


class Outbox:
    """Methods return at once; `run` sends, one thing after the other. A room that is gone is not an error.

    `mask`: what captions go through, if they are not to tell all that is said; the agent's then come message by message.
    """

    def __init__(self, room: rtc.Room, mask: Callable[[str], str] | None = None) -> None:
        self._room, self._mask = room, mask
        self._waiting = asyncio.Queue[Callable[[], Awaitable[object]]]()  # unbounded: small, and paced by what is heard
        self._captions: Captions | None = None
        self._attributes: dict[str, str] = {}
        self._sending: asyncio.Future[None] | None = None

    def caption_track(self, track: str) -> None:
        """Captions of the agent belong to this track of ours."""
        self._captions = Captions(self._room, track)

    def event(self, event: JournalEvent) -> None:
        self._tell(event.model_dump_json(), None)

    def event_to(self, caller: str, event: JournalEvent) -> None:
        """Tells one participant alone."""
        self._tell(event.model_dump_json(), [caller])

    def event_past(self, caller: str, event: JournalEvent) -> None:
        """Tells all but one participant."""
        if others := [identity for identity in self._room.remote_participants if identity != caller]:
            self._tell(event.model_dump_json(), others)

    def past(self, person: str, events: Iterable[JournalEvent]) -> None:
        """Tells somebody who has joined late what they may see of the call so far."""
        self._tell(past.past(events), [person], past.TOPIC)

    def file(self, stream: str, file: GivenFile) -> None:
        """A file for everybody in the room, in a stream with this id."""
        self._waiting.put_nowait(lambda: self._send_file(stream, file))

    async def _send_file(self, stream: str, file: GivenFile) -> None:
        writer = await self._room.local_participant.stream_bytes(
            file.name, total_size=len(file.data), mime_type=file.mime, stream_id=stream, topic=FILES
        )
        await writer.write(file.data)
        await writer.aclose()

    def _tell(self, body: str, to: list[str] | None, topic: str = TOPIC) -> None:
        self._waiting.put_nowait(
            lambda: self._room.local_participant.send_text(body, destination_identities=to, topic=topic)
        )

    def attributes(self, attributes: dict[str, str]) -> None:
        """Sets attributes of our participant; what is set already is not sent again."""
        new = {key: value for key, value in attributes.items() if self._attributes.get(key) != value}
        self._attributes |= new
        if new:
            self._waiting.put_nowait(lambda: self._room.local_participant.set_attributes(new))

    def agent_caption(self, item: str, text: str, *, final: bool = False) -> None:
        if self._mask and not final:
            return  # what follows may make a secret of it
        if captions := self._captions:
            told = self._mask(text) if self._mask else text
            self._waiting.put_nowait(lambda: captions.agent(item, told, final=final))

    def caller_caption(self, identity: str, track: str, text: str, together_with: Sequence[str] = ()) -> None:
        if captions := self._captions:
            told = self._mask(text) if self._mask else text
            self._waiting.put_nowait(lambda: captions.caller(identity, track, told, together_with))

    async def run(self) -> None:
        """Sends until cancelled; what is being sent then is sent to its end."""
        while True:
            send = await self._waiting.get()
            self._sending = asyncio.ensure_future(self._send(send))
            await asyncio.shield(self._sending)

    async def flush(self) -> None:
        """Sends what still waits, and gives it the time to get to whoever is there. Not beside `run`."""
        if self._sending:
            await self._sending
        while not self._waiting.empty():
            await self._send(self._waiting.get_nowait())
        if self._room.remote_participants:
            await asyncio.sleep(LEAVES_S)

    async def _send(self, send: Callable[[], Awaitable[object]]) -> None:
        try:
            await send()
        except Exception as error:  # the SDK raises bare exceptions; a caption that is lost must not end the call
            logger.warning("the room was not told something: %s", type(error).__name__)
