"""Calls whose model says what nobody may hear."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.gate.voices import Lead, samples
from tests.guarded_call import PACE, Held, Words, a_team, held, recite
from tests.guarded_tools import PERSON
from tests.simulators.openai_realtime.script import Asked, CallTool, Recite, Script, Step
from tests.virtual_time import virtual_time
from worker.gate import guarding
from worker.gate.guard import Finding, Passage
from worker.gate.instead import TRIES
from worker.journal import events as journal

pytestmark = pytest.mark.parts

HELLO = "Good day, how can I help you?"
FINE, SECRET, MORE = "Your order is on its way.", "The password is swordfish.", "Is there anything else?"
MOMENT = "One moment, please."
SAFELY = "I may not tell you that."
BLOCKED = "I am sorry, I cannot say anything about that."


def saying(*steps: Step, then: Sequence[Step] = (recite(SAFELY),)) -> Script:
    """A greeting; to whatever the caller says, these; when something of it was withheld, `then`."""

    def play(asked: Asked) -> Sequence[Step]:
        if "withheld" in asked.instructions or "Say only" in asked.instructions:
            return then
        return steps if asked.said else [recite(HELLO)]

    return play


async def answered(at: Held, messages: int, said: str = "Where is my order?") -> None:
    """To the greeting, and to what the caller then writes."""
    await at.until(lambda: at.said == [HELLO])
    at.write(said)
    await at.until(lambda: len(at.said) == messages)
    await asyncio.sleep(8)
    assert len(at.said) == messages, at.said


def whole(*messages: str) -> int:
    """Samples of their first sentences."""
    return sum(samples(text, PACE) for text in messages)


@pytest.mark.parametrize("lead", ["before", "ahead", "step", "after"])
@pytest.mark.parametrize("speed", [1.0, 3.0, 20.0])
@virtual_time
async def test_given_a_sentence_that_is_blocked_then_the_one_before_it_is_heard_whole_and_the_model_goes_on_without(
    tmp_path: Path, lead: Lead, speed: float
) -> None:
    play = saying(recite(FINE, SECRET, MORE, lead=lead, speed=speed))
    waits = [MOMENT] if (lead, speed) == ("after", 1.0) else []  # so long that the silence is filled
    async with held(tmp_path, play, Words(["swordfish"], after_s=0.3)) as at:
        await answered(at, 3 + len(waits))
    assert at.said == [HELLO, *waits, FINE, SAFELY]
    assert [at.room.shown[event.item] for event in at.of(journal.AgentSaid)] == at.said
    assert at.samples(0) == whole(HELLO, FINE, SAFELY)
    assert at.samples(1) == at.samples(2) == 0
    assert at.blocked == [("words", "block", "a word")]
    assert f'They have heard this much: "{FINE}"' in at.given[-1].instructions
    [kept_ms] = at.kept_ms
    assert 0 < kept_ms - 100 - len(FINE) / PACE * 1000 < 250, "up to somewhere in the pause between the two"
    assert len(at.of(journal.WatchdogFired)) == len(waits)


@virtual_time
async def test_given_a_first_sentence_that_is_blocked_then_nothing_of_the_message_is_heard_or_remembered(
    tmp_path: Path,
) -> None:
    async with held(tmp_path, saying(recite(SECRET, MORE)), Words(["swordfish"])) as at:
        await answered(at, 2)
    assert at.said == [HELLO, SAFELY]
    assert at.samples(1) == 0
    assert "swordfish" not in at.known()
    assert "They have heard nothing of them." in at.given[-1].instructions
    assert "swordfish" not in str(at.events)


class Crashing(Words):
    async def judge(self, passage: Passage) -> Finding | None:
        if "swordfish" in passage.text:
            raise RuntimeError("scripted")
        return None


class Hanging(Words):
    async def judge(self, passage: Passage) -> Finding | None:
        if "swordfish" in passage.text:
            await asyncio.Event().wait()
        return None


class Hesitant(Words):
    async def judge(self, passage: Passage) -> Finding | None:
        await asyncio.sleep(5 if "swordfish" in passage.text else 0)
        return None


@pytest.mark.parametrize(
    ("guard", "why"), [(Crashing, "the guard failed: RuntimeError"), (Hanging, "no verdict in 0.5 s")]
)
@virtual_time
async def test_given_a_guard_that_has_no_verdict_then_the_sentence_is_blocked(
    tmp_path: Path, guard: Callable[..., Words], why: str
) -> None:
    async with held(tmp_path, saying(recite(FINE, SECRET)), guard([], deadline_s=0.5)) as at:
        await answered(at, 3)
    assert at.said == [HELLO, FINE, SAFELY]
    assert at.samples(1) == 0
    assert at.blocked == [("words", "block", why)]


@virtual_time
async def test_given_a_model_that_insists_then_it_is_asked_twice_more_and_says_a_sentence_of_ours(
    tmp_path: Path,
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if "Say only" in asked.instructions:
            return [recite(BLOCKED)]
        return [recite(SECRET)] if asked.said else [recite(HELLO)]

    async with held(tmp_path, play, Words(["swordfish"])) as at:
        await answered(at, 2)
        assert len(at.given) == 1 + 1 + TRIES + 1
        assert f'Say only: "{BLOCKED}"' in at.given[-1].instructions
        at.write("Why?")
        await at.until(lambda: len(at.given) == 2 * (1 + TRIES + 1) + 1)
    assert at.said[:2] == [HELLO, BLOCKED]
    assert at.samples(0) >= whole(HELLO, BLOCKED)
    choices = [
        event["response"].get("tool_choice") for event in at.provider.received() if event["type"] == "response.create"
    ]
    assert choices[: 1 + 1 + TRIES + 1] == [None] * (1 + 1 + TRIES) + ["none"]


@virtual_time
async def test_given_a_model_that_does_not_even_say_our_sentence_then_another_voice_does(tmp_path: Path) -> None:
    guard = Words(["swordfish"], instead="Please ask my colleagues.")
    async with held(tmp_path, saying(recite(SECRET), then=[recite(SECRET)]), guard) as at:
        await answered(at, 2)
        at.write("Hm.")
        await at.until(lambda: len(at.said) == 3)
    assert at.said == [HELLO, "Please ask my colleagues.", "Please ask my colleagues."]
    assert at.samples(0) == whole(HELLO), "it was not the model"


@virtual_time
async def test_given_a_model_that_fails_to_say_our_sentence_then_another_voice_does(tmp_path: Path) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if "Say only" in asked.instructions:
            return []
        return [recite(SECRET)] if asked.said else [recite(HELLO)]

    async with held(tmp_path, play, Words(["swordfish"])) as at:
        await answered(at, 2)
    assert at.said == [HELLO, BLOCKED]
    assert [event.action for event in at.of(journal.WatchdogFired)] == ["say it without a model"]


@virtual_time
async def test_given_a_caller_who_interrupts_what_is_held_then_they_are_answered_and_nothing_of_it_comes_back(
    tmp_path: Path,
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if asked.said == "No, wait.":
            return [recite(MORE)]
        return [recite(SECRET, FINE)] if asked.said else [recite(HELLO)]

    async with held(tmp_path, play, Words(["swordfish"], after_s=1.5)) as at:
        await at.until(lambda: at.said == [HELLO])
        at.write("Where is my order?")
        await at.until(lambda: len(at.given) == 2)
        await asyncio.sleep(1)
        at.write("No, wait.")
        await at.until(lambda: len(at.said) == 2)
        await asyncio.sleep(8)
    assert at.said == [HELLO, MORE]
    assert len(at.given) == 3
    assert "swordfish" not in at.known()
    assert at.samples(1) == 0


@virtual_time
async def test_given_a_line_that_is_lost_while_words_are_held_then_the_next_session_hears_nothing_of_them(
    tmp_path: Path,
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if "Go on from there" in asked.instructions:
            return [recite(MORE)]
        return [recite(FINE, SECRET, FINE, lead="before", speed=1.5)] if asked.said else [recite(HELLO)]

    async with held(tmp_path, play, Hesitant([], deadline_s=8)) as at:
        await at.until(lambda: at.said == [HELLO])
        at.write("Where is my order?")
        await at.until(lambda: len(at.given) == 2)
        await asyncio.sleep(1.5)
        at.provider.connections[-1].cut()
        await at.until(lambda: len(at.said) == 3)
        await asyncio.sleep(5)
    assert at.said == [HELLO, FINE, MORE]
    assert f'The caller has heard this much: "{FINE}"' in at.given[-1].instructions
    assert "swordfish" not in at.known()
    assert at.samples(1) == 0


@virtual_time
async def test_given_a_tool_that_a_blocked_reply_asked_for_then_it_runs(tmp_path: Path) -> None:
    steps = (recite(SECRET), CallTool("refund", '{"order": "7", "amount": 5}'))

    def play(asked: Asked) -> Sequence[Step]:
        if asked.result:
            return [recite(SAFELY)]
        return steps if asked.said else [recite(HELLO)]

    team = a_team(alfa={"tools": ["tests.guarded_tools.refund"]})
    async with held(tmp_path, play, Words(["swordfish"], after_s=1.0), team=team) as at:
        await answered(at, 2)
    assert at.said == [HELLO, SAFELY]
    assert len(at.of(journal.ToolFinished)) == 1


@virtual_time
async def test_given_sound_without_words_then_nobody_hears_it_and_the_reply_is_asked_for_again(tmp_path: Path) -> None:
    replies = [recite(SAFELY), Recite(recite(SECRET).pcm, [])]

    def play(asked: Asked) -> Sequence[Step]:
        return [replies.pop()] if asked.said else [recite(HELLO)]

    async with held(tmp_path, play, Words(["xyz"])) as at:
        await answered(at, 2)
    assert at.said == [HELLO, SAFELY]
    assert at.samples(0) == whole(HELLO, SAFELY)
    assert at.blocked == [("transcript", "block", "no transcript")]
    assert [event.action for event in at.of(journal.WatchdogFired)] == ["ask again"]


@virtual_time
async def test_given_a_guard_that_warns_then_all_is_heard_and_the_journal_says_so(tmp_path: Path) -> None:
    async with held(tmp_path, saying(recite(FINE, SECRET)), Words(["swordfish"], "warn")) as at:
        await answered(at, 2)
    assert at.said == [HELLO, f"{FINE} {SECRET}"]
    assert at.blocked == [("words", "warn", "a word")]


@virtual_time
async def test_given_a_guard_that_rewrites_then_the_model_is_asked_to_say_it_otherwise(tmp_path: Path) -> None:
    guard = Words(["swordfish"], "rewrite", instead="name no password")
    async with held(tmp_path, saying(recite(FINE, SECRET)), guard) as at:
        await answered(at, 3)
    assert at.said == [HELLO, FINE, SAFELY]
    assert "without it: name no password" in at.given[-1].instructions


@pytest.mark.parametrize(("hook", "said"), [("person", PERSON), ("broken", BLOCKED), (None, BLOCKED)])
@virtual_time
async def test_given_a_guard_that_hands_over_then_the_caller_hears_what_the_team_has_to_say(
    tmp_path: Path, hook: str | None, said: str
) -> None:
    def play(asked: Asked) -> Sequence[Step]:
        if f'Say only: "{said}"' in asked.instructions:
            return [recite(said)]
        return [recite(FINE, SECRET)] if asked.said else [recite(HELLO)]

    team = a_team(when_person_needed=hook and f"tests.guarded_tools.{hook}")
    async with held(tmp_path, play, Words(["swordfish"], "hand_over"), team=team) as at:
        await answered(at, 3)
    assert at.said == [HELLO, FINE, said]
    assert at.blocked == [("words", "hand_over", "a word")]
    assert len(at.of(journal.ToolFinished)) == bool(hook)


@virtual_time
async def test_given_no_guards_then_nothing_stands_between_the_model_and_the_gate(tmp_path: Path) -> None:
    with patch.object(guarding, "Checking", side_effect=AssertionError("nobody is to be asked")):
        async with held(tmp_path, saying(recite(FINE, SECRET))) as at:
            assert at.call._parts.replies._gate is at.call._gate
            await answered(at, 2)
    assert at.said == [HELLO, f"{FINE} {SECRET}"]


@virtual_time
async def test_given_guards_that_watch_something_else_then_nothing_is_held(tmp_path: Path) -> None:
    async with held(tmp_path, saying(recite(FINE, SECRET)), Words(["swordfish"], place="tool", after_s=100)) as at:
        await answered(at, 2)
        assert at.of(journal.AgentSaid)[1].latency_ms < 500
    assert at.said == [HELLO, f"{FINE} {SECRET}"]
