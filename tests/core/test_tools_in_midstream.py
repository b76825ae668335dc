"""Tools that take their time, steps in order, and what the next agent is told: in a real room, a scripted provider."""

import asyncio
from collections.abc import Sequence

import pytest

from bench.tones import ALFA, BRAVO, CHARLIE
from tests.core.conftest import PITCHES, Stage, agent_of
from tests.core.test_core import kinds, only, script
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Step

pytestmark = pytest.mark.system


def patient(asked: Asked) -> Sequence[Step]:
    """Fillers and news are what they are asked to be; the rest is as ever."""
    if "One moment" in asked.instructions:
        return [Say("one moment", ms=500, hz=ALFA)]
    if "Something has ended" in asked.instructions:
        return [Say("news: the errand is done", ms=700, hz=ALFA)]
    return script(
        {
            "tool": lambda _: [CallTool("sluggish")],
            "third": lambda _: [CallTool("errand")],
            "second": lambda _: [CallTool("sluggish"), CallTool("sluggish")],
        }
    )(asked)


async def test_given_a_slow_tool_then_a_word_fills_the_wait_and_the_result_follows(stage: Stage) -> None:
    stage.provider.play = patient
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "tool")
        await stage.said(caller.room, "alfa answers sluggish is done")
    said = [event["text"] for event in only(await stage.ended(caller.room), "agent.said")]
    assert said[1:] == ["one moment", "alfa answers sluggish is done"]
    [filler] = [event for event in stage.provider.received() if _hint(event, "One moment")]
    assert filler["response"]["tool_choice"] == "none", "a filler starts nothing"


async def test_given_a_filler_that_is_cut_before_it_is_heard_then_the_turn_is_answered_by_itself(stage: Stage) -> None:
    stage.provider.play = patient
    stage.provider.pace = Pace(think_ms=600, transcript_ms=80)  # the filler is asked for long before it sounds
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        while not any(_hint(event, "One moment") for event in stage.provider.received()):
            await stage.provider.until("response.created")
        await caller.say(PITCHES["chat"], 400)
        await stage.said(caller.room, "alfa answers chat")
    said = [event["text"] for event in only(await stage.ended(caller.room), "agent.said")]
    assert "alfa answers chat" in said
    asked = [event for event in stage.provider.received() if event["type"] == "response.create"]
    assert sum(_hint(event, "One moment") for event in asked) == 1, "no other reply is told to fill the wait"


async def test_given_a_tool_in_the_background_then_turns_are_answered_and_the_news_is_told_when_idle(
    stage: Stage,
) -> None:
    stage.provider.play = patient
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "third")
        await stage.turn(caller, "chat")
        await stage.said(caller.room, "news: the errand is done")
    events = await stage.ended(caller.room)
    said = [event["text"] for event in only(events, "agent.said")]
    assert said[1].startswith("alfa answers It runs")
    assert said[2:] == ["alfa answers chat", "news: the errand is done"]
    assert [event["output"] for event in only(events, "tool.finished")] == ["the errand is done"]


async def test_given_the_same_call_twice_then_it_runs_once_and_both_get_the_result(stage: Stage) -> None:
    stage.provider.play = patient
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "second")
        await stage.said(caller.room, "sluggish is done")
    assert len(only(await stage.ended(caller.room), "tool.called")) == 1
    outputs = [item["output"] for item in stage.provider.items() if item["type"] == "function_call_output"]
    assert outputs == ["sluggish is done"] * 2


async def test_given_share_none_then_the_next_agent_knows_the_last_turn_only_and_the_former_all_again(
    stage: Stage,
) -> None:
    stage.provider.play = script(
        {
            "charlie": lambda asked: [
                CallTool("transfer_to_charlie" if agent_of(asked) == "ALFA" else "transfer_to_alfa")
            ],
        }
    )
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "chat")
        await stage.turn(caller, "second")
        await stage.turn(caller, "charlie", CHARLIE)
        assert stage.provider.words() == ["charlie"], "items outside the share are removed from the model's memory"
        await stage.turn(caller, "charlie", ALFA)
        await asyncio.sleep(0.2)
    assert stage.provider.words() == ["chat", "second", "charlie", "charlie"], "and they come back in order"
    said = [event["text"] for event in only(await stage.ended(caller.room), "user.said")]
    assert said == ["chat", "second", "charlie", "charlie"], "the journal keeps everything"


async def test_given_steps_then_a_tool_is_offered_when_its_turn_comes_and_runs_once_after_a_yes(stage: Stage) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if asked.last.get("role") == "user" and agent_of(asked) == "BRAVO":
            match asked.said:
                case "tool" | "okay":
                    return [CallTool("pay", '{"number": 7}')]
                case "third":
                    return [CallTool("note_facts", '{"number": 7}')]
        return script({"move": lambda _: [CallTool("transfer_to_bravo")]})(asked)

    def offered() -> set[str]:
        session = stage.provider.connections[-1].session
        assert session
        return {tool["name"] for tool in session.config["tools"]}

    stage.provider.play = play
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await stage.turn(caller, "move", BRAVO)
        assert "pay" not in offered()
        await stage.turn(caller, "tool", BRAVO)
        await stage.turn(caller, "third", BRAVO)
        assert "pay" in offered()
        await stage.turn(caller, "tool", BRAVO)
        await stage.turn(caller, "okay", BRAVO)
        assert "pay" not in offered(), "it is done"
        session = stage.provider.connections[-1].session
        assert session
        assert "number: 7" in session.config["instructions"]
    events = await stage.ended(caller.room)
    assert [event["output"] for event in only(events, "tool.finished")] == [
        "pay is not possible yet. First: identify (number).",
        "That is all.",
        "Not done yet. Read the values back and ask the caller to confirm. After a yes, call it again with the same values.",
        "paid 1",
    ]
    assert [event["task"] for event in only(events, "task.done")] == ["identify", "settle"]
    assert kinds(events).count("tool.called") == 1


async def test_given_a_caller_who_gives_up_waiting_then_the_tool_is_stopped(stage: Stage) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if asked.said == "second" and asked.last.get("role") == "user":
            return [CallTool("stop_waiting")]
        return patient(asked)

    stage.provider.play = play
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.provider.until("response.function_call_arguments.done")
        await stage.turn(caller, "second")
    finished = only(await stage.ended(caller.room), "tool.finished")
    assert {event["tool"]: event["failed"] for event in finished} == {"stop_waiting": False, "sluggish": True}


def _hint(event: dict[str, object], words: str) -> bool:
    response = event.get("response")
    return isinstance(response, dict) and words in str(response.get("instructions"))
