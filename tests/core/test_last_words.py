"""A real room whose provider is away: what is heard there, by a recogniser that knows nothing of it."""

import asyncio
import re

import pytest

from tests.core.conftest import Stage
from tests.core.test_core import only, script
from worker.caller import SAMPLE_RATE, Caller, Pcm
from worker.local_model.ears import Ears
from worker.talk import join

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def ears() -> Ears:
    return Ears()


async def call(stage: Stage) -> tuple[Caller, str]:
    joined = await join(f"http://127.0.0.1:{stage.house.environment['BATON_HTTP_PORT']}")
    return Caller(joined["url"], joined["token"]), joined["room"]


def words(pcm: Pcm, ears: Ears) -> str:
    heard = ears.recognise_now(pcm.tobytes(), SAMPLE_RATE).lower()
    return re.sub(r"[^a-z ]", "", heard)


async def test_given_a_provider_that_refuses_everything_then_the_caller_hears_so_and_is_told_why_the_call_ends(
    stage: Stage, ears: Ears
) -> None:
    stage.provider.refusals.count, stage.provider.refusals.status = 1000, 401
    joining, room = await call(stage)
    async with joining as caller:
        await caller.until(lambda: bool(only(caller.events, "call.ended")), 30, "the end")
        await caller.until(lambda: caller.agent is None, 10, "an empty room")
        heard = words(caller.heard(), ears)
        told = caller.events
    assert "sorry i cannot get my connection back" in heard
    assert "call again" in heard
    assert heard.endswith("goodbye"), "to the last word"
    assert told[-1]["type"] == "call.ended"
    assert "out of reach" in told[-1]["reason"]
    assert [event["final"] for event in only(told, "line.lost")] == [False, True]
    said = only(await stage.ended(room), "agent.said")
    assert [event["interrupted"] for event in said] == [False, False]
    captions = [caption.text for caption in caller.captions if caption.final]
    assert captions == [event["text"] for event in said], "who cannot hear can read"


async def test_given_a_provider_that_is_away_for_a_while_then_the_caller_hears_so_and_the_call_goes_on(
    stage: Stage, ears: Ears
) -> None:
    stage.provider.play = script({})
    joining, room = await call(stage)
    async with joining as caller:
        await caller.until(lambda: bool(only(caller.events, "agent.said")), 20, "the greeting")
        stage.provider.refusals.count, stage.provider.refusals.status = 1000, 503
        cut_at = asyncio.get_running_loop().time()
        stage.provider.connections[-1].cut()
        await caller.until(lambda: len(only(caller.events, "agent.said")) == 2, 20, "a word")
        heard = words(caller.heard(cut_at), ears)
        stage.provider.refusals.count = 0
        await caller.until(lambda: bool(only(caller.events, "line.restored")), 20, "the line")
        await caller.write("chat")
        await caller.until(lambda: caller.events[-1]["type"] == "agent.said", 20, "an answer")
    assert "moment please" in heard
    assert "lost my connection" in heard
    said = [event["text"] for event in only(await stage.ended(room), "agent.said")]
    assert "One moment please, I have lost my connection." in said
    assert said[-1] == "alfa answers chat"
