"""A whole call in virtual time with forty secrets in it; `tests/core/test_redaction.py` holds it in a real room."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import llm

from agents.redaction import RedactionSpec
from agents.team_file import read_team
from bench.tones import tone
from tests.core.conftest import ROOT
from tests.core.planted import DIALLED, EVERY, SHOWN, SPOKEN, TYPED, WORDS, found, script
from tests.fakes import FakeSpeaker, PromptRecorder, speak
from tests.simulators.openai_realtime.script import Pace
from tests.simulators.openai_realtime.server import Provider
from tests.virtual_time import virtual_time
from tools.context import CallContext, Caller
from tools.database import Database
from worker.background import background
from worker.call import Call
from worker.journal import events as journal
from worker.journal.events import JournalEvent
from worker.journal.journal import Journal
from worker.line.endpoint import Endpoint
from worker.line.profile import OPENAI
from worker.redaction.kept import Redaction
from worker.redaction.policy import Policy
from worker.room.events import Dialled, Left, Pressed, RoomEvent, Typed
from worker.room.outbox import Outbox
from worker.team.tool_runs import Tell

pytestmark = pytest.mark.parts

TEAM = read_team(ROOT / "tests/core/secrets.yaml")
RATE = OPENAI.sample_rate


@dataclass
class Held:
    """The call, what its caller and others saw of it, and what of its sound was muted."""

    folder: Path
    spec: RedactionSpec
    seen: list[JournalEvent] = field(default_factory=list)
    others: list[JournalEvent] = field(default_factory=list)
    muted: list[tuple[str, int, int]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    speech: bytearray = field(default_factory=bytearray)

    async def hold(self) -> None:
        spoken = iter([text for secret in SPOKEN for text in secret.told])
        provider = Provider(script(), pace=Pace(think_ms=20), transcribe=lambda _: next(spoken))
        loop = asyncio.get_running_loop()
        with PromptRecorder(f"sqlite+aiosqlite:///{self.folder}/baton.db") as recorder:
            async with provider.serve():
                notes = Journal(
                    "c",
                    recorder,
                    elapsed_ms=lambda: round(loop.time() * 1000),
                    publish=self._published,
                    redaction=Redaction(Policy(self.spec)),
                    whisper=self._whispered,
                    reveal=self.others.append,
                )
                endpoint = Endpoint(OPENAI, provider.url, "scripted")
                call = Call(
                    team=TEAM,
                    endpoints=dict.fromkeys(TEAM.speakers, (endpoint,)),
                    text_models={},
                    caller="caller",
                    sink=FakeSpeaker(RATE),
                    outbox=Outbox(rtc.Room()),
                    journal=notes,
                    today="Monday",
                    make_context=_context,
                    speak=speak,
                )
                notes.mutes(lambda *muted: self.muted.append(muted))
                async with background(self._microphone(call.hear), self._plant(call.put)):
                    await call.run()
                notes.close()

    def _published(self, event: JournalEvent) -> None:
        self.others.append(event)
        self._whispered(event)

    def _whispered(self, event: JournalEvent) -> None:
        self.seen.append(event)
        self.news.set()

    async def _microphone(self, hear: Callable[[bytes], None]) -> None:
        frame = RATE * 50 // 1000 * 2
        while True:
            hear(bytes(self.speech[:frame]).ljust(frame, b"\0"))
            del self.speech[:frame]
            await asyncio.sleep(0.05)

    async def _plant(self, put: Callable[[RoomEvent], None]) -> None:
        await self._answers(0)
        for number in range(sum(len(secret.parts) for secret in SPOKEN)):
            self.speech += tone(300, 300, RATE).tobytes()
            await self._answers(number + 1)
        for text in ["note", *(text for secret in TYPED for text in secret.told)]:
            before = self._count()
            put(Typed("caller", text))
            await self._answers(before)
        for keys in (part for secret in DIALLED for part in secret.parts):
            before, now_ms = self._count(), round(asyncio.get_running_loop().time() * 1000)
            put(Pressed("caller"))
            put(Dialled("caller", keys, now_ms, now_ms))
            await self._answers(before)
        for word in WORDS:
            before = self._count()
            put(Typed("caller", word))
            await self._answers(before)
        await asyncio.sleep(2)
        put(Left("the caller left"))

    def _count(self) -> int:
        return sum(isinstance(event, journal.AgentSaid) for event in self.seen)

    async def _answers(self, before: int) -> None:
        while self._count() <= before:
            self.news.clear()
            await self.news.wait()


def _context(agent: str, call: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
    database = Database("sqlite+aiosqlite://")
    return CallContext(
        call="c", agent=agent, decision=call.call_id, database=database, facts=facts, caller=Caller("id"), tell=tell
    )


@pytest.fixture(autouse=True)
def _shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SHOWN", json.dumps({name: secret.parts[0] for name, secret in SHOWN.items()}))


def artefacts(held: Held) -> dict[str, bytes]:
    database = b"\n".join(path.read_bytes() for path in held.folder.iterdir())
    return {"others": "\n".join(event.model_dump_json() for event in held.others).encode(), "database": database}


def test_there_are_forty_secrets_and_each_is_another() -> None:
    assert len(EVERY) >= 40
    parts = [part for secret in EVERY for part in secret.parts]
    assert len(set(parts)) == len(parts)


@virtual_time
async def test_given_a_policy_then_none_of_forty_secrets_is_written_or_told_to_others(tmp_path: Path) -> None:
    held = Held(tmp_path, TEAM.redact)
    await held.hold()
    assert found(EVERY, artefacts(held)) == {}
    said = [event for event in held.others if isinstance(event, journal.UserSaid)]
    assert len(said) == sum(len(secret.parts) for secret in SPOKEN), "others are told all of it, in the end"
    for event in said:
        assert event.started_ms is not None
        assert event.ended_ms is not None
        assert event.ended_ms - event.started_ms >= 300
        assert any(
            side == "caller" and start <= event.started_ms and event.ended_ms <= end for side, start, end in held.muted
        )
    secret = [event for event in held.others if isinstance(event, journal.AgentSaid) and "[" in event.text]
    assert len(secret) == 4
    assert sum(side == "agent" for side, _, _ in held.muted) >= 4


@virtual_time
async def test_given_no_policy_then_all_of_them_are_and_to_look_through_them_takes_so_long(tmp_path: Path) -> None:
    held = Held(tmp_path, RedactionSpec(what=()))
    await held.hold()
    told = found(EVERY, artefacts(held))
    unheard = {"an exception's text"}
    for name in ("others", "database"):
        assert {
            secret.how for secret in EVERY if f"{secret.how}: {' | '.join(secret.parts)}" not in told[name]
        } == unheard
    assert held.muted == []

    redaction, began = Redaction(Policy(TEAM.redact)), time.process_time()
    for number, event in enumerate(held.seen):
        redaction.take(number, event)
    each_us = (time.process_time() - began) * 1e6 / len(held.seen)
    print(f"\nredaction: {each_us:.0f} µs of processor time an event, {len(held.seen)} events", file=sys.stderr)
