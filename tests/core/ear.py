"""A caller who writes and listens, and costs so little that eight of them share a process with the provider."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from livekit import rtc

from bench.recital import Pcm
from worker.background import background
from worker.room.microphone import Microphone

RATE = 24000
_LOUD = 500  # of 32768
_QUIET_S = 0.4
_PATIENCE_S = 60.0


class Ear:
    """`run` listens until cancelled. All that arrives is kept: `sound`, `captions` as they grow, and the page's events."""

    def __init__(self, room: rtc.Room) -> None:
        self._room = room
        self._tracks = asyncio.Queue[rtc.Track]()
        self._readers = asyncio.Queue[rtc.TextStreamReader]()
        self._frames: list[bytes] = []
        self._loud_at = 0.0
        self._changed = asyncio.Event()
        self.captions: list[str] = []
        self.events: list[dict[str, Any]] = []
        room.on("track_subscribed", lambda track, *_: self._tracks.put_nowait(track))
        room.on("participant_attributes_changed", lambda *_: self._changed.set())
        room.register_text_stream_handler("lk.transcription", lambda reader, _: self._readers.put_nowait(reader))
        room.register_text_stream_handler("baton.events", lambda reader, _: self._readers.put_nowait(reader))

    @property
    def sound(self) -> Pcm:
        """Mono, 24 kHz."""
        return np.frombuffer(b"".join(self._frames), np.int16)

    async def write(self, text: str) -> None:
        await self._room.local_participant.send_text(text, topic="lk.chat")

    @property
    def said(self) -> int:
        """How many messages of the agent are over, by the journal."""
        return sum(event["type"] == "agent.said" for event in self.events)

    async def answered(self, since: float, said: int) -> None:
        """Until the agent was heard after a loop time, has said more than that, and then nothing for a while.

        Raises TimeoutError.
        """
        async with asyncio.timeout(_PATIENCE_S):
            while not (
                self.said > said and self._loud_at > since and self._now() > self._loud_at + _QUIET_S and self._listens
            ):
                self._changed.clear()
                await self._changed.wait()

    async def speaks(self, since: float) -> None:
        """Until the agent is heard after a loop time. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE_S):
            while self._loud_at <= since:
                self._changed.clear()
                await self._changed.wait()

    async def run(self) -> None:
        async with background(self._read()):
            await Microphone(await self._tracks.get(), RATE, self._hear).run()

    @property
    def _listens(self) -> bool:
        others = self._room.remote_participants.values()
        return any(other.attributes.get("lk.agent.state") == "listening" for other in others)

    def _hear(self, frames: Sequence[bytes]) -> None:
        self._frames += frames
        if any(np.abs(np.frombuffer(pcm, np.int16)).max() > _LOUD for pcm in frames):
            self._loud_at = self._now()
        self._changed.set()

    async def _read(self) -> None:
        async with background() as start:
            while True:
                start(self._keep(await self._readers.get()))

    async def _keep(self, reader: rtc.TextStreamReader) -> None:
        if reader.info.topic == "baton.events":
            self.events.append(json.loads(await reader.read_all()))
            return
        text = ""
        async for piece in reader:
            text += piece
            self.captions.append(text)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
