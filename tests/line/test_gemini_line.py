"""The line over Gemini Live: what the caller said is heard, whatever becomes of a session."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from agents.providers import GeminiSpec
from bench.tones import spoken, tone
from tests.simulators import tls
from tests.simulators.gemini_live.server import Provider
from tests.simulators.gemini_live.session import Memory
from tests.simulators.openai_realtime.script import Asked, Fault, Pace, Say, Step
from worker.line import gemini_model
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import LineEvent, LineLost, LineMoved, Transcript
from worker.line.gemini import GeminiLink
from worker.line.line import Line
from worker.line.link import Arms
from worker.line.profile import GEMINI

RATE = GEMINI.sample_rate
ARMS = Arms(0, "You are ALFA.", (), "warm", ())
PITCHES = (300, 350, 400, 450)


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    gemini_model._trusted.cache_clear()
    yield
    gemini_model._trusted.cache_clear()


class Caller:
    def __init__(self, provider: Provider) -> None:
        self.events: list[LineEvent] = []
        self.changed = asyncio.Event()
        endpoint = Endpoint(GEMINI, provider.url, "any", GeminiSpec())
        self.line = Line(
            replace(ARMS, endpoints=(endpoint,)), self._take, breaker=Breaker(), dials={"gemini": GeminiLink}
        )

    def _take(self, event: LineEvent) -> None:
        self.events.append(event)
        self.changed.set()

    async def until(self, kind: type[LineEvent], count: int = 1) -> None:
        async with asyncio.timeout(20):
            while sum(isinstance(event, kind) for event in self.events) < count:
                self.changed.clear()
                await self.changed.wait()

    async def written(self, hz: int, *, or_lost: bool = False) -> None:
        """Until that word of the caller is written down."""
        async with asyncio.timeout(20):
            while str(hz) not in "".join(self.finals):
                if or_lost and any(isinstance(event, LineLost) for event in self.events):
                    return
                self.changed.clear()
                await self.changed.wait()

    async def say(self, hz: int, ms: int = 300, quiet_ms: int = 700) -> None:
        """Ten times as fast as people speak."""
        said = tone(hz, ms, RATE).tobytes() + bytes(RATE * quiet_ms // 1000 * 2)
        for start in range(0, len(said), RATE // 10):
            self.line.hear(said[start : start + RATE // 10])
            await asyncio.sleep(0.005)

    @property
    def finals(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Transcript) and event.final and event.text]


def transcribe(pcm: bytes) -> str:
    """All pitches that are at least 100 ms long, in order."""
    heard, frame = np.frombuffer(pcm, "<i2"), 1600
    pitches = [spoken(heard[start : start + frame], 16000) for start in range(0, len(heard), frame)]
    return " ".join(str(pitch) for pitch, _ in groupby(pitches) if pitch)


def yes(_: Asked) -> Sequence[Step]:
    return [Say("Yes of course.", ms=300)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sessionResumptionUpdate", "abort", 2),  # the beginning of a turn
        Fault("inputTranscription", "abort", 1),
        Fault("modelTurn", "abort", 3),
        Fault("modelTurn", "abort", 4),
        Fault("modelTurn", "close", 4, 1011, "Internal error encountered."),
        Fault("outputTranscription", "abort", 4),
        Fault("generationComplete", "abort", 1),
        Fault("turnComplete", "abort", 1),
    ],
    ids=lambda fault: f"{fault.at}-{fault.nth}-{fault.what}",
)
async def test_given_a_session_lost_at_any_event_then_all_that_the_caller_said_is_heard(fault: Fault) -> None:
    pace = Pace(think_ms=20, speed=20, transcript_ms=10, playback=20)
    provider = Provider(yes, pace=pace, transcribe=transcribe)
    provider.faults = [fault]
    async with provider.serve():
        caller = Caller(provider)
        for hz in PITCHES:
            await caller.say(hz)
            await caller.written(hz, or_lost=True)  # what follows the loss is said while nobody listens
        await caller.until(LineMoved)
        await caller.say(500)
        await caller.written(500)
        await caller.line.close()
        heard = " ".join(words for connection in provider.connections for words in _heard(connection.session.memory))
        in_order = [int(pitch) for pitch, _ in groupby(heard.split())]
        assert [*dict.fromkeys(in_order)] == [*PITCHES, 500], heard
        assert [*dict.fromkeys(" ".join(caller.finals).split())] == [str(hz) for hz in (*PITCHES, 500)]
        assert len(provider.connections) == 2


async def test_given_a_session_lost_in_mid_sentence_before_any_of_its_words_came_then_all_of_it_is_heard() -> None:
    async with Provider(yes, pace=Pace(think_ms=20, speed=20, playback=20), transcribe=transcribe).serve() as provider:
        caller = Caller(provider)
        await caller.say(300)
        await caller.written(300)
        for hz in (350, 400, 450):
            await caller.say(hz, 800, 0)
        provider.connections[0].cut()
        await caller.say(500)
        await caller.written(500)
        assert caller.finals[-1] == "350 400 450 500"
        await caller.line.close()


def _heard(memory: Memory) -> Iterator[str]:
    """What a session's model heard, or was told that it had: pitches."""
    for item in memory.contents:
        words = " ".join(str(part.get("text", "")) for part in item["parts"])
        if item["role"] == "user" and words.replace(" ", "").isdigit():
            yield words


async def test_given_a_session_that_cannot_forget_when_less_is_shared_then_another_is_filled_at_a_pause() -> None:
    async with Provider(lambda _: []).serve() as provider:
        caller = Caller(provider)
        caller.line.write("a secret")
        caller.line.note("between two turns")
        caller.line.write("a question")
        await provider.until("setupComplete")
        undo = caller.line.share("none", lambda _: "")
        undo()
        caller.line.pause(True)
        await asyncio.sleep(0.2)
        assert len(provider.connections) == 1, "all is shared again"
        caller.line.share("none", lambda _: "")
        caller.line.pause(True)
        await caller.until(LineMoved)
        await asyncio.sleep(0.2)
        assert "secret" not in str(provider.contents())
        assert "question" in str(provider.contents())
        await caller.line.close()
