"""A worker dies, hangs or has to go in a call, in a real room: another goes on with it, and the caller is spoken to."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import psutil
import pytest
import sqlalchemy
from livekit import api

from bench.caller import Caller
from bench.tones import ALFA, BRAVO, CHARLIE
from tests.core.conftest import PITCHES, House, Stage, agent_of, house_with, transcribe
from tests.core.forked import Running
from tests.core.test_core import TONES, kinds, only, script
from tests.core.test_telephone import BY_TELEPHONE, phone
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Script, Step
from tests.simulators.openai_realtime.server import Provider
from worker.journal.leases import HOLDS_S

pytestmark = pytest.mark.system
NOTING = ("-m", "tests.core.noting_worker")
SORRY, BACK = "The line broke for some seconds", "sorry for that"
LONG = " ".join(f"word{number}" for number in range(120))


class Workers:
    """Two of them, always: one that is gone is followed by another."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._running: list[Running] = []

    def fill(self) -> None:
        starting = [self._house.worker(4, NOTING) for _ in range(2 - len(self._running))]
        self._running += [one.ready() for one in starting]

    def holder(self) -> Running:
        """Whoever has the call: its socket to the provider tells."""
        port = self._house.provider_port
        [holder] = [one for one in self._running if port in _remote_ports(one.pid)]
        return holder

    def kill(self) -> float:
        """kill -9 of the worker that holds the call. Returns when."""
        worker = self.holder()
        killed = time.monotonic()
        worker.kill()
        worker.wait()
        self._running.remove(worker)
        return killed

    def forget(self, worker: Running) -> None:
        """It goes by itself."""
        self._running.remove(worker)

    def stop(self) -> None:
        for one in self._running:
            one.terminate()
        for one in self._running:
            assert one.wait(30) == 0
        self._running = []


def _remote_ports(pid: int) -> set[int]:
    found = psutil.Process(pid).net_connections(kind="tcp")
    return {one.raddr.port for one in found if one.raddr and one.status == psutil.CONN_ESTABLISHED}


@pytest.fixture(scope="module")
def crash_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_with([], tmp_path_factory.mktemp("crash")) as house:
        yield house


@pytest.fixture(scope="module")
def all_workers(crash_house: House) -> Iterator[Workers]:
    workers = Workers(crash_house)
    yield workers
    workers.stop()


@pytest.fixture
def workers(all_workers: Workers) -> Workers:
    all_workers.fill()
    return all_workers


@pytest.fixture
async def stage(crash_house: House) -> AsyncIterator[Stage]:
    provider = Provider(lambda _: [], pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(crash_house.provider_port):
        yield Stage(crash_house, provider)


def playing(words: dict[str, Sequence[Step]]) -> Script:
    """What each word of the caller leads to; an agent that is back after a crash says so."""
    known = script({word: lambda _, steps=steps: steps for word, steps in words.items()})  # type: ignore[misc]

    def play(asked: Asked) -> Sequence[Step]:
        if SORRY in asked.instructions:
            return [Say(BACK, ms=900, hz=TONES[agent_of(asked)])]
        return known(asked)

    return play


async def back(caller: Caller, hz: int = ALFA) -> float:
    """Waits for the next worker's first words. Returns when they were over."""
    found = await caller.until(
        lambda heard: next((sound.at for sound in heard if sound.track and sound.hz == hz), None), 30.0
    )
    return await caller.silence(found)


async def journal(stage: Stage, caller: Caller) -> list[dict[str, Any]]:
    """Of a call that is over."""
    events = list[dict[str, Any]]()
    for _ in range(100):
        events = stage.journal(caller.room)
        if "call.ended" in kinds(events):
            return events
        await asyncio.sleep(0.2)
    raise AssertionError(f"the call does not end: {kinds(events)}")


def hint(stage: Stage) -> str:
    """What the model was told for its first reply in the next worker."""
    asked = [str(one["response"].get("instructions", "")) for one in requests(stage)]
    return next(told[told.index(SORRY) :] for told in reversed(asked) if SORRY in told)


def requests(stage: Stage) -> list[dict[str, Any]]:
    return [one for one in stage.provider.received() if one["type"] == "response.create"]


def remembered(stage: Stage) -> list[str]:
    """What the last session was given to remember, as text."""
    items = stage.provider.connections[-1].items()
    texts = [str(part.get("text") or "") for item in items for part in item.get("content") or []]
    return [text for text in texts if text]


async def until_left(stage: Stage, worker: Running) -> None:
    """Waits until a worker that came back has found out, and has left its call."""
    async with asyncio.timeout(20):
        while not any("is held by another worker" in log.read_text() for log in stage.house.folder.glob("worker*.log")):
            assert worker.poll() is None
            await asyncio.sleep(0.1)


def noted(stage: Stage, room: str) -> dict[str, Any]:
    """The moment of a call, as its worker noted it last for whoever would go on with it."""
    query = sqlalchemy.text("SELECT moment FROM journal_leases WHERE room = :room")
    with stage.house.database.connect() as connection:
        moment = connection.execute(query, {"room": room}).scalar()
    return dict(json.loads(moment or "null") or {})


def handed_over(stage: Stage, pid: int, at: float) -> tuple[list[float], list[float]]:
    """When a worker gave the room a frame: before `at`, and after."""
    noted = [float(line) for line in (stage.house.folder / f"frames-{pid}").read_text().splitlines()]
    return [one for one in noted if one < at], [one for one in noted if one >= at]


async def test_given_a_worker_that_is_killed_in_mid_reply_then_another_goes_on_from_what_was_heard(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({"long": [Say(LONG, ms=9000, hz=ALFA)]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        began = await caller.voice(ALFA, await caller.say(PITCHES["long"], 400))
        longer = 1000  # ms, than the greeting
        while noted(stage, caller.room).get("heard_ms", 0) < longer:  # noqa: ASYNC110 - a lease tells nobody
            await asyncio.sleep(0.1)
        killed = workers.kill()
        last = noted(stage, caller.room)
        over = await back(caller)
        await stage.turn(caller, "chat")
    events = await journal(stage, caller)
    assert kinds(events).count("call.started") == kinds(events).count("call.ended") == 1
    [resumed] = only(events, "call.resumed")
    assert 0 < resumed["gap_ms"] < (over - killed) * 1000 + 1000
    [cut] = [event for event in only(events, "agent.said") if event["interrupted"]]
    assert cut["heard_ms"] == last["heard_ms"], "as of the last time it was noted"
    assert cut["heard_ms"] <= (killed - began) * 1000 + 900
    assert LONG.startswith(cut["text"])
    assert f'"{cut["text"]}"' in hint(stage)
    assert remembered(stage)[-2:] == ["long", cut["text"]]
    assert [event["text"] for event in only(events, "agent.said")[-2:]] == [BACK, "alfa answers chat"]
    assert stage.provider.words()[-1] == "chat"


async def test_given_a_worker_that_is_killed_while_the_caller_speaks_then_they_are_asked_to_say_it_again(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        while not noted(stage, caller.room).get("caller_speaks"):
            await caller.say(PITCHES["second"], 200)
        workers.kill()
        await back(caller)
        await stage.turn(caller, "chat")
    events = await journal(stage, caller)
    assert "ask them to say again" in hint(stage)
    assert [event["text"] for event in only(events, "agent.said")[1:]] == [BACK, "alfa answers chat"]


async def test_given_a_telephone_whose_worker_is_killed_then_another_goes_on_with_the_same_call(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({})
    async with phone(stage, metadata=BY_TELEPHONE) as caller:
        await caller.answered(0)
        room = await caller.room.sid
        workers.kill()
        await caller.until(lambda: "call.resumed" in kinds(caller.events), 30, "another worker")
        await caller.answered(only(caller.events, "call.resumed")[0]["heard_at"])
    events = await stage.ended(caller.room_name)
    assert [event["call"] for event in only(events, "call.started")] == [f"call-{room}"]
    assert [event["text"] for event in only(events, "agent.said")][1:] == [BACK]


@pytest.mark.soak
async def test_given_a_worker_that_is_killed_while_a_tool_reads_then_it_reads_again_and_the_caller_hears_its_result(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({"tool": [CallTool("sluggish")]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        await asyncio.sleep(0.6)
        workers.kill()
        await back(caller)
        await stage.said(caller.room, "alfa answers sluggish is done")
    events = await journal(stage, caller)
    assert len(only(events, "tool.called")) == len(only(events, "tool.finished")) == 1
    assert "still at it" in hint(stage)
    assert only(events, "agent.said")[-1]["text"] == "alfa answers sluggish is done"


@pytest.mark.parametrize(("tool", "done"), [pytest.param("draw", 1, marks=pytest.mark.soak), ("draw_keyed", 1)])
async def test_given_a_worker_that_is_killed_while_a_tool_writes_then_it_is_not_done_twice(
    stage: Stage, workers: Workers, tool: str, done: int
) -> None:
    stage.provider.play = playing({"tool": [CallTool(tool)]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        await asyncio.sleep(0.8)
        workers.kill()
        await back(caller)
        if tool == "draw_keyed":
            await stage.said(caller.room, "alfa answers drawn once")
        await stage.turn(caller, "chat")
    events = await journal(stage, caller)
    [finished] = only(events, "tool.finished")
    drawn = (stage.house.folder / "drawn").read_text().splitlines()
    assert len([line for line in drawn if line.startswith(f"{tool} {only(events, 'call.started')[0]['call']}")]) == done
    if tool == "draw":
        assert "Nobody knows" in finished["output"]
        assert any("Nobody knows" in str(item.get("output")) for item in stage.provider.connections[-1].items())
    else:
        assert finished["output"] == "drawn once"


@pytest.mark.soak
async def test_given_a_worker_that_is_killed_just_after_a_handoff_then_the_next_agent_has_the_call(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({"move": [CallTool("transfer_to_bravo")]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.voice(BRAVO, await caller.say(PITCHES["move"], 400))
        workers.kill()
        await back(caller, BRAVO)
        await stage.turn(caller, "chat", BRAVO)
    events = await journal(stage, caller)
    assert [event["target"] for event in only(events, "handoff.done")] == ["bravo"]
    assert only(events, "call.resumed")[0]["agent"] == "bravo"
    assert {event["agent"] for event in only(events, "agent.said")[1:]} == {"bravo"}
    assert "BRAVO" in requests(stage)[-1]["response"].get("instructions", "") or "BRAVO" in str(
        [one for one in stage.provider.connections[-1].received if one["type"] == "session.update"]
    )


async def test_given_a_worker_that_hangs_and_comes_back_then_it_leaves_without_a_word(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({"long": [Say(LONG, ms=20_000, hz=CHARLIE)]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.voice(CHARLIE, await caller.say(PITCHES["long"], 400))
        await asyncio.sleep(1.0)
        hung = workers.holder()
        hung.send_signal(signal.SIGSTOP)
        await back(caller)
        awake = time.monotonic()
        hung.send_signal(signal.SIGCONT)
        await until_left(stage, hung)
        await stage.turn(caller, "chat")
        agents = [one for one in caller.others() if one.startswith("agent-")]
    (first, second), later = [who for came, who in caller.agents if came][:2], caller.agents[3:]
    assert caller.agents[:3] == [(True, first), (False, first), (True, second)], "the old one goes, then the next comes"
    assert later in ([], [(True, first), (False, first)]), (
        "LiveKit's client may join again before it hears that it is over"
    )
    assert agents == [second]
    # by pitch, not by track: LiveKit gives the next agent the receiver of the one that has gone, and both tracks sound
    next_at = next(place for place, sound in enumerate(caller.heard) if sound.track and sound.hz == ALFA)
    assert CHARLIE in {sound.hz for sound in caller.heard[:next_at]}
    assert not [sound for sound in caller.heard[next_at:] if sound.hz == CHARLIE], "two voices"
    before, after = handed_over(stage, hung.pid, awake)
    assert before, "what it hands over is noted"
    assert not after, "a sample of a worker that has lost its call"
    assert hung.poll() is None, "it may take other calls"
    events = await journal(stage, caller)
    assert kinds(events).count("call.ended") == 1
    assert only(events, "call.ended")[0]["reason"] == "the caller left"
    assert kinds(events)[-1] == "call.ended"


async def test_given_a_worker_that_has_to_go_before_its_caller_comes_then_it_waits_for_nobody(
    stage: Stage, workers: Workers
) -> None:
    room, settings = "nobody-yet", stage.house.environment
    keys = settings["LIVEKIT_URL"], settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"]
    async with api.LiveKitAPI(*keys) as livekit, asyncio.timeout(20):
        await livekit.agent_dispatch.create_dispatch(api.CreateAgentDispatchRequest(agent_name="baton", room=room))
        asked = api.ListParticipantsRequest(room=room)
        while not (await livekit.room.list_participants(asked)).participants:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.1)
    await asyncio.to_thread(workers.stop)
    logs = [log.read_text() for log in stage.house.folder.glob("worker*.log")]
    assert sum("nobody had come yet" in log for log in logs) == 1


async def test_given_a_worker_that_has_to_go_then_its_call_goes_on_in_another(stage: Stage, workers: Workers) -> None:
    stage.provider.play = playing({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        going = workers.holder()
        going.terminate()
        await stage.turn(caller, "chat")
        await back(caller)
        assert await asyncio.to_thread(going.wait, 30) == 0
        workers.forget(going)
        await stage.turn(caller, "second")
    events = await journal(stage, caller)
    assert kinds(events).count("call.ended") == 1
    assert only(events, "call.resumed")[0]["gap_ms"] < HOLDS_S * 1000, "it told so: nobody had to notice"
    assert [event["text"] for event in only(events, "user.said")] == ["chat", "second"]


@pytest.mark.soak
async def test_given_a_caller_who_leaves_while_no_worker_holds_the_call_then_it_is_told_to_be_over(
    stage: Stage, workers: Workers
) -> None:
    stage.provider.play = playing({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        workers.kill()
    assert only(await journal(stage, caller), "call.ended")[0]["reason"] == (
        "the caller left while no worker held the call"
    )
