"""As many calls as two workers have places: nobody waits, nobody hears another's agent."""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from livekit import api

from bench.tones import ALFA
from tests.core.conftest import WORDS, House, Stage, house_with, transcribe
from tests.core.test_core import only, script
from tests.core.test_telephone import BY_TELEPHONE, phone
from tests.simulators.openai_realtime.server import Provider

pytestmark = pytest.mark.system
PLACES = 4 if os.environ.get("BATON_SOAK") else 1  # of each worker; more busy ones want a machine of their own
JOBS = 6


async def test_given_two_workers_when_as_many_call_as_they_have_places_then_all_are_answered(tmp_path: Path) -> None:
    with house_with([PLACES, PLACES], tmp_path) as house:
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            words = list(WORDS.values())[: 2 * PLACES]
            async with AsyncExitStack() as stack:
                callers = [await stack.enter_async_context(stage.caller()) for _ in words]
                await asyncio.gather(*(stage.greeted(caller) for caller in callers))
                await asyncio.gather(*(stage.turn(caller, word) for caller, word in zip(callers, words, strict=True)))
            for caller, word in zip(callers, words, strict=True):
                events = await stage.ended(caller.room)
                assert [event["text"] for event in only(events, "user.said")] == [word]
                assert only(events, "agent.said")[-1]["text"] == f"alfa answers {word}"


async def test_given_jobs_that_are_offered_at_the_same_moment_then_one_worker_takes_them_all(stage: Stage) -> None:
    stage.provider.play = script({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
    [started] = only(await stage.ended(caller.room), "call.started")
    log = next(stage.house.folder.glob("worker*.log"))
    metadata = json.dumps({"call": started["call"]})  # each finds that this one is over, and has nothing to wait for
    async with _livekit(stage.house) as livekit:
        for number in range(JOBS):
            offer = api.CreateAgentDispatchRequest(agent_name="baton", room=f"room-{number}", metadata=metadata)
            await livekit.agent_dispatch.create_dispatch(offer)
    await asyncio.to_thread(_written, [log], f"call {started['call']}", JOBS)


async def test_given_a_call_that_is_offered_again_though_it_was_taken_then_one_agent_holds_it(stage: Stage) -> None:
    stage.provider.play = script({})
    async with _livekit(stage.house) as livekit, stage.caller() as caller:
        await stage.greeted(caller)
        [dispatch] = await livekit.agent_dispatch.list_dispatch(caller.room)
        again = api.CreateAgentDispatchRequest(agent_name="baton", room=caller.room, metadata=dispatch.metadata)
        await livekit.agent_dispatch.create_dispatch(again)
        await asyncio.to_thread(_written, list(stage.house.folder.glob("worker*.log")), "another job has it")
        await stage.turn(caller, "chat", ALFA)
        assert await _agents(livekit, caller.room) == 1
    events = await stage.ended(caller.room)
    assert len(only(events, "call.started")) == 1
    assert [event["text"] for event in only(events, "user.said")] == ["chat"]
    assert len(stage.provider.connections) == 1, "the other one dials nobody"


async def test_given_a_telephone_that_is_offered_to_two_workers_at_once_then_one_agent_comes_and_it_is_one_call(
    tmp_path: Path,
) -> None:
    with house_with([1, 1], tmp_path) as house:
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage, agents = Stage(house, provider), set[str]()
            caller = phone(stage, metadata=BY_TELEPHONE, offers=2)
            caller.room.on("participant_connected", lambda other: agents.add(other.identity))
            async with caller:
                await caller.answered(0)
                logs = list(house.folder.glob("worker*.log"))
                await asyncio.to_thread(_written, logs, "another job has it")
                agents |= set(caller.room.remote_participants)
                call = f"call-{await caller.room.sid}"
            events = await stage.ended(caller.room_name)
            assert len(agents) == 1
            assert [event["call"] for event in only(events, "call.started")] == [call]
            assert len(provider.connections) == 1


async def test_given_telephones_and_browsers_and_one_place_then_each_has_it_in_the_order_in_which_they_came(
    tmp_path: Path,
) -> None:
    with house_with([1], tmp_path) as house:
        log = next(house.folder.glob("desk*.log"))
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            async with (
                AsyncExitStack() as first,
                AsyncExitStack() as second,
                AsyncExitStack() as third,
                AsyncExitStack() as rest,
            ):
                await stage.greeted(await first.enter_async_context(stage.caller()))
                rings = await second.enter_async_context(phone(stage, metadata=BY_TELEPHONE))
                await asyncio.to_thread(_written, [log], "it is offered again")
                browser = await third.enter_async_context(stage.caller())
                hangs_up = phone(stage, metadata=BY_TELEPHONE)
                async with hangs_up:
                    last = await rest.enter_async_context(phone(stage, metadata=BY_TELEPHONE))
                await first.aclose()
                newcomer = await rest.enter_async_context(phone(stage, metadata=BY_TELEPHONE))
                await rings.answered(0)
                assert not any(map(stage.journal, (browser.room, last.room_name, newcomer.room_name)))
                await second.aclose()
                await stage.greeted(browser)
                assert not any(map(stage.journal, (last.room_name, newcomer.room_name)))
                await third.aclose()
                await last.answered(0)
                assert not stage.journal(newcomer.room_name)
            assert not stage.journal(hangs_up.room_name)


async def test_given_more_callers_than_places_then_each_keeps_their_place_though_the_front_desk_starts_again(
    tmp_path: Path,
) -> None:
    with house_with([1], tmp_path) as house:
        [desk] = [process for name, process in house.begun if name == "desk"]
        log = next(house.folder.glob("desk*.log"))
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            async with AsyncExitStack() as others, AsyncExitStack() as second_one, AsyncExitStack() as first_one:
                await stage.greeted(await first_one.enter_async_context(stage.caller()))
                second = await second_one.enter_async_context(stage.caller())
                await asyncio.to_thread(_written, [log], "it is offered again")
                third = await others.enter_async_context(stage.caller())
                desk.terminate()
                await asyncio.to_thread(desk.wait, 30)
                again = house.start("desk")
                await first_one.aclose()
                await stage.greeted(second)
                assert not stage.journal(third.room)
                fourth = await others.enter_async_context(stage.caller())
                await second_one.aclose()
                await stage.greeted(third)
                assert not stage.journal(fourth.room)
            again.terminate()
            again.wait(30)


def _livekit(house: House) -> api.LiveKitAPI:
    settings = house.environment
    return api.LiveKitAPI(settings["LIVEKIT_URL"], settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"])


async def _agents(livekit: api.LiveKitAPI, room: str) -> int:
    inside = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    return sum(other.kind == api.ParticipantInfo.Kind.AGENT for other in inside.participants)


def _written(logs: Sequence[Path], words: str, times: int = 1) -> None:
    """Waits until logs have these words so many times. Who comes and goes at once is nobody's news in the room."""
    deadline = time.monotonic() + 20
    while sum(log.read_text().count(words) for log in logs) < times:
        assert time.monotonic() < deadline, [log.read_text()[-2000:] for log in logs]
        time.sleep(0.05)
