"""What callers say and write, judged before anybody answers it; and what tools are called with."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.tones import tone
from tests.guarded_call import Held, Words, a_team, held, recite
from tests.guarded_tools import PERSON
from tests.simulators.openai_realtime.script import SAMPLE_RATE, Asked, CallTool, Pace, Step
from tests.virtual_time import virtual_time
from worker.journal import events as journal

pytestmark = pytest.mark.parts

HELLO, FINE = "Good day, how can I help you?", "I see to that at once."
CARD, MASKED = "My card is 4111 1111 1111 1111.", "My card is [card number]."


def play(asked: Asked) -> Sequence[Step]:
    return [recite(FINE)] if len(asked.items) > 1 or "said last" in asked.instructions else [recite(HELLO)]


async def greeted(at: Held) -> None:
    await at.until(lambda: at.said == [HELLO])


async def speak(at: Held) -> None:
    """The caller says something; what, the transcript says."""
    at.say(tone(400, 900, SAMPLE_RATE).tobytes())
    await at.until(lambda: len(at.given) == 2)


@virtual_time
async def test_given_what_a_caller_wrote_that_is_blocked_then_the_model_is_told_so_and_not_what(tmp_path: Path) -> None:
    guard = Words(["4111"], place="input", after_s=0.5, instead="Please name no card.")
    async with held(tmp_path, play, guard) as at:
        await greeted(at)
        at.write(CARD)
        await at.until(lambda: len(at.said) == 2)
    assert "4111" not in at.known()
    assert 'a word. Tell them: "Please name no card."' in at.given[-1].instructions
    assert [event.text for event in at.of(journal.UserWrote)] == [CARD]
    assert at.blocked == [("words", "block", "a word")]
    assert len(at.given) == 2


@virtual_time
async def test_given_what_a_caller_wrote_that_is_rewritten_then_the_model_knows_it_as_it_was_rewritten(
    tmp_path: Path,
) -> None:
    async with held(tmp_path, play, Words(["4111"], "rewrite", "input", 0.5, instead=MASKED)) as at:
        await greeted(at)
        at.write(CARD)
        await at.until(lambda: len(at.said) == 2)
    assert "4111" not in at.known()
    assert at.known().count(MASKED) == 1


@virtual_time
async def test_given_words_that_pass_then_they_are_answered_once_they_have(tmp_path: Path) -> None:
    async with held(tmp_path, play, Words(["4111"], place="input", after_s=0.5)) as at:
        await greeted(at)
        at.write("Where is my order?")
        await asyncio.sleep(0.4)
        assert len(at.given) == 1
        await at.until(lambda: len(at.said) == 2)
    assert at.known().count("Where is my order?") == 1


@virtual_time
async def test_given_what_a_caller_said_that_is_blocked_then_it_is_taken_from_the_model(tmp_path: Path) -> None:
    async with held(tmp_path, play, Words(["4111"], place="input", after_s=0.5), understood=CARD) as at:
        await greeted(at)
        await speak(at)
        await at.until(lambda: len(at.said) == 2)
    assert "4111" not in at.known()
    assert [item["role"] for item in at.given[1].items] == ["assistant"]
    assert "withheld from you: a word" in at.given[1].instructions


@virtual_time
async def test_given_what_a_caller_said_that_is_rewritten_then_it_stands_there_in_writing(tmp_path: Path) -> None:
    guard = Words(["4111"], "rewrite", "input", 0.5, instead=MASKED)
    async with held(tmp_path, play, guard, understood=CARD) as at:
        await greeted(at)
        await speak(at)
        await at.until(lambda: len(at.said) == 2)
    assert "4111" not in at.known()
    assert at.known().count(MASKED) == 1


@pytest.mark.parametrize("transcript_ms", [100, 60_000])
@virtual_time
async def test_given_words_that_are_not_known_then_the_caller_is_asked_again(
    tmp_path: Path, transcript_ms: int
) -> None:
    """The transcript fails, or does not come."""
    pace = Pace(transcript_ms=transcript_ms)
    async with held(tmp_path, play, Words(["4111"], place="input"), understood=None, pace=pace) as at:
        await greeted(at)
        await speak(at)
        await at.until(lambda: len(at.said) == 2)
    assert [item["role"] for item in at.given[1].items] == ["assistant"]
    assert "was not understood" in at.given[1].instructions
    assert at.blocked == [("transcript", "block", "no transcript")]


@virtual_time
async def test_given_words_that_a_person_is_to_answer_then_the_caller_hears_of_that(tmp_path: Path) -> None:
    team = a_team(when_person_needed="tests.guarded_tools.person")
    async with held(tmp_path, play, Words(["help"], "hand_over", "input"), team=team) as at:
        await greeted(at)
        at.write("I need help.")
        await at.until(lambda: len(at.said) == 2)
    assert f'Say only: "{PERSON}"' in at.given[1].instructions
    assert len(at.given) == 2


@virtual_time
async def test_given_a_number_that_a_person_is_to_see_to_then_the_caller_hears_of_that(tmp_path: Path) -> None:
    """More of it is waited for no longer."""
    team = a_team(when_person_needed="tests.guarded_tools.person")
    guard = Words(["4111"], "hand_over", "input", 0.5)
    async with held(tmp_path, play, guard, team=team, understood=CARD) as at:
        await greeted(at)
        await speak(at)
        await at.until(lambda: len(at.said) == 2)
    assert "4111" not in at.known()
    assert f'Say only: "{PERSON}"' in at.given[-1].instructions
    assert len(at.given) == 2


def refunding(asked: Asked) -> Sequence[Step]:
    if asked.result:
        return [recite(FINE)]
    return [CallTool("refund", '{"order": "7", "amount": 500}')] if asked.said else [recite(HELLO)]


@pytest.mark.parametrize(
    ("guard", "output"),
    [
        (
            Words(["500"], "block", "tool"),
            "Not done, and nothing has changed: it may not be called like this (a word).",
        ),
        (Words(["500"], "rewrite", "tool", arguments={"order": "7", "amount": 50}), "50 pounds are on their way back"),
        (Words(["500"], "rewrite", "tool"), "Not done, and nothing has changed"),
        (Words(["500"], "warn", "tool"), "500 pounds are on their way back"),
        (Words(["500"], "hand_over", "tool"), f'Tell the caller: "{PERSON}"'),
        (Words(["500"], "warn", "tool", after_s=9, deadline_s=0.5), "(no verdict in 0.5 s)"),
    ],
)
@virtual_time
async def test_given_a_tool_call_then_it_is_made_as_the_guards_let_it_be(
    tmp_path: Path, guard: Words, output: str
) -> None:
    tools = {"tools": [{"tool": "tests.guarded_tools.refund", "effect": "write"}]}
    team = a_team(alfa=tools, when_person_needed="tests.guarded_tools.person")
    async with held(tmp_path, refunding, guard, team=team) as at:
        await greeted(at)
        at.write("Give me my money back.")
        await at.until(lambda: len(at.said) == 2)
    told = [event.output for event in at.of(journal.ToolFinished) if event.tool == "refund"]
    assert len(told) == 1
    assert output in told[0]
    assert told[0] in str(at.given[-1].last)
    done = at.call._orchestrator.facts.get("refunds", [])
    assert bool(done) == ("on their way" in told[0])
    assert [passage.arguments for passage in guard.asked] == [{"order": "7", "amount": 500}]
