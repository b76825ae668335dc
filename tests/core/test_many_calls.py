"""As many calls as two workers have places: nobody waits, nobody hears another's agent."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.tones import ALFA
from tests.core.conftest import WORDS, Stage, house_with, transcribe
from tests.core.test_core import greeted, only, script, turn
from tests.simulators.openai_realtime.server import Provider

pytestmark = pytest.mark.system
PLACES = 4 if os.environ.get("BATON_SOAK") else 2  # of each worker; four busy ones want a machine of their own


async def test_given_two_workers_when_as_many_call_as_they_have_places_then_all_are_answered(tmp_path: Path) -> None:
    with house_with([PLACES, PLACES], tmp_path) as house:
        async with Provider(script({}), transcribe=transcribe).serve(house.provider_port) as provider:
            stage = Stage(house, provider)
            words = list(WORDS.values())[: 2 * PLACES]
            async with AsyncExitStack() as stack:
                callers = [await stack.enter_async_context(stage.caller()) for _ in words]
                await asyncio.gather(*(greeted(caller) for caller in callers))
                await asyncio.gather(*(turn(caller, word, ALFA) for caller, word in zip(callers, words, strict=True)))
            for caller, word in zip(callers, words, strict=True):
                events = stage.journal(caller.room)
                assert [event["text"] for event in only(events, "user.said")] == [word]
                assert only(events, "agent.said")[-1]["text"] == f"alfa answers {word}"
