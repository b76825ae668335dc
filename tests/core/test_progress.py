"""What a tool tells while it runs: heard as the filler, shown as a card, in a real room."""

from collections.abc import Sequence

import pytest

from bench.tones import ALFA
from tests.core.conftest import PITCHES, Stage
from tests.core.test_core import kinds, only, script
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step

pytestmark = pytest.mark.system


async def test_given_a_tool_that_tells_how_it_goes_then_that_fills_the_wait_and_its_card_is_shown(stage: Stage) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if 'Say only: "Asking the carrier."' in asked.instructions:
            return [Say("asking the carrier", ms=500, hz=ALFA)]
        return script({"tool": lambda _: [CallTool("telling")]})(asked)

    stage.provider.play = play
    async with stage.caller() as caller:
        await stage.greeted(caller)
        await caller.say(PITCHES["tool"], 400)
        await stage.said(caller.room, "alfa answers done for")
    events = await stage.ended(caller.room)
    [started] = only(events, "call.started")
    said = [event["text"] for event in only(events, "agent.said")]
    assert said[1:] == ["asking the carrier", f"alfa answers done for {started['caller']}"]
    assert [event["text"] for event in only(events, "tool.progressed")] == ["Asking the carrier."]
    [shown] = only(events, "card.shown")
    assert shown["card"] == {
        "kind": "facts",
        "title": "Order 7",
        "lines": [],
        "fields": {"Arrives": "Friday"},
        "link": None,
        "choices": ["Another day"],
    }
    assert kinds(events).index("card.shown") < kinds(events).index("tool.finished")
