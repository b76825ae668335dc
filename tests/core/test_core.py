"""The call core in a real room, against a scripted provider: tools that fail, handoffs in bad moments, a dying socket."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bench.tones import ALFA, BRAVO, FRAME_MS
from tests.core.conftest import PITCHES, Stage, agent_of
from tests.simulators.openai_realtime.script import Asked, CallTool, Fail, Fault, Say, Script, Step

pytestmark = pytest.mark.system
SOAK = pytest.mark.soak  # tests/conformance has the like of it on virtual time
TONES = {"ALFA": ALFA, "BRAVO": BRAVO, "CHARLIE": 1400}


def script(on: dict[str, Callable[[Asked], Sequence[Step]]]) -> Script:
    """What each word of the caller leads to; anything else is answered in a second, at the agent's own pitch."""

    def play(asked: Asked) -> Sequence[Step]:
        if asked.last.get("role") == "user" and asked.said in on:
            return on[asked.said](asked)
        return [speech(asked)]

    return play


def speech(asked: Asked, ms: int = 900) -> Say:
    said = f"{agent_of(asked).lower()} answers {asked.result or asked.said}"
    return Say(said, ms=ms, hz=TONES[agent_of(asked)])


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def only(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


async def test_given_a_caller_on_their_way_then_the_model_is_dialled_before_it_is_known_who_they_are(
    stage: Stage,
) -> None:
    stage.provider.play = script({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        [connection] = stage.provider.connections
    updates = [event["session"] for event in connection.received if event["type"] == "session.update"]
    nobody, alfa, *_ = [session["instructions"] for session in updates if "instructions" in session]
    assert not nobody
    assert "ALFA" in alfa


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("broken", "{}", "internal error"),
        pytest.param("nobody_knows", "{}", "There is no tool", marks=SOAK),
        ("quick", '{"number": ', ""),
        pytest.param("quick", '{"number": "many"}', "number", marks=SOAK),
        pytest.param("transfer_to_nobody", "{}", "cannot hand over", marks=SOAK),
    ],
)
async def test_given_a_tool_call_that_fails_then_the_model_is_told_and_the_call_goes_on(
    stage: Stage, tool: str, arguments: str, told: str
) -> None:
    stage.provider.play = script({"tool": lambda _: [CallTool(tool, arguments)]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "tool")
        await stage.turn(caller, "chat")
    outputs = [item for item in stage.provider.items() if item["type"] == "function_call_output"]
    assert len(outputs) == 1
    assert told.lower() in outputs[0]["output"].lower()
    [finished] = only(await stage.ended(caller.room), "tool.finished")
    assert finished["failed"]
    assert "Traceback" not in outputs[0]["output"]
    assert "wheels" not in outputs[0]["output"], "what a fault of ours says is not for the caller"


async def test_given_speech_over_the_announcement_then_the_next_agent_answers_it(stage: Stage) -> None:
    stage.provider.play = script(
        {"move": lambda asked: [speech(asked, 3000), CallTool("transfer_to_bravo")]},
    )
    async with stage.caller() as caller:
        await stage.greeted(caller)
        ended = await caller.say(PITCHES["move"], 400)
        await caller.voice(ALFA, ended)
        await asyncio.sleep(0.7)
        await stage.turn(caller, "second", BRAVO)
    events = await stage.ended(caller.room)
    assert [event["text"] for event in only(events, "user.said")] == ["move", "second"]
    assert len(only(events, "handoff.done")) == 1
    assert only(events, "agent.said")[-1]["text"] == "bravo answers second"
    assert stage.provider.words() == ["move", "second"]


@pytest.mark.parametrize("after_ms", [pytest.param(0, marks=SOAK), 100, pytest.param(300, marks=SOAK), 600])
async def test_given_speech_in_the_handoff_window_then_the_next_agent_answers_it(stage: Stage, after_ms: int) -> None:
    stage.provider.play = script({"move": lambda _: [CallTool("transfer_to_bravo")]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["move"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        await asyncio.sleep(after_ms / 1000)
        await caller.say(PITCHES["second"], 600)
        await stage.said(caller.room, "bravo answers second")
    events = await stage.ended(caller.room)
    assert [event["text"] for event in only(events, "user.said")] == ["move", "second"]
    assert only(events, "agent.said")[-1]["text"] == "bravo answers second"
    assert stage.provider.words() == ["move", "second"]


async def test_given_two_tool_calls_of_which_one_is_a_handoff_then_both_happen_and_the_result_is_told(
    stage: Stage,
) -> None:
    stage.provider.play = script({"move": lambda _: [CallTool("slow"), CallTool("transfer_to_bravo")]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "move", BRAVO)
        await stage.said(caller.room, "bravo answers slow is done")
    events = await stage.ended(caller.room)
    assert kinds(events).index("handoff.done") < kinds(events).index("tool.finished")
    assert only(events, "agent.said")[-1]["text"] == "bravo answers slow is done"
    assert {event["agent"] for event in only(events, "agent.said")[1:]} == {"bravo"}


async def test_given_a_provider_that_refuses_the_next_agent_then_the_present_one_keeps_the_call(stage: Stage) -> None:
    stage.provider.play = script({"move": lambda _: [CallTool("transfer_to_bravo")]})
    stage.provider.refusals.updates.add("BRAVO")
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "move", ALFA)
        await stage.turn(caller, "chat", ALFA)
    events = await stage.ended(caller.room)
    assert [event["target"] for event in only(events, "handoff.failed")] == ["bravo"]
    assert {event["agent"] for event in only(events, "agent.said")} == {"alfa"}
    assert BRAVO not in {sound.hz for sound in caller.heard}


@pytest.mark.parametrize("code", [pytest.param("conversation_already_has_active_response", marks=SOAK), "server_error"])
async def test_given_a_request_for_a_reply_that_is_refused_then_it_is_asked_again(stage: Stage, code: str) -> None:
    stage.provider.play = script({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        stage.provider.refusals.asks = [code]
        await stage.turn(caller, "chat")
    events = await stage.ended(caller.room)
    assert [event["action"] for event in only(events, "watchdog.fired")] == ["ask again"]
    assert only(events, "agent.said")[-1]["text"] == "alfa answers chat"


async def test_given_a_provider_that_is_busy_with_another_reply_then_ours_is_asked_when_that_one_is_over(
    stage: Stage,
) -> None:
    stage.provider.play = script({})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        session = stage.provider.connections[-1].session
        assert session
        stage.provider.refusals.asks = ["conversation_already_has_active_response"]
        await caller.say(PITCHES["chat"], 400)
        await stage.provider.until("error")
        await session.take({"type": "response.create", "response": {}})  # as another client of the session would
        await stage.said(caller.room, "alfa answers chat")
    events = await stage.ended(caller.room)
    assert [event["reason"] for event in only(events, "watchdog.fired")] == ["the provider was busy with another reply"]
    assert [event["text"] for event in only(events, "agent.said")[1:]] == ["alfa answers chat"]


@pytest.mark.parametrize("how", ["refused", pytest.param("never answered", marks=SOAK)])
async def test_given_a_next_agent_who_never_begins_then_the_present_one_keeps_the_call_and_says_so(
    stage: Stage, how: str
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if "could not be put through" in asked.instructions:
            return [Say("no luck", ms=700, hz=TONES[agent_of(asked)])]
        return script({"move": lambda _: [CallTool("transfer_to_bravo")]})(asked)

    stage.provider.play = play
    async with stage.caller() as caller:
        await stage.greeted(caller)
        if how == "never answered":
            stage.provider.faults = [Fault("response.created", "drop", nth=2), Fault("response.created", "drop", nth=3)]
        await caller.say(PITCHES["move"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        if how == "refused":
            stage.provider.refusals.asks = ["server_error"]
        while not only(stage.journal(caller.room), "handoff.failed"):  # noqa: ASYNC110 - a journal tells nobody
            await asyncio.sleep(0.2)
        await stage.said(caller.room, "no luck")
        await stage.turn(caller, "chat", ALFA)
    events = await stage.ended(caller.room)
    assert [event["target"] for event in only(events, "handoff.failed")] == ["bravo"]
    assert only(events, "handoff.done") == []
    said = [event for event in only(events, "agent.said")[1:] if not event["item"].startswith("announcement_")]
    assert [event["text"] for event in said] == ["no luck", "alfa answers chat"]
    assert BRAVO not in {sound.hz for sound in caller.heard}


async def test_given_an_agent_who_says_what_it_has_not_done_then_it_takes_that_back_and_does_it(stage: Stage) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if "is not done" in asked.instructions:
            return [Say("sorry, not yet", ms=600, hz=ALFA), CallTool("quick", '{"number": 2}')]
        if asked.said == "tool" and asked.result is None:
            return [Say("There, it is doubled.", ms=900, hz=ALFA)]
        return [Say(f"Now it is doubled: {asked.result}", ms=600, hz=ALFA)] if asked.result else [speech(asked)]

    stage.provider.play = play
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.said(caller.room, "Now it is doubled")
        await caller.silence(time.monotonic(), ms=2000)  # so long something else could be put right
    events = await stage.ended(caller.room)
    said = [event["text"] for event in only(events, "agent.said")[1:]]
    assert said == ["There, it is doubled.", "sorry, not yet", "Now it is doubled: twice is 4"]
    assert [event["action"] for event in only(events, "watchdog.fired")] == ["put it right"], "and once only"


async def test_given_a_reply_that_fails_then_it_is_asked_again(stage: Stage) -> None:
    failures = iter([True])
    stage.provider.play = script(
        {"chat": lambda asked: [Fail("server_error")] if next(failures, False) else [speech(asked)]}
    )
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "chat")
    events = await stage.ended(caller.room)
    assert [event["action"] for event in only(events, "watchdog.fired")] == ["ask again"]


async def test_given_a_socket_that_dies_in_mid_reply_then_the_reply_goes_on_and_nothing_is_lost(stage: Stage) -> None:
    stage.provider.play = script({"long": lambda asked: [speech(asked, 6000)]})
    stage.provider.faults.append(Fault("response.output_audio.delta", "abort", nth=9 + 20))
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "long")
        await stage.turn(caller, "second")
    events = await stage.ended(caller.room)
    assert len(only(events, "line.lost")) == len(only(events, "line.restored")) == 1
    assert only(events, "agent.said")[-1]["text"] == "alfa answers second"
    assert len(stage.provider.connections) == 2
    first, second = stage.provider.connections
    said = [item for item in second.items() if item.get("role") == "user"]
    assert len(said) == 2, "the new session knows what was said on the old one"
    assert first.session


async def test_given_a_caller_who_breaks_in_then_memory_and_journal_hold_what_was_heard(stage: Stage) -> None:
    stage.provider.play = script({"long": lambda asked: [speech(asked, 8000)]})
    async with stage.caller() as caller:
        await stage.greeted(caller)
        began = await caller.voice(ALFA, await caller.say(PITCHES["long"], 400))
        await asyncio.sleep(1.2)
        await caller.say(PITCHES["second"], 1500)
        await stage.said(caller.room, "alfa answers second")
        await caller.silence(time.monotonic())
    frames = sum(sound.hz == ALFA for sound in caller.heard if sound.at >= began)
    heard_ms = frames * FRAME_MS - 900  # the second answer
    [cut] = [event for event in only(await stage.ended(caller.room), "agent.said") if event["interrupted"]]
    [truncated] = [event for event in stage.provider.received() if event["type"] == "conversation.item.truncate"]
    assert cut["heard_ms"] == pytest.approx(truncated["audio_end_ms"], abs=1)
    assert cut["heard_ms"] == pytest.approx(heard_ms, abs=150)
