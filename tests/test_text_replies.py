"""A caller who reads: the same agents, tools and guards, and not a sound."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conformance import cases
from tests.conformance.stage import RATE, Stage, staged
from tests.conformance.stage import TEAM as SHOP
from tests.modalities import LONG, TEAM, play
from tests.virtual_time import virtual_time
from worker.room.events import Replying

pytestmark = pytest.mark.parts

LONG_S = LONG.ms / 1000
assert LONG.text


def trial(hold: Callable[[Stage], Any], **options: Any) -> Callable[[Path], None]:
    """A call with the simulated OpenAI, on virtual time; the caller has been greeted aloud, and reads from now on."""

    def test(tmp_path: Path) -> None:
        @virtual_time
        async def run() -> None:
            async with staged(tmp_path, "openai", **{"team": TEAM, "play": play, **options}) as at:
                await at.answered(1)
                read(at)
                await asyncio.sleep(0.5)
                try:
                    await hold(at)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{at.transcript()}") from error

        run()

    return test


def read(at: Stage, how: str = "text") -> None:
    at.call.put(Replying("caller", "text" if how == "text" else "speech"))


def heard_s(at: Stage) -> float:
    """How long anything has sounded, in all."""
    loud = np.frombuffer(at.speaker.heard, "<i2") != 0
    return float(loud.sum()) / RATE


async def _tool(at: Stage) -> None:
    before = heard_s(at)
    at.write("order")
    await at.answered(2)
    assert at.said[-1] == "I see: Order 7 is being packed."
    assert heard_s(at) == before
    assert [event["how"] for event in at.of("replies.switched")] == ["text"]
    read(at)
    await asyncio.sleep(0.1)
    assert len(at.of("replies.switched")) == 1, "what is so already is no news"


test_a_tool_is_used_and_told_of_without_a_sound = trial(_tool)


async def _fast(at: Stage) -> None:
    at.write("goes on")
    began = at.notes.now_ms
    await at.until(lambda: len(at.said) == 2)
    said = at.of("agent.said")[-1]
    assert said["at"] - began < LONG.ms / 2, "nobody reads as slowly as it is spoken"
    assert not said["interrupted"]
    assert at.truncated == {}, "all of it was read, and is remembered"
    assert not at.of("watchdog.fired")


test_words_are_there_as_soon_as_they_are_known = trial(_fast)


async def _back(at: Stage) -> None:
    before = heard_s(at)
    at.write("goes on")
    await at.until(lambda: at.room.captions and "goes on" in list(at.room.captions.values())[-1])
    read(at, "speech")
    await at.answered(2)
    said = at.of("agent.said")[-1]
    assert 0 < heard_s(at) - before < LONG_S, "the rest of it is spoken"
    assert said["text"] == LONG.text
    at.write("Hello")
    before = heard_s(at)
    await at.answered(3)
    assert heard_s(at) > before
    assert not at.of("agent.said")[-1]["as_text"]


test_who_wants_to_hear_again_hears_from_there_on = trial(_back)


async def _midway(at: Stage) -> None:
    read(at, "speech")
    at.write("goes on")
    await at.speaking()
    await asyncio.sleep(1)
    before = heard_s(at)
    read(at)
    await at.until(lambda: len(at.said) == 2)
    assert heard_s(at) - before < 0.3, "it is silent at once"
    assert at.said[-1] == LONG.text


test_who_wants_to_read_in_the_middle_of_a_reply_reads_the_rest = trial(_midway)


async def _crashed(at: Stage) -> None:
    before = heard_s(at)
    await at.crash()
    await at.answered(2)
    at.write("Hello")
    await at.answered(3)
    assert at.said[-1] == "You said: Hello"
    assert heard_s(at) == before


test_the_next_worker_knows_that_the_caller_reads = trial(_crashed)


async def _guarded(at: Stage) -> None:
    before = heard_s(at)
    at.say(cases.THANKS)
    await at.answered(2)
    assert at.said[1] == "I may not tell you that."
    assert "swordfish" not in str(at.room.captions)
    assert heard_s(at) == before


test_nothing_unchecked_is_read = trial(_guarded, team=SHOP, play=cases._tells, guards=(cases.Secrets(),))
