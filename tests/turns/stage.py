"""A call on virtual time for tests of turn-taking: the real call, plugin and socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from livekit import rtc
from livekit.agents import llm

from agents.providers import OpenAISpec
from agents.spec import TeamSpec
from bench.tones import spoken, tone
from tests.fakes import FakeSpeaker, KeptJournal, speak
from tests.simulators.openai_realtime.hearing import Hearing
from tests.simulators.openai_realtime.script import Asked, Pace, Script
from tests.simulators.openai_realtime.server import Provider
from tools.context import CallContext
from tools.database import Database
from worker.background import background
from worker.call import Call
from worker.journal.events import AgentSaid, JournalEvent
from worker.journal.journal import Journal
from worker.line.endpoint import Endpoint
from worker.line.profile import OPENAI
from worker.room.events import Left, Typed
from worker.room.microphone import FRAME_MS
from worker.room.outbox import Outbox
from worker.team.tool_runs import Tell

RATE = OPENAI.sample_rate
FRAME_S = FRAME_MS / 1000
_PACE = Pace(think_ms=100, speed=3.0, transcript_ms=200)
Kind = TypeVar("Kind", bound=JournalEvent)


@dataclass
class Stage:
    """`asked`: what the model knew at each reply."""

    call: Call
    provider: Provider
    speaker: FakeSpeaker
    events: list[JournalEvent]
    asked: list[Asked]
    waiting: bytearray = field(default_factory=bytearray)
    reason: str = ""

    async def microphone(self) -> None:
        size = round(RATE * FRAME_S) * 2
        quiet = np.random.default_rng(1).normal(0, 20, size // 2).astype("<i2").tobytes()
        while True:
            said = bytes(self.waiting[:size])
            del self.waiting[:size]
            self.call.hear(said + quiet[len(said) :])
            await asyncio.sleep(FRAME_S)

    def play(self, pcm: bytes) -> None:
        """Through the caller's microphone."""
        self.waiting += pcm

    async def say(self, hz: int, ms: int) -> None:
        """A tone, until the last of it is on its way."""
        self.play(tone(hz, ms, RATE).tobytes())
        await asyncio.sleep(ms / 1000)

    def write(self, text: str) -> None:
        self.call.put(Typed("caller", text))

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        """What agents were heard to say."""
        return [event.text for event in self.of(AgentSaid)]

    async def speaking(self) -> None:
        """Until the agent is heard."""
        began, left = self.speaker.position, 1000
        while self.speaker.position == began:
            await asyncio.sleep(0.02)
            left -= 1
            assert left, "nobody speaks"

    async def quiet(self, seconds: float = 2.5) -> None:
        """Until nobody has been heard for so long."""
        silent = 0.0
        while silent < seconds:
            before = self.speaker.position
            await asyncio.sleep(0.05)
            silent = silent + 0.05 if self.speaker.position == before and not self.waiting else 0.0


def team(agent: Mapping[str, Any] | None = None, **keys: Any) -> TeamSpec:
    alfa = {"name": "alfa", "instructions": "You are ALFA.", **(agent or {})}
    return TeamSpec.model_validate({"team": "t", "start": "alfa", "agents": {"alfa": alfa}, **keys})


def tones(words: Callable[[int], str | None]) -> Callable[[bytes], str | None]:
    """A recogniser of tones: `words` has what a pitch means."""
    return lambda pcm: words(spoken(np.frombuffer(pcm, "<i2"), RATE) or 0)


@asynccontextmanager
async def staged(
    folder: Path,
    spec: TeamSpec,
    play: Script,
    transcribe: Callable[[bytes], str | None],
    *,
    pace: Pace = _PACE,
    hearing: Callable[[], Hearing] = Hearing,
) -> AsyncIterator[Stage]:
    loop = asyncio.get_running_loop()
    began, events, asked = loop.time(), list[JournalEvent](), list[Asked]()

    def noted(given: Asked) -> Sequence[Any]:
        asked.append(given)
        return play(given)

    provider = Provider(noted, pace=pace, transcribe=transcribe, keep_events=False, hearing=hearing)
    async with provider.serve():
        speaker = FakeSpeaker(RATE)
        call = Call(
            team=spec,
            endpoints={"alfa": (Endpoint(OPENAI, provider.url, "any", OpenAISpec()),)},
            text_models={},
            caller="caller",
            sink=speaker,
            outbox=Outbox(rtc.Room()),
            journal=Journal(
                "turns", KeptJournal(), elapsed_ms=lambda: round((loop.time() - began) * 1000), publish=events.append
            ),
            today="Monday",
            make_context=_context,
            speak=speak,
        )
        stage = Stage(call, provider, speaker, events, asked)
        async with background(_hold(call, stage)):
            async with background(stage.microphone()):
                yield stage
            call.put(Left("enough"))


async def _hold(call: Call, stage: Stage) -> None:
    stage.reason = await call.run()


def _context(agent: str, called: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
    shop = Database("sqlite+aiosqlite://")
    return CallContext(call="tried", agent=agent, decision=called.call_id, database=shop, facts=facts, tell=tell)
