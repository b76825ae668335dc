"""The line over a real socket to a scripted provider, when audio was on its way as the socket was lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import aiohttp
import numpy as np
import pytest

from bench.tones import spoken, tone
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Pace
from tests.simulators.openai_realtime.server import Provider
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import LineEvent, LineMoved, SpeechStarted, Transcript
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.profile import OPENAI

Kind = TypeVar("Kind", bound=LineEvent)
FRAME = SAMPLE_RATE // 20 * 2  # bytes of 50 ms
WORDS = {300: "chat", 400: "move", 500: "long"}
ARMS = Arms(0, "You are ALFA.", (), "warm", ())


def pcm(hz: int, ms: int, quiet_ms: int) -> bytes:
    return tone(hz, ms, SAMPLE_RATE).tobytes() + bytes(SAMPLE_RATE * quiet_ms // 1000 * 2)


@dataclass
class Heard:
    """A line, and all that came of it."""

    line: Line
    provider: Provider
    events: list[LineEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, kind: type[Kind], count: int = 1) -> Kind:
        async with asyncio.timeout(20):
            while len(found := [event for event in self.events if isinstance(event, kind)]) < count:
                self.changed.clear()
                await self.changed.wait()
        return found[count - 1]

    def say(self, hz: int, ms: int, quiet_ms: int) -> None:
        """All at once: nothing else happens meanwhile."""
        said = pcm(hz, ms, quiet_ms)
        for start in range(0, len(said), FRAME):
            self.line.hear(said[start : start + FRAME])

    @property
    def transcripts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Transcript)]


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    def take(event: LineEvent) -> None:
        found.events.append(event)
        found.changed.set()

    def transcribe(pcm: bytes) -> str:
        return WORDS.get(spoken(np.frombuffer(pcm, "<i2"), SAMPLE_RATE) or 0, "")

    async with Provider(lambda _: [], pace=Pace(transcript_ms=20), transcribe=transcribe).serve() as provider:
        line = Line(replace(ARMS, endpoints=(Endpoint(OPENAI, provider.url, "any"),)), take, breaker=Breaker())
        found = Heard(line, provider)
        yield found
        await line.close()


async def test_given_speech_on_its_way_when_the_socket_is_lost_then_it_is_heard_once_and_whole(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = aiohttp.ClientWebSocketResponse.close

    async def close_while_the_caller_speaks(socket: aiohttp.ClientWebSocketResponse) -> bool:
        if socket.closed:  # the plugin winds it up: nobody takes from its queue but the next socket
            monkeypatch.undo()
            heard.say(500, 600, 700)
            assert heard.line.up, "the line does not know yet"
        return await close(socket)

    heard.say(300, 400, 700)
    await heard.until(Transcript)
    heard.say(400, 300, 200)
    await heard.until(SpeechStarted, 2)
    monkeypatch.setattr(aiohttp.ClientWebSocketResponse, "close", close_while_the_caller_speaks)
    heard.provider.connections[-1].cut()
    await heard.until(LineMoved)
    heard.say(300, 400, 700)
    await heard.until(Transcript, 3)
    assert heard.transcripts == ["chat", "long", "chat"], (
        "what was begun before the loss and ended after it is one turn"
    )
    assert heard.provider.words() == ["chat", "long", "chat"]
    said = pcm(400, 300, 200) + pcm(500, 600, 700) + pcm(300, 400, 700)
    assert bytes(heard.provider.connections[-1].audio).endswith(said)
