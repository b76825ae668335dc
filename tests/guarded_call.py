"""A call whose guards are a test's, on virtual time: the real call and line, a scripted provider over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import llm

from agents.guarding import Action, Place
from agents.spec import TeamSpec
from tests.fakes import FakeSpeaker, KeptJournal, speak
from tests.gate.voices import Lead, Message, samples_of
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, Pace, Recite, Script
from tests.simulators.openai_realtime.server import Provider, text
from tools.context import CallContext
from tools.database import Database
from worker.background import background
from worker.call import Call
from worker.gate.guard import Finding, Guard, Panel, Passage
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.line.endpoint import Endpoint
from worker.line.profile import OPENAI
from worker.room.events import Left, Typed
from worker.room.outbox import Outbox
from worker.team.tool_runs import Tell

PACE = 15.0  # characters a second


def recite(*sentences: str, lead: Lead = "step", speed: float | None = None, pause_ms: int = 250) -> Recite:
    """A message in a voice of which every sample tells its sentence."""
    message = Message(sentences, PACE, [100, *[pause_ms] * (len(sentences) - 1)], lead)
    words = [(round(due * message.speed * 1000), thing) for due, thing in message.deltas() if isinstance(thing, str)]
    return Recite(message.pcm(), words, speed)


@dataclass
class Words:
    """Finds what has one of these words in it, after so many seconds."""

    words: Sequence[str]
    action: Action = "block"
    place: Place = "output"
    after_s: float = 0.0
    instead: str = ""
    arguments: dict[str, Any] | None = None
    deadline_s: float = 2.0
    name: str = "words"
    asked: list[Passage] = field(default_factory=list)

    @property
    def places(self) -> frozenset[Place]:
        return frozenset({self.place})

    async def judge(self, passage: Passage) -> Finding | None:
        self.asked.append(passage)
        await asyncio.sleep(self.after_s)
        if any(word in passage.text for word in self.words):
            return Finding(self.name, self.action, "a word", self.instead, self.arguments)
        return None


class Room(Outbox):
    def __init__(self) -> None:
        super().__init__(rtc.Room())
        self.shown: dict[str, str] = {}

    def attributes(self, attributes: dict[str, str]) -> None:
        pass

    def agent_caption(self, item: str, text: str, *, final: bool = False) -> None:
        self.shown[item] = text


@dataclass
class Held:
    """A call that is on, and what became of it."""

    call: Call
    provider: Provider
    speaker: FakeSpeaker
    room: Room
    events: list[journal.JournalEvent]
    given: list[Asked]  # what the model knew at each reply
    spoken: bytearray = field(default_factory=bytearray)  # by the caller, and not on its way yet

    def of(self, kind: type[journal.JournalEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.of(journal.AgentSaid)]

    @property
    def blocked(self) -> list[tuple[str, str, str]]:
        return [(event.guard, event.action, event.why) for event in self.of(journal.GuardBlocked)]

    def samples(self, sentence: int) -> int:
        """Of the sentences of that number, in all messages."""
        return samples_of(self.speaker.heard, sentence)

    @property
    def kept_ms(self) -> list[int]:
        """Of the messages that the provider was told to cut: how much was left."""
        kind = "conversation.item.truncate"
        return [event["audio_end_ms"] for event in self.provider.received() if event["type"] == kind]

    def known(self, reply: int = -1) -> str:
        """All that the model was told when it was asked for that reply."""
        return "\n".join([self.given[reply].instructions, *(text(dict(item)) for item in self.given[reply].items)])

    def say(self, pcm: bytes) -> None:
        self.spoken += pcm

    def write(self, said: str) -> None:
        self.call.put(Typed("caller", said))

    async def until(self, happened: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not happened():
            await asyncio.sleep(0.02)
            assert loop.time() - began < 120, f"nothing more comes: {self.events}"


@asynccontextmanager
async def held(
    folder: Path,
    play: Script,
    *guards: Guard,
    team: TeamSpec | None = None,
    pace: Pace | None = None,
    understood: str | None = "",
    microphone: bool = True,
) -> AsyncIterator[Held]:
    loop = asyncio.get_running_loop()
    began, events, given = loop.time(), list[journal.JournalEvent](), list[Asked]()

    def noted(asked: Asked) -> Any:
        given.append(asked)
        return play(asked)

    def context(agent: str, call: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
        shop = Database("sqlite+aiosqlite://")
        return CallContext(call="c", agent=agent, decision=call.call_id, database=shop, facts=facts, tell=tell)

    spec = team or a_team()
    provider, speaker, room = (
        Provider(noted, pace=pace or Pace(), transcribe=lambda _: understood),
        FakeSpeaker(SAMPLE_RATE),
        Room(),
    )
    async with provider.serve():
        call = Call(
            team=spec,
            endpoints=dict.fromkeys(spec.speakers, (Endpoint(OPENAI, provider.url, "scripted"),)),
            text_models={},
            caller="caller",
            sink=speaker,
            outbox=room,
            journal=Journal(
                "c", KeptJournal(), elapsed_ms=lambda: round((loop.time() - began) * 1000), publish=events.append
            ),
            today="Monday",
            make_context=context,
            speak=speak,
            guards=Panel(dict.fromkeys(spec.speakers, guards)) if guards else None,
        )

        async def hold() -> None:
            await call.run()

        on = Held(call, provider, speaker, room, events, given)

        async def speaks() -> None:
            quiet = np.random.default_rng(1).normal(0, 20, SAMPLE_RATE // 20).astype("<i2").tobytes()
            while True:
                said = bytes(on.spoken[: len(quiet)])
                del on.spoken[: len(quiet)]
                call.hear(said + quiet[len(said) :])
                await asyncio.sleep(0.05)

        async with background(hold()) as start:
            ear = start(speaks()) if microphone else None
            yield on
            if ear:
                ear.cancel()
            call.put(Left("enough"))
            await asyncio.sleep(1)


def a_team(**more: Any) -> TeamSpec:
    alfa = {"name": "alfa", "instructions": "You are ALFA.", "voice": "calm", **more.pop("alfa", {})}
    return TeamSpec.model_validate({"team": "t", "start": "alfa", "agents": {"alfa": alfa}, **more})
