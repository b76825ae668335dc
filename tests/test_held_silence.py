"""However long guards hold a reply back, for late words or for a verdict: its caller hears something in time."""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.guarded_call import Held, Words, a_team, held, recite
from tests.simulators.openai_realtime.script import Asked, Recite, Step
from tests.virtual_time import virtual_time
from worker.gate.guard import Finding, Passage
from worker.gate.instead import TRIES
from worker.journal import events as journal
from worker.turns.watchdog import ANEW_S, ANSWER_S, RETRIES

pytestmark = pytest.mark.parts

SOAK = bool(os.environ.get("BATON_SOAK"))
TEXTS = a_team().announcements
TOLD = (TEXTS.unanswered, TEXTS.blocked)
HELLO, ANSWER, SECRET = "Good day, how can I help you?", "It comes on Monday.", "The password is swordfish."
SENTENCES = [f"That is sentence {letter} of an answer that takes its time." for letter in "abcdefghij"]
FIRST_S = 4.5  # from the caller's turn to the first sound
BETWEEN_S = 10.0  # from one sound to the next, until they are answered or told that they will not be
SETTLED_S = 3.0  # of listening
_TICK_S = 0.05
_NEVER = 1_000_000


@dataclass
class Slow(Words):
    """Takes up to `most_s` for a sentence, as long as it is slow at all."""

    chance: random.Random = field(default_factory=random.Random)
    most_s: float = 0.0

    async def judge(self, passage: Passage) -> Finding | None:
        self.after_s = self.chance.choice([0, self.chance.uniform(0, self.most_s), self.most_s])
        return await super().judge(passage)


@dataclass
class Holding:
    """The first `times` replies to a turn: from the `late_from`th on, words come by `late_ms` late; later, by twice that."""

    sentences: Sequence[str]
    late_ms: int = 0
    late_from: int = 0
    later_from: int = 1000
    speed: float = 1.0
    times: int = 1
    guard_s: float = 0.0
    deadline_s: float = 2.0
    heard_s: float = 0.0  # what a guard takes for what the caller says
    seed: int = 0

    def play(self, asked: Asked) -> Sequence[Step]:
        if not asked.said:
            return [recite(HELLO)]
        self.times -= 1
        if self.times < 0:
            return [recite(ANSWER)]
        spoken = recite(*self.sentences)
        words = [(due + self._late_ms(place), word) for place, (due, word) in enumerate(spoken.words)]
        return [Recite(spoken.pcm, [word for word in words if word[0] < _NEVER], self.speed)]

    def _late_ms(self, place: int) -> int:
        return self.late_ms * ((place >= self.late_from) + (place >= self.later_from))


def schedules() -> Iterator[Holding]:
    """Words that never come, of a reply that goes on for longer than anybody waits for them, and of a short one."""
    yield Holding(SENTENCES, late_ms=_NEVER, times=9)
    yield Holding(SENTENCES[:1], late_ms=_NEVER, times=9)
    yield Holding(SENTENCES[:3], guard_s=8.0, deadline_s=8.5, times=9)
    yield Holding(SENTENCES, late_ms=7000, late_from=24, later_from=45)  # twice silent in the middle, and it goes on
    yield Holding(
        SENTENCES[:1], late_ms=_NEVER, speed=3.0, times=2, guard_s=9.9, deadline_s=10
    )  # after the line is swapped
    for seed in range(200 if SOAK else 4):
        yield _any(seed)


def _any(seed: int) -> Holding:
    chance = random.Random(seed)
    sentences = [chance.choice([*SENTENCES, SECRET]) for _ in range(chance.choice([1, 1, 2, 3, 6, 10]))]
    deadline_s = chance.choice([0.5, 2, 5, 8, 10])  # a team may give them no more
    return Holding(
        sentences,
        late_ms=chance.choice([0, chance.randint(0, 20_000), _NEVER]),
        late_from=chance.choice([0, chance.randint(0, 10 * len(sentences))]),
        speed=chance.choice([1.0, 1.0, 3.0, 20.0]),
        times=chance.choice([1, 1, 2, 3, 9]),
        guard_s=chance.choice([0.0, chance.uniform(0, deadline_s), deadline_s]),
        deadline_s=deadline_s,
        heard_s=chance.choice([0.0, 0.0, chance.uniform(0, 9.5)]),
        seed=seed,
    )


@dataclass
class Ear:
    """When the room was silent, and when it was not: (from, until), in seconds."""

    at: Held
    silences: list[tuple[float, float]] = field(default_factory=list)
    sounds: list[tuple[float, float]] = field(default_factory=list)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        sounding, since = self.at.speaker.queued > 0, loop.time()
        while True:
            await asyncio.sleep(_TICK_S)
            if sounding != (self.at.speaker.queued > 0):
                (self.sounds if sounding else self.silences).append((since, loop.time()))
                sounding, since = not sounding, loop.time()

    def heard_s(self, since: float, until: float) -> float:
        """For how long something was heard in between."""
        return sum(max(0.0, min(end, until) - max(begin, since)) for begin, end in self.sounds)


async def settled(at: Held) -> None:
    """Until the agent has listened for a while."""
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    while loop.time() < quiet_since + SETTLED_S:
        if at.call._parts.silence.state != "listening":
            quiet_since = loop.time()
        await asyncio.sleep(_TICK_S)


@pytest.mark.parametrize("holding", schedules(), ids=str)
@virtual_time
async def test_given_a_reply_that_is_held_back_then_the_caller_hears_something_in_time_and_in_the_end_an_answer_or_why_not(
    holding: Holding, tmp_path: Path
) -> None:
    asked = holding.times
    guard = Slow(["swordfish"], deadline_s=holding.deadline_s, chance=random.Random(holding.seed))
    asks = Words([], place="input", after_s=holding.heard_s, deadline_s=10, name="asks")
    async with held(tmp_path, holding.play, guard, asks, microphone=False) as at:
        await at.until(lambda: at.said == [HELLO])
        guard.most_s = holding.guard_s
        ear, turn = Ear(at), asyncio.get_running_loop().time()
        listening = asyncio.ensure_future(ear.run())
        at.write("Where is my order?")
        await asyncio.sleep(_TICK_S)
        await settled(at)
        listening.cancel()
    first, *others = ear.silences
    assert first[1] - turn <= FIRST_S, f"nothing is heard until {first[1] - turn:.2f}"
    for since, until in others:
        assert until - since <= BETWEEN_S, f"silence from {since - turn:.2f} to {until - turn:.2f}"
    _answered_in_time(at, turn)
    _given_up_for_a_reason(at, ear)
    assert asked - holding.times <= 1 + max(RETRIES, TRIES + 1), "not for ever"
    assert "swordfish" not in "".join(at.said)


def _answered_in_time(at: Held, turn: float) -> None:
    """By the model, however little of it, or with a reason; and a reason is the last word."""
    waits_since, told = turn, False
    swapped = any(fired.action == "swap the line" for fired in at.of(journal.WatchdogFired))
    within_s = ANSWER_S + (ANEW_S if swapped else 0) + 2 * _TICK_S
    for said in at.of(journal.AgentSaid)[1:]:
        ours = said.item.startswith("announcement")
        if ours and said.text not in TOLD:
            continue
        assert said.started_ms / 1000 - waits_since <= within_s, f"too late: {said}"
        assert not told, f"after the last word: {said}"
        waits_since, told = said.at / 1000, ours
    assert waits_since > turn, "no answer at all"


def _given_up_for_a_reason(at: Held, ear: Ear) -> None:
    """An answer of which something is heard is not given up for want of a sound."""
    for fired in at.of(journal.WatchdogFired):
        if fired.reason == f"nothing of an answer is heard for {ANSWER_S:.0f} s":
            until = fired.at / 1000
            ours = [said for said in at.of(journal.AgentSaid) if said.item.startswith("announcement")]
            words_s = sum(said.heard_ms / 1000 for said in ours if until - ANSWER_S < said.at / 1000 <= until)
            assert ear.heard_s(until - ANSWER_S, until) <= words_s + 4 * _TICK_S, "something of it was heard"
