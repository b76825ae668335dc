"""A case with a provider, on virtual time."""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.conformance.cases import CASES
from tests.conformance.script import LONG, PITCHES
from tests.conformance.stage import OPEN, Stage, staged
from tests.virtual_time import virtual_time

PROFILES = tuple(OPEN)
HEARD = ("user.said", "user.wrote")
_FAULTS = ("call.warned", "watchdog.fired", "line.lost", "handoff.failed")


def run_case(profile: str, name: str, folder: Path, **more: Any) -> str:
    """Returns the table's cell. `more` as `staged` has it."""
    case, shown = CASES[name], list[str]()
    other = "openai" if profile in ("gemini", "vertex") else "gemini"

    @virtual_time
    async def hold() -> None:
        names = (profile, other) if case.stands_in else (profile,)
        async with staged(folder, *names, play=case.play, change=case.change, guards=case.guards, **more) as at:
            try:
                shown.append(await case.hold(at))
                judge(at, case.expects)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{at.transcript()}") from error

    hold()
    return shown[0]


def judge(at: Stage, expected: tuple[str, ...]) -> None:
    """What holds for every call."""
    faults = [event for event in at.of(*_FAULTS) if event["type"] not in expected]
    assert not [event for event in faults if event.get("code") != "cost.unpriced"], "nothing has gone wrong"
    answers = Counter(call for service in at.services for call in service.answers())
    assert all(times == 1 for times in answers.values()), "a tool's result is given once"
    answered = {f"You said: {phrase}": phrase for phrase in PITCHES} | {LONG: "Tell me all about your shop."}
    for place, event in enumerate(at.events):
        for answer, phrase in answered.items():
            if event["type"] == "agent.said" and event["text"] and answer.startswith(event["text"]):
                before = [earlier.get("text") for earlier in at.events[:place] if earlier["type"] in HEARD]
                assert phrase in before, "what the caller said is in the journal before the answer to it"
