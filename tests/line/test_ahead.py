"""A session that is dialled before its call begins, over a real socket to a scripted provider."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.simulators.openai_realtime.script import Pace, Say
from tests.simulators.openai_realtime.server import Provider
from worker.line import ahead as rooms
from worker.line.ahead import Ahead, dial_ahead
from worker.line.breaker import Breaker
from worker.line.endpoint import Endpoint
from worker.line.events import ArmRefused, LineEvent, LineLost, LinkEvent, MessageEnded
from worker.line.line import DIALS, Line
from worker.line.link import Arms
from worker.line.profile import GEMINI, OPENAI


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider(lambda asked: [Say(asked.instructions)], pace=Pace(think_ms=0)).serve() as provider:
        yield provider


async def until(events: list[LineEvent], kind: type[LineEvent]) -> None:
    async with asyncio.timeout(20):
        while not any(isinstance(event, kind) for event in events):  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.01)


async def connected(provider: Provider, count: int = 1) -> None:
    async with asyncio.timeout(20):
        while sum(bool(one.received) for one in provider.connections) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def dialled(provider: Provider) -> tuple[Endpoint, Ahead]:
    endpoint = Endpoint(OPENAI, provider.url, "any")
    ahead = dial_ahead([endpoint], "warm", Breaker())
    assert ahead
    return endpoint, ahead


def line(endpoint: Endpoint, ahead: Ahead, take: Any, role: str = "warm") -> Line:
    arms = Arms(0, "You are ALFA.", (), role, (endpoint,))
    return Line(arms, take, breaker=Breaker(), dials=ahead.among(DIALS))


@pytest.mark.parametrize("late", [True, False], ids=["connected", "at once"])
async def test_given_a_call_that_begins_then_the_session_is_its_own_and_told_all(
    provider: Provider, late: bool
) -> None:
    endpoint, ahead = dialled(provider)
    if late:
        await connected(provider)
    events = list[LineEvent]()
    held = line(endpoint, ahead, events.append)
    held.ask()
    await until(events, MessageEnded)
    await ahead.close()
    assert held.connected
    assert len(provider.connections) == 1
    [said] = [item for item in provider.connections[0].items() if item["role"] == "assistant"]
    assert said["content"][0]["transcript"] == "You are ALFA."
    await held.close()


async def test_given_another_voice_then_the_call_has_a_session_of_its_own_and_the_other_ends(
    provider: Provider,
) -> None:
    endpoint, ahead = dialled(provider)
    await connected(provider)
    held = line(endpoint, ahead, lambda _: None, role="calm")
    await ahead.close()
    await connected(provider, 2)
    assert [one.open for one in provider.connections] == [False, True]
    await held.close()


async def test_given_nobody_who_comes_then_it_hangs_up_by_itself(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "WAITS_S", 0.2)
    endpoint, ahead = dialled(provider)
    await connected(provider)
    async with asyncio.timeout(20):
        while provider.connections[0].open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    held = line(endpoint, ahead, lambda _: None)
    await connected(provider, 2)
    await ahead.close()
    assert [one.open for one in provider.connections] == [False, True], "who comes later dials"
    await held.close()


async def test_given_a_provider_that_refuses_then_the_call_is_told_when_it_begins(provider: Provider) -> None:
    provider.keys = {"another"}
    endpoint, ahead = dialled(provider)
    async with asyncio.timeout(20):
        while not provider.refused:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    events, breaker = list[LineEvent](), Breaker()
    other = Endpoint(replace(OPENAI, provider="other"), provider.url, "another")
    held = Line(
        Arms(0, "You are ALFA.", (), "warm", (endpoint, other)),
        events.append,
        breaker=breaker,
        dials=ahead.among(DIALS),
    )
    held.ask()
    await until(events, LineLost)
    assert breaker.rests(endpoint)
    assert not breaker.rests(other)
    await held.close()
    await ahead.close()


async def test_given_what_is_refused_of_nobody_then_the_call_does_not_hear_of_it() -> None:
    told, events = list[Any](), list[LinkEvent]()

    class Mute:
        arm = remember = lambda *_: None

    def dial(endpoint: Endpoint, arms: Arms, entries: object, emit: Any) -> Any:
        told.append(emit)
        return Mute()

    endpoint = Endpoint(OPENAI, "", "any")
    ahead = Ahead(endpoint, "warm", dial)
    told[0](ArmRefused(-1, "no such voice"))
    ahead(endpoint, Arms(0, "", (), "warm", (endpoint,)), (), events.append)
    told[0](ArmRefused(0, "no such voice"))
    assert not events, "whoever dials has no link yet"
    await asyncio.sleep(0)
    told[0](ArmRefused(1, "no such voice"))
    assert events == [ArmRefused(0, "no such voice"), ArmRefused(1, "no such voice")]


async def test_given_a_provider_that_is_told_all_at_the_dial_then_nobody_dials_ahead() -> None:
    assert dial_ahead([Endpoint(GEMINI, "http://127.0.0.1:1", "any")], "warm", Breaker()) is None
