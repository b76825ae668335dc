"""The cameras and screens of several people in one call: whose is whose, and no more than the model is to remember."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents import context
from agents.spec import TeamSpec
from agents.turn_taking import SilenceSpec, TurnTakingSpec
from tests.conformance.stage import TEAM, Stage, staged
from tests.fakes import film
from tests.simulators.openai_realtime.server import Provider
from tests.virtual_time import virtual_time
from worker.looking.view import View
from worker.room.events import Came, Typed

PATIENT = TurnTakingSpec(silence=SilenceSpec(nudge_s=None))
AGENTS = {name: agent.model_copy(update={"sees": ("images", "screen")}) for name, agent in TEAM.agents.items()}
ALL: TeamSpec = TEAM.model_copy(update={"agents": AGENTS, "linked": "all", "turn_taking": PATIENT})
PEOPLE = ("Anna", "Ben", "Cleo", "Dora")


def trial(hold: Callable[[Stage], Any]) -> Callable[[Path], None]:
    """Anna is in a call with the simulated OpenAI, on virtual time; others may come."""

    def test(tmp_path: Path) -> None:
        @virtual_time
        async def run() -> None:
            async with staged(tmp_path, "openai", team=ALL) as at:
                at.people["caller"] = bytearray()
                at.call.put(Came("caller", "Anna"))
                await at.answered(1)
                try:
                    await hold(at)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{at.transcript()}") from error

        run()

    return test


def come(at: Stage, *names: str) -> None:
    for name in names:
        at.people[name] = bytearray()
        at.call.put(Came(name, name))


def frames(at: Stage) -> list[tuple[str, bytes]]:
    """What the model has before it, in the session that holds the call: whose, and the picture's bytes as it was sent."""
    simulator = at.service.simulator
    assert isinstance(simulator, Provider)
    items = simulator.connections[at.given[-1].connection].items()
    parts = [item.get("content") or [] for item in items if item.get("role") == "user"]
    return [(some[0]["text"], some[1]["image_url"]) for some in parts if len(some) == 2]


async def _each(at: Stage) -> None:
    come(at, "Ben")
    at.camera.every_s = 0.1
    at.film("screen")
    at.film("screen", who="Ben")
    await asyncio.sleep(5)
    at.call.put(Typed("Ben", "What is this?"))
    await at.answered(2)
    assert {whose for whose, _ in frames(at)} == {context.frame("screen", "Anna"), context.frame("screen", "Ben")}
    assert context.looking("screen", "Anna") in at.known
    assert context.looking("screen", "Ben") in at.known
    seen = {event["participant"] for event in at.of("frame.given") if event["why"] == "words"}
    assert seen == {"caller", "Ben"}, "each is looked at for what one of them says"
    at.film("screen", who="Ben", on=False)
    await asyncio.sleep(1)
    assert at.camera.watched == {View("caller", "screen")}
    [stopped] = at.of("looking.stopped")
    assert (stopped["participant"], stopped["reason"]) == ("Ben", "off")
    at.call.put(Typed("Ben", "And now?"))
    await at.answered(3)
    assert context.looked("screen", "Ben") in at.known


test_each_screen_is_looked_at_and_the_model_knows_whose_it_is = trial(_each)


async def _still(at: Stage) -> None:
    come(at, "Ben")
    at.camera.every_s, at.camera.still = 1.0, frozenset({"caller"})
    at.film("screen")
    at.film("screen", who="Ben")
    await asyncio.sleep(24)
    whose = [whose for whose, _ in frames(at)]
    assert whose == [context.frame("screen", "Anna")] + [context.frame("screen", "Ben")] * 2
    given = [event["participant"] for event in at.of("frame.given")]
    assert given.count("caller") == 1
    assert 5 < given.count("Ben") <= 0.25 * 24 + 3, "they share what the provider takes in a second"
    at.film("screen", on=False)
    await asyncio.sleep(12)
    assert [whose for whose, _ in frames(at)] == [context.frame("screen", "Ben")] * 3, "what is off may be forgotten"


test_a_screen_that_stays_as_it_is_is_not_pushed_out_by_one_that_changes = trial(_still)


async def _many(at: Stage) -> None:
    come(at, *PEOPLE[1:])
    at.film("screen")
    for name in PEOPLE[1:]:
        at.film("screen", who=name)
    await asyncio.sleep(3)
    assert at.camera.watched == {View(who, "screen") for who in ("caller", "Ben", "Cleo")}
    [warned] = [event for event in at.of("call.warned") if event["code"] == "looking.many"]
    assert warned["detail"] == "Dora's screen is not looked at: 3 others are. Turn one of them off."
    assert len(frames(at)) == ALL.showing.frames == 3
    at.film("screen", who="Ben", on=False)
    await asyncio.sleep(3)
    assert at.camera.watched == {View(who, "screen") for who in ("caller", "Cleo", "Dora")}


test_as_many_are_looked_at_as_the_model_remembers_and_whoever_is_left_out_is_told = trial(_many)


async def _joined(at: Stage) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    assert [whose for whose, _ in frames(at)] == [context.frame("screen")]
    come(at, "Ben")
    at.call.put(Typed("Ben", "What is this?"))
    await at.answered(2)
    assert context.belongs("screen", "Anna") in at.known
    assert at.pictures == [film(0)], "it was not sent again"


test_who_joins_is_told_from_whose_screen_was_there_before = trial(_joined)
