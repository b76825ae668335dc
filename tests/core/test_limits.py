"""A call that reaches a limit, in a real room: what the caller hears, is told, and is left with."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
import yaml
from livekit import rtc

from bench.caller import Caller
from bench.tones import ALFA, BRAVO
from tests.core.conftest import PITCHES, ROOT, House, Stage, house_with, transcribe
from tests.core.test_core import only
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from worker.room.outbox import TOPIC

pytestmark = pytest.mark.system
MINUTES, DAY = 0.1, 1000.0
GOODBYE = Say("sorry, goodbye", ms=1500, hz=BRAVO)


@pytest.fixture(scope="module")
def thrifty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("limits")
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text())
    (folder / "team.yaml").write_text(
        yaml.safe_dump(team | {"limits": {"minutes_per_call": MINUTES, "cost_per_day": DAY}})
    )
    with house_with([4], folder, BATON_TEAM=str(folder / "team.yaml"), PYTHONPATH=str(ROOT)) as house:
        yield house


@pytest.fixture
async def stage(thrifty_house: House) -> AsyncIterator[Stage]:
    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(thrifty_house.provider_port):
        yield Stage(thrifty_house, provider)


def play(asked: Asked) -> Sequence[Step]:
    if "The call ends now" in asked.instructions:
        return [GOODBYE]
    return [Say(f"alfa answers {asked.said}", ms=5000 if asked.said == "long" else 900, hz=ALFA)]


@contextmanager
def spent(folder: Path, cost: float) -> Iterator[None]:
    """Today, by a call of another worker."""
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/.baton/baton.db")
    row = {"call": "other", "day": str(datetime.now(UTC).date()), "cost": cost}
    keys = "call, day, agent, provider, model, currency, cost, tokens, unpriced"
    insert = f"INSERT INTO journal_costs ({keys}) VALUES (:call, :day, 'a', 'openai', 'm', 'USD', :cost, 1, 0)"
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(insert), row)
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DELETE FROM journal_costs WHERE call = 'other'"))


class Page:
    """What a caller's page is told, and whether the agent is still there."""

    def __init__(self, caller: Caller) -> None:
        self._room = caller._connection
        self.events: list[dict[str, Any]] = []
        self._reading = set[asyncio.Task[None]]()
        self._in_turn = asyncio.Lock()  # it is fair: two streams are read by two threads of LiveKit's
        self._room.register_text_stream_handler(TOPIC, self._on_text)

    def _on_text(self, reader: rtc.TextStreamReader, _: str) -> None:
        task = asyncio.ensure_future(self._read(reader))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        async with self._in_turn:
            self.events.append(json.loads(await reader.read_all()))

    async def alone(self) -> None:
        """Until the agent has left the room."""
        async with asyncio.timeout(20):
            while self._room.remote_participants:
                left = asyncio.Event()
                self._room.once("participant_disconnected", lambda _, left=left: left.set())
                await left.wait()


def milliseconds(caller: Caller, hz: int, since: float = 0.0) -> int:
    """How much of a pitch was heard."""
    return 20 * sum(sound.hz == hz for sound in caller.heard if sound.at >= since)


async def test_given_a_time_limit_then_the_caller_hears_reply_and_goodbye_to_their_ends_and_is_told_why(
    stage: Stage,
) -> None:
    async with stage.caller() as caller:
        page = Page(caller)
        await stage.greeted(caller)
        await asyncio.sleep(2.0)
        ended = await caller.say(PITCHES["long"], 400)  # its answer goes on when the time is up
        await caller.voice(BRAVO, ended)
        await page.alone()
        answer, goodbye = milliseconds(caller, ALFA, ended), milliseconds(caller, BRAVO)
    events = await stage.ended(caller.room)
    said = only(events, "agent.said")[1:]
    assert [(event["text"], event["heard_ms"], event["interrupted"]) for event in said] == [
        ("alfa answers long", 5000, False),
        ("sorry, goodbye", 1500, False),
    ]
    [reached] = [event for event in only(events, "call.warned") if event["code"] == "limit.reached"]
    assert said[0]["at"] > reached["at"] >= MINUTES * 60_000
    assert answer == pytest.approx(5000, abs=100)
    assert goodbye == pytest.approx(1500, abs=100), "what left us last is heard too"
    assert events[-1]["type"] == "call.ended"
    assert events[-1]["reason"] == "a limit was reached: minutes_per_call"
    assert page.events[-1]["type"] == "call.ended", "and so is the caller told"
    assert page.events[-1]["reason"] == events[-1]["reason"]


@pytest.mark.soak  # tests/core/test_costs.py has it on virtual time
async def test_given_a_day_that_is_used_up_then_who_calls_hears_a_sentence_and_the_next_day_is_as_ever(
    stage: Stage,
) -> None:
    async with stage.caller() as caller:  # the worker's tables are there
        await caller.voice(ALFA, 0.0)
    with spent(stage.house.folder, DAY):
        async with stage.caller() as caller:
            page = Page(caller)
            await caller.voice(BRAVO, 0.0)
            await page.alone()
            assert milliseconds(caller, ALFA) == 0
            assert milliseconds(caller, BRAVO) == pytest.approx(1500, abs=100)
        assert stage.journal(caller.room)[-1]["reason"] == "a limit was reached: cost_per_day"
    async with stage.caller() as caller:
        await caller.voice(ALFA, 0.0)


async def test_given_a_call_then_its_cost_is_what_the_provider_counted(stage: Stage) -> None:
    async with stage.caller() as caller:
        await stage.greeted(caller)
    events = await stage.ended(caller.room)
    updated = only(events, "cost.updated")
    assert updated[0]["tokens"]["output_audio"] == 18, "0.9 s"
    assert (updated[0]["agent"], updated[0]["provider"]) == ("alfa", "openai")
    assert updated[-1]["total"] == pytest.approx(sum(event["cost"] for event in updated), abs=1e-9)
    assert updated[-1]["total"] > 0
