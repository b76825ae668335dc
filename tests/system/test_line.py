"""The line over a real socket to the embedded model, when that socket is cut."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pytest

from tests.speech import say, silence
from tests.system.embedded_model import Model, serving
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import (
    Audio,
    LineEvent,
    LineLost,
    LineMoved,
    ReplyEnded,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.profile import LOCAL
from worker.local_model.senses import Senses

pytestmark = [pytest.mark.system, pytest.mark.needs("flite", "espeak-ng")]
Kind = TypeVar("Kind", bound=LineEvent)
FRAME = 24_000 // 20 * 2  # bytes of 50 ms
INSTRUCTIONS = 'You are kind.\nGreet with: "Good day, and welcome to you."\nToday is Monday 23 November 2026.'


@dataclass
class Caller:
    """A line to a model whose sockets the test can cut, and all that came of it."""

    line: Line
    model: Model
    events: list[LineEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, pcm: bytes) -> None:
        """At ten times the pace of speech."""
        for start in range(0, len(pcm), FRAME):
            self.line.hear(pcm[start : start + FRAME])
            await asyncio.sleep(0.005)

    async def until(self, kind: type[Kind], after: int = 0) -> Kind:
        async with asyncio.timeout(20):
            while True:
                for event in self.events[after:]:
                    if isinstance(event, kind):
                        return event
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def caller(senses: Senses) -> AsyncIterator[Caller]:
    def take(event: LineEvent) -> None:
        found.events.append(event)
        found.changed.set()

    async with serving(senses) as model:
        endpoint = Endpoint(LOCAL, f"http://127.0.0.1:{model.port}/v1", "any")
        line = Line(Arms(0, INSTRUCTIONS, (), "warm", (endpoint,)), take, breaker=Breaker())
        found = Caller(line, model)
        yield found
        await line.close()


async def test_given_a_socket_that_is_cut_in_mid_utterance_then_all_of_it_reaches_the_model(caller: Caller) -> None:
    spoken = np.concatenate(
        [silence(600), say("I would like to return order one zero one seven."), silence(1200)]
    ).tobytes()
    half = len(spoken) // 2 // FRAME * FRAME
    await caller.hear(spoken[:half])
    await caller.until(SpeechStarted)
    caller.model.cut()
    await caller.hear(spoken[half:])
    await caller.until(LineMoved)
    await caller.until(SpeechStopped)
    heard = await caller.until(Transcript)
    assert "return" in heard.text.lower()
    assert "1017" in heard.text.replace(" ", "").replace(",", "")
    assert sum(isinstance(event, LineLost) for event in caller.events) == 1


async def test_given_a_socket_that_is_cut_then_the_memory_is_in_the_new_session(caller: Caller) -> None:
    caller.line.write("When are you open?")
    caller.line.ask()
    await caller.until(ReplyEnded)
    caller.model.cut()
    await caller.until(LineMoved)
    seen = len(caller.events)
    caller.line.write("Can you say that again?")
    caller.line.ask()
    await caller.until(ReplyEnded, seen)
    assert any(isinstance(event, Audio) for event in caller.events[seen:])
    said = [event for event in caller.events if hasattr(event, "text") and "I am sorry" in str(event)]
    assert len(said) >= 2, "what was said before the cut is repeated after it"
