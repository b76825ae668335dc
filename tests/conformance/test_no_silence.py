"""Whatever goes wrong with a turn, the caller hears something in time, and in the end an answer, a reason or a goodbye."""

import asyncio
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.loader import load_team
from tests.conformance import script
from tests.conformance.stage import FRAME_S, Stage, staged
from tests.simulators.openai_realtime.moments import Moment
from tests.simulators.openai_realtime.script import Asked, BreakOff, CallTool, Fail, Fault, Pause, Say, Step
from tests.virtual_time import virtual_time
from worker.room.outbox import STATE

SOAK = bool(os.environ.get("BATON_SOAK"))
TEAM = load_team(Path(__file__).parent / "faulty.yaml")
TEXTS = TEAM.announcements
THANKS, HOURS, LAMP, BILL = (
    "Thank you.",
    "When are you open?",
    "I want to return a lamp.",
    "I have a question about my bill.",
)
FIRST_S = 4.5  # from the caller's last sound to the first they hear
BETWEEN_S = 10.0  # from one sound to the next, until they are answered or told that they will not be
QUIET_S = 9.5  # to the first sound, where the team wants no word while a tool runs
UNNOTICED_S = 11.0  # to the first sound, when the provider says nothing of what the caller said
SETTLED_S = 3.0  # of listening
LONGEST_S = 120.0
_TICK_S = 0.02

Replies = dict[str, Sequence[Step]]
REPLIES: Replies = {
    "never begins": [Pause(600_000)],
    "empty": [],
    "words without sound": [Say("I have nothing to say aloud.", ms=0)],
    "falls silent": [Say("Let me think about", ms=1500), Pause(600_000)],
    "fails": [Fail("server_error")],
    "rate limit": [Fail("rate_limit_exceeded")],
    "stopped": [BreakOff(Say("I would tell you more about that", ms=4000), after_ms=1500)],
    "stopped at once": [BreakOff(Say("I would tell you more about that", ms=4000), after_ms=0)],
    "tool hangs": [CallTool("hangs")],
    "tool hangs after a word": [Say("Let me look.", ms=1000), CallTool("hangs")],
    "tool without a word": [CallTool("hangs_quietly")],
    "tool raises": [CallTool("raises")],
    "no such tool": [CallTool("dreams")],
}
Happening = Callable[[Stage], None]


def _refuse(at: Stage, code: str) -> None:
    at.service.simulator.refusals.asks += [code] * 3


def _lose(at: Stage, refused: int) -> None:
    at.service.simulator.refusals.count = refused
    for connection in at.service.simulator.connections:
        connection.cut()


def _suffer(at: Stage, what: str) -> None:
    fault = Fault("", "deaf" if what == "deaf" else "stall")
    at.service.simulator.connections[at.service.given[-1].connection].suffer(fault)


def _fall_silent(at: Stage) -> None:
    """In the middle of what the model says; the socket stays open."""
    delta = "response.output_audio.delta" if at.profile.protocol == "openai" else "modelTurn"
    at.service.simulator.strike(Moment(delta, 8), "stall")


def _hear_nothing(at: Stage) -> None:
    at.service.simulator.transcribe = lambda _: None


HAPPENINGS: dict[str, Happening] = {
    "ask refused": lambda at: _refuse(at, "invalid_value"),
    "ask refused, busy": lambda at: _refuse(at, "conversation_already_has_active_response"),
    "ask refused, rate limit": lambda at: _refuse(at, "rate_limit_exceeded"),
    "socket lost": lambda at: _lose(at, 0),
    "socket lost, twice refused": lambda at: _lose(at, 2),
    "provider gone": lambda at: _lose(at, 1000),
    "no transcript": _hear_nothing,
    "falls silent in a word": _fall_silent,
    "handoff refused": lambda at: setattr(at.service.simulator.refusals, "count", 1000),
}
UNNOTICED: dict[str, Happening] = {
    "stalls": lambda at: _suffer(at, "stall"),
    "deaf": lambda at: _suffer(at, "deaf"),
}


@dataclass
class Trouble:
    """What the model does instead of a reply, so many times, and what else happens when the caller has spoken."""

    replies: list[str] = field(default_factory=list)
    happening: str = ""
    phrase: str = THANKS

    @property
    def quiet(self) -> bool:
        return "tool without a word" in self.replies

    def play(self, asked: Asked) -> Sequence[Step]:
        if "waits for a tool" in script.told_last(asked) and not self.replies:
            return [Say("One moment, please.", ms=1200)]
        return REPLIES[self.replies.pop(0)] if self.replies else script.play(asked)


@dataclass
class Ear:
    """When the room was silent. `silences`: (from, until), in seconds. What clients are shown is what the ear hears."""

    at: Stage
    silences: list[tuple[float, float]] = field(default_factory=list)
    since: float | None = None

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        before = None
        while True:
            sounds, shown = self.at.speaker.queued > 0, self.at.room.shown.get(STATE) == "speaking"
            if sounds == before:  # at an edge, who looks first is by chance
                assert shown == sounds, f"{'something' if sounds else 'nothing'} is heard at {loop.time():.2f}"
            before = sounds
            if sounds and self.since is not None:
                self.silences.append((self.since, loop.time()))
                self.since = None
            elif not sounds and self.since is None:
                self.since = loop.time()
            await asyncio.sleep(_TICK_S)


async def suffer(at: Stage, trouble: Trouble) -> None:
    """A turn of the caller's that goes wrong. Raises AssertionError if they hear nothing for too long."""
    loop = asyncio.get_running_loop()
    ear = Ear(at)
    listening = asyncio.ensure_future(ear.run())
    said = len(at.said)
    transcribe, quiet = at.service.simulator.transcribe, trouble.quiet
    try:
        if trouble.happening in UNNOTICED:
            UNNOTICED[trouble.happening](at)
        elif trouble.happening:
            HAPPENINGS[trouble.happening](at)
        at.say(trouble.phrase)
        await at.until(lambda: not at.waiting)
        ended = loop.time()
        first_s = UNNOTICED_S if trouble.happening in UNNOTICED else QUIET_S if quiet else FIRST_S
        await _settled(at, ended, first_s)
        ended -= FRAME_S
        silences = [(max(began, ended), until) for began, until in ear.silences if until > ended]
        assert silences, "nothing is heard at all"
        for number, (began, until) in enumerate(silences):
            within_s = BETWEEN_S if number else first_s
            assert until - began <= within_s, f"silence from {began:.2f} to {until:.2f}, the turn ended at {ended:.2f}"
        assert len(at.said) > said
        _accounted_for(at)
    finally:
        if listening.done():
            listening.result()
        listening.cancel()
        at.service.simulator.transcribe = transcribe
        at.service.simulator.refusals.asks.clear()
        at.service.simulator.faults.clear()


async def _settled(at: Stage, since: float, first_s: float) -> None:
    """Until the agent has listened for a while, or the call is over. By `first_s` it must have been heard."""
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    while loop.time() - quiet_since < SETTLED_S:
        assert loop.time() - since < LONGEST_S, "it never comes to an end"
        early = loop.time() - since < first_s + 2 and not _answered(at, since)
        if early or at.room.shown.get(STATE) != "listening":
            quiet_since = loop.time()
        if at.of("line.lost") and at.of("line.lost")[-1]["final"]:
            await at.until(lambda: at.said[-1] == TEXTS.goodbye)
            return
        await asyncio.sleep(_TICK_S)


def _answered(at: Stage, since: float) -> bool:
    return any(event["at"] / 1000 > since for event in at.of("agent.said"))


def _accounted_for(at: Stage) -> None:
    """Each word that was not the model's has its reason in the journal, before it."""
    reasons = 0
    for event in at.of("watchdog.fired", "line.lost", "agent.said"):
        if event["type"] != "agent.said":
            reasons += 1
        elif event["item"].startswith("announcement"):
            last = any(text.startswith(event["text"]) for text in (TEXTS.unanswered, TEXTS.unreachable, TEXTS.goodbye))
            assert not (last and event["interrupted"]), f"who has cut {event['text']!r}?"
            assert reasons, f"why was {event['text']!r} said?"


async def call(folder: Path, names: Sequence[str], troubles: Sequence[Trouble]) -> None:
    now = [Trouble()]
    async with staged(folder, *names, play=lambda asked: now[0].play(asked), team=TEAM) as at:
        try:
            await at.answered(1)
            for trouble in troubles:
                now[0] = trouble
                await suffer(at, trouble)
                if at.said[-1] == TEXTS.goodbye:
                    return
                at.service.simulator.refusals.count = 0
                now[0] = Trouble()
                await suffer(at, now[0])
        except AssertionError as error:
            raise AssertionError(f"{error}\n{troubles}\n{at.transcript()}") from error


def schedules() -> Iterator[tuple[str, Trouble]]:
    """Each fault, with one kind of provider or the other: of a reply, once, or of all that are asked for. Soak: all."""
    for place, kind in enumerate(("openai", "gemini")):
        for number, reply in enumerate(REPLIES):
            for always in (False, True):
                if SOAK or (number % 2 == place and always == number // 2 % 2):
                    yield kind, Trouble([reply] * ((2 if "tool" in reply else 9) if always else 1))
        for number, happening in enumerate((*HAPPENINGS, *UNNOTICED)):
            if not SOAK and number % 2 != place:
                continue
            yield kind, Trouble(happening=happening, phrase=BILL if happening.startswith("handoff") else THANKS)


@pytest.mark.parametrize(("kind", "trouble"), schedules(), ids=str)
@virtual_time
async def test_given_a_turn_that_goes_wrong_then_the_caller_hears_something_in_time(
    kind: str, trouble: Trouble, tmp_path: Path
) -> None:
    await call(tmp_path, [kind], [trouble])


@pytest.mark.parametrize("seed", range(200) if SOAK else (0, 32, 125, 145))  # the last three found something once
@virtual_time
async def test_given_anything_that_goes_wrong_then_the_caller_hears_something_in_time(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    names = chance.choice([["openai"], ["gemini"], ["openai", "gemini"], ["gemini", "openai"]])
    await call(tmp_path, names, [_any(chance) for _ in range(3)])


def _any(chance: random.Random) -> Trouble:
    replies = [chance.choice(list(REPLIES)) for _ in range(chance.choice([0, 1, 2, 3, 6]))]
    happening = chance.choice(["", "", *HAPPENINGS, *UNNOTICED])
    return Trouble(replies, happening, chance.choice([THANKS, HOURS, LAMP, BILL]))
