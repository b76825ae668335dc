"""Spoken dialogues, by voices that are not the agents' own: twenty about one thing, six about several.

Judged by the database, by who holds the call, and by what the room was told of the plan. Every fifth of them, unless
BATON_DIALOGUES is `all`.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.speech import RATE, say
from tests.system.conftest import House
from worker.caller import Caller, CallerError
from worker.local_model.ears import Ears
from worker.turns.barge_in import TRANSCRIPT_S

pytestmark = [pytest.mark.system, pytest.mark.needs("flite", "espeak-ng")]
QUIET_S = 1.2
EVERY = 1 if os.environ.get("BATON_DIALOGUES") == "all" else 5
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Outcome:
    name: str
    missed: list[str]
    said: list[str]


@pytest.mark.timeout(1500)
async def test_most_dialogues_reach_their_goal(houses: list[House], ears: Ears) -> None:
    several, one = (yaml.safe_load((HERE / file).read_text()) for file in ("plans.yaml", "shop.yaml"))
    assert (len(several), len(one)) == (6, 20)
    several, one = several[::EVERY], one[::EVERY]
    outcomes = await hold_all(houses, ears, [*several, *one])  # the long ones first: houses finish together
    assert shown(outcomes[: len(several)]) >= len(several) - 1
    assert shown(outcomes[len(several) :]) >= len(one) - (2 if EVERY == 1 else 1)


def shown(outcomes: list[Outcome]) -> int:
    """Prints what became of them; returns how many reached their goal."""
    print()
    for outcome in outcomes:
        print(f"  {'reached' if not outcome.missed else 'MISSED '}  {outcome.name}: {'; '.join(outcome.missed)}")
        if outcome.missed:
            print("".join(f"\n      {line}" for line in outcome.said))
    reached = sum(not outcome.missed for outcome in outcomes)
    print(f"  {reached} of {len(outcomes)} reached their goal")
    return reached


async def hold_all(houses: list[House], ears: Ears, dialogues: list[dict[str, Any]]) -> list[Outcome]:
    """The outcomes in order; each house holds one dialogue after the other."""
    left = iter(enumerate(dialogues))
    outcomes = dict[int, Outcome]()

    async def hold_some(house: House) -> None:
        for number, dialogue in left:
            outcomes[number] = await hold(house, ears, dialogue)

    async with asyncio.TaskGroup() as group:
        for house in houses:
            group.create_task(hold_some(house))
    return [outcomes[number] for number in sorted(outcomes)]


async def hold(house: House, ears: Ears, dialogue: dict[str, Any]) -> Outcome:
    house.reset_shop()
    missed: list[str] = []
    since, quiet = 0.0, QUIET_S  # the end of the line before, and how long nobody speaks who has finished
    async with await house.caller() as caller:
        try:
            for line in dialogue["say"]:
                since = await speak(caller, line, dialogue, since, quiet)
                quiet = QUIET_S if isinstance(line, str) else QUIET_S + TRANSCRIPT_S
            await caller.answered(since, within=30, quiet=quiet)
        except CallerError as error:
            missed.append(str(error))
        answer = (await ears.recognise(caller.heard(since).tobytes(), RATE, owner=house.folder)).lower()
        missed += [
            f"did not hear {words!r} in {answer!r}" for words in dialogue.get("heard", []) if words not in answer
        ]
        if caller.holder != dialogue["holder"]:
            missed.append(f"{caller.holder} holds the call, not {dialogue['holder']}")
    missed += judged(house, dialogue)
    if (plan := last_plan(caller)) != dialogue.get("plan", []):
        missed.append(f"the plan is {plan}, not {dialogue.get('plan', [])}")
    said = [
        f"{event.get('agent', 'caller')}: {event['text']}"
        for event in caller.events
        if event["type"] in ("user.said", "agent.said")
    ]
    return Outcome(dialogue["name"], missed, said)


async def speak(
    caller: Caller, line: str | dict[str, Any], dialogue: dict[str, Any], since: float, quiet: float
) -> float:
    """Says one line when the one before has been answered, or breaks in; returns when the last sample went out.

    A reply that was broken into may go on until it is clear that the caller meant it, and is no answer then.
    """
    if isinstance(line, dict):
        await caller.until(lambda: caller.state == "speaking", 20, "a reply to break into")
        await asyncio.sleep(line["after_ms"] / 1000)
        return await caller.say(say(line["text"], dialogue["voice"]))
    await caller.answered(since, within=30, quiet=quiet)
    return await caller.say(say(line, dialogue["voice"], dialogue.get("effect", "")))


def last_plan(caller: Caller) -> list[str]:
    """Agent and state of each wish, as the room was told."""
    told = [event["steps"] for event in caller.events if event["type"] == "plan.changed"]
    return [f"{step['agent']} {step['state']}" for step in told[-1]] if told else []


def judged(house: House, dialogue: dict[str, Any]) -> list[str]:
    missed = []
    if "returned" in dialogue:
        returned = [row[0] for row in house.read("SELECT order_number FROM returns")]
        if returned != dialogue["returned"]:
            missed.append(f"returns {returned}, not {dialogue['returned']}")
    if "moved" in dialogue:
        rows = house.read("SELECT number, delivery_day FROM orders WHERE moved_by IS NOT NULL")
        moved = {number: f"{date.fromisoformat(str(day)):%A}" for number, day in rows}
        if moved != dialogue["moved"]:
            missed.append(f"moved {moved}, not {dialogue['moved']}")
    return missed
