"""Eight calls on two workers: nobody waits, nobody hears another's agent."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.tones import ALFA
from tests.core.conftest import WORDS, Stage, house_with, transcribe
from tests.core.test_core import greeted, only, script, turn
from tests.simulators.openai_realtime.server import Provider

pytestmark = pytest.mark.system


async def test_given_two_workers_of_four_places_when_eight_call_then_all_are_answered(tmp_path: Path) -> None:
    with house_with([4, 4], tmp_path) as house:
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            async with AsyncExitStack() as stack:
                callers = [await stack.enter_async_context(stage.caller()) for _ in range(8)]
                await asyncio.gather(*(greeted(caller) for caller in callers))
                words = list(WORDS.values())
                await asyncio.gather(*(turn(caller, word, ALFA) for caller, word in zip(callers, words, strict=True)))
            for caller, word in zip(callers, words, strict=True):
                events = stage.journal(caller.room)
                assert [event["text"] for event in only(events, "user.said")] == [word]
                assert only(events, "agent.said")[-1]["text"] == f"alfa answers {word}"
