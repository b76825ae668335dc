"""An agent that is muted, on virtual time: it neither hears nor speaks, and nothing that it was told before is lost."""

import asyncio
from pathlib import Path

import pytest

from agents.limits import LimitsSpec
from agents.turn_taking import SilenceSpec, TurnTakingSpec
from tests.conformance.stage import TEAM, Stage, staged
from tests.virtual_time import virtual_time
from worker.room.events import MuteAsked, Typed
from worker.room.outbox import MUTED, STATE

NUDGING = TEAM.model_copy(update={"turn_taking": TurnTakingSpec(silence=SilenceSpec(nudge_s=20))})
PROVIDERS = ["openai", "gemini"]
ASIDE = "have talked among themselves"


async def mute(stage: Stage) -> None:
    stage.call.put(MuteAsked("caller", True))
    await stage.until(lambda: stage.room.shown.get(MUTED))


def unmute(stage: Stage) -> None:
    stage.call.put(MuteAsked("caller", False))


def given_audio(stage: Stage) -> int:
    """How many frames of sound the provider has got."""
    received = stage.service.simulator.received()
    return sum("audio" in message or "realtimeInput" in message for message in received)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_given_an_agent_that_is_muted_then_it_neither_hears_nor_speaks_until_it_is_wanted(
    tmp_path: Path, provider: str
) -> None:
    @virtual_time
    async def hold() -> None:
        async with staged(tmp_path, provider, team=NUDGING) as stage:
            await stage.answered(1)
            stage.say("Tell me all about your shop.")
            await stage.speaking()
            await mute(stage)
            await asyncio.sleep(1)
            if provider == "openai":
                received = [message["type"] for message in stage.service.simulator.received()]
                assert "response.cancel" in received, "nobody is billed for what nobody hears"
            played, sent, asks = stage.speaker.position, given_audio(stage), stage.asks
            assert stage.room.shown[STATE] == "idle"
            stage.say("Thank you.")
            await asyncio.sleep(600)
            assert stage.speaker.position == played, "nobody is asked whether they are there either"
            assert (given_audio(stage), stage.asks) == (sent, asks)
            assert stage.heard == ["Tell me all about your shop."]
            unmute(stage)
            await asyncio.sleep(5)
            assert stage.speaker.position == played, "it waits until somebody speaks to it"
            stage.say("Wait, that was not my question.")
            await stage.answered(3)
            assert stage.said[-1] == "You said: Wait, that was not my question."
            assert ASIDE in stage.known
            assert "Thank you." not in stage.known
            muted, back = stage.of("agent.muted")
            assert (muted["muted"], back["muted"], back["participant"]) == (True, False, "caller")
            assert back["for_ms"] == pytest.approx(601_000, abs=500)

    hold()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_given_a_turn_that_is_not_answered_yet_then_it_is_when_the_agent_is_back(tmp_path: Path, provider: str) -> None:
    @virtual_time
    async def hold() -> None:
        async with staged(tmp_path, provider) as stage:
            await stage.answered(1)
            stage.say("Thank you.")
            await stage.until(lambda: not stage.waiting)
            await mute(stage)
            await asyncio.sleep(60)
            assert len(stage.said) == 1
            unmute(stage)
            await stage.answered(2)
            assert stage.heard == ["Thank you."]
            assert stage.said[-1] == "You said: Thank you."

    hold()


@virtual_time
async def test_given_something_written_to_a_muted_agent_then_it_is_answered_when_it_is_back(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        await mute(stage)
        stage.call.put(Typed("caller", "Thank you."))
        await asyncio.sleep(60)
        assert stage.heard == ["Thank you."]
        assert len(stage.said) == 1
        unmute(stage)
        await stage.answered(2)


@virtual_time
async def test_given_a_limit_that_is_reached_meanwhile_then_the_goodbye_is_heard(tmp_path: Path) -> None:
    team = TEAM.model_copy(update={"limits": LimitsSpec(minutes_per_call=1)})
    async with staged(tmp_path, "openai", team=team) as stage:
        await stage.answered(1)
        await mute(stage)
        await stage.until(lambda: len(stage.said) == 2)
        assert [event["muted"] for event in stage.of("agent.muted")] == [True, False]


@virtual_time
async def test_given_a_worker_that_dies_meanwhile_then_the_next_one_is_muted_too(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        await mute(stage)
        await stage.crash()
        await asyncio.sleep(60)
        assert len(stage.said) == 1
        assert stage.room.shown[MUTED]
        unmute(stage)
        await stage.answered(2)


@virtual_time
async def test_given_a_button_that_is_pressed_twice_then_nothing_more_comes_of_it(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        unmute(stage)
        await mute(stage)
        stage.call.put(MuteAsked("caller", True))
        await asyncio.sleep(1)
        assert len(stage.of("agent.muted")) == 1
