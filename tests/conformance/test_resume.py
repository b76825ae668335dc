"""A call whose worker dies, on virtual time: another goes on with it as it stood."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.stage import Stage, staged
from tests.virtual_time import virtual_time
from worker.journal.replay import Past, replay
from worker.line.memory import Called, Entry, Returned, Said

SORRY = "Sorry, I lost you for a moment."


def hint(stage: Stage) -> str:
    """What the model was told for its first reply in the new worker."""
    return next(asked.instructions for asked in reversed(stage.given) if "The line broke" in asked.instructions)


@virtual_time
async def test_given_a_worker_that_dies_in_mid_reply_then_the_agent_goes_on_from_what_was_heard(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("Tell me all about your shop.")
        await stage.speaking()
        await stage.until(lambda: stage.notes.moment and stage.notes.moment["heard_ms"] > 3000)
        await stage.crash()
        await stage.answered(3)
        [cut, sorry] = stage.of("agent.said")[1:]
        assert cut["interrupted"]
        assert cut["text"]
        assert sorry["text"] == SORRY
        assert f'"{cut["text"]}"' in hint(stage)
        assert stage.of("call.resumed")[0]["gap_ms"] == 2000
        stage.say("Thank you.")
        await stage.answered(4)
        assert stage.said[-1] == "You said: Thank you."
        assert stage.heard == ["Tell me all about your shop.", "Thank you."]
        assert "Tell me all about your shop." in stage.known, "the new session knows what was said"
        assert cut["text"] in stage.known


@virtual_time
async def test_given_a_worker_that_dies_with_a_turn_unanswered_then_it_is_answered(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("Thank you.")
        await stage.until(lambda: stage.heard == ["Thank you."])
        await stage.crash()
        await stage.answered(2)
        assert "answer what they said last" in hint(stage)
        assert "Thank you." in stage.known


@virtual_time
async def test_given_a_worker_that_dies_while_the_caller_speaks_then_they_are_asked_to_say_it_again(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("Thank you.")
        await stage.until(lambda: stage.notes.moment and stage.notes.moment["caller_speaks"])
        await stage.crash()
        await stage.answered(2)
        assert "ask them to say again" in hint(stage)


@virtual_time
async def test_given_a_worker_that_dies_when_all_is_said_then_the_caller_hears_that_somebody_is_there(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        await stage.crash()
        await stage.answered(2)
        assert stage.said[-1] == SORRY
        assert "You were saying" in hint(stage)


@virtual_time
async def test_given_a_worker_that_dies_while_a_tool_reads_then_it_reads_again_and_its_result_is_told(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("When are you open?")
        await stage.until(lambda: stage.of("tool.called"))
        await stage.crash()
        await stage.until(lambda: any("nine to five" in said for said in stage.said))
        assert len(stage.of("tool.finished")) == 1
        assert SORRY in stage.said
        assert "still at it" in hint(stage)


@virtual_time
async def test_given_a_tool_whose_arguments_were_not_kept_whole_then_it_is_not_run_again_and_the_agent_knows(
    tmp_path: Path,
) -> None:
    def masked(stands: dict[str, Any]) -> dict[str, Any]:
        return {**stands, "running": [{**run, "whole": False} for run in stands["running"]]}

    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("When are you open?")
        await stage.until(lambda: stage.of("tool.called"))
        await stage.crash(kept=masked)
        await stage.until(lambda: SORRY in stage.said)
        await stage.rest()
        [finished] = stage.of("tool.finished")
        assert "Nobody knows" in finished["output"]
        assert not any("nine to five" in said for said in stage.said)


@virtual_time
async def test_given_guards_and_a_turn_that_nobody_knows_to_have_passed_then_it_is_asked_for_again_and_not_answered(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("Thank you.")
        await stage.until(lambda: stage.heard == ["Thank you."])
        await stage.crash(screens=True)
        await stage.answered(2)
        assert "ask them to say again" in hint(stage)
        assert "Thank you." not in stage.known


@pytest.mark.parametrize("moment", ["handoff.decided", "handoff.done"])
@virtual_time
async def test_given_a_worker_that_dies_at_a_handoff_then_the_next_agent_has_the_call(
    tmp_path: Path, moment: str
) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("I have a question about my bill.")
        await stage.until(lambda: stage.of(moment))
        await stage.crash()
        await stage.until(lambda: SORRY in stage.said)
        assert stage.of("agent.said")[-1]["agent"] == "billing"
        assert "BILLING" in stage.given[-1].instructions
        assert len(stage.of("handoff.decided")) == len(stage.of("handoff.done")) == 1
        assert stage.of("call.resumed")[0]["agent"] == "billing"
        assert stage.of("agent.said")[-1]["epoch"] == 1


@virtual_time
async def test_given_two_workers_that_die_then_what_was_said_before_is_known_and_paid_for(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        stage.say("When does order 1042 arrive?")
        await stage.answered(2)
        await stage.crash()
        await stage.answered(3)
        await stage.crash()
        await stage.answered(4)
        assert "Order 1042 arrives on Friday." in stage.known
        assert "order number: 1042" in stage.known.lower() or "order 1042" in stage.known, "it can be pointed at"
        costs = [event for event in stage.of("cost.updated") if event["cost"]]
        assert costs[-1]["total"] == pytest.approx(sum(event["cost"] for event in costs))


def told(entries: tuple[Entry, ...]) -> list[tuple[str, ...]]:
    """Without what the journal does not tell: ids, and notes of ours."""
    found = list[tuple[str, ...]]()
    for entry in entries:
        match entry:
            case Said(_, role, text) if role != "system":
                found.append((role, text))
            case Called(_, call_id, name, arguments):
                found.append((call_id, name, arguments.replace(" ", "")))
            case Returned(_, call_id, name, output):
                found.append((call_id, name, output))
    return found


def past(stage: Stage) -> Past:
    found = replay(stage.journal, lambda _, __: "all")
    assert found
    return found


@pytest.mark.parametrize("seed", range(6))
@virtual_time
async def test_given_any_call_when_its_journal_is_replayed_then_it_remembers_what_the_call_does(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    phrases = [
        "Thank you.",
        "When does order 1042 arrive?",
        "When are you open?",
        "I want to return a lamp.",
        "I have a question about my bill.",
        "Tell me all about your shop.",
    ]
    async with staged(tmp_path, "openai") as stage:
        await stage.answered(1)
        for _ in range(4):
            stage.say(dice.choice(phrases))
            await stage.until(lambda: not stage.waiting)
            if dice.random() < 0.5:  # over the answer, or while a tool runs
                await stage.until(lambda: stage.room.shown.get("lk.agent.state") != "listening")
                stage.write("Never mind.")
            await stage.rest()
            memory = stage.call._line._memory  # what it is told apart by is not the caller's to see
            assert told(past(stage).memory.entries()) == told(memory.entries()), stage.transcript()


@pytest.mark.parametrize("provider", ["azure legacy", "gemini", "vertex"])
@virtual_time
async def test_given_any_provider_when_a_worker_dies_then_its_model_goes_on(tmp_path: Path, provider: str) -> None:
    async with staged(tmp_path, provider) as stage:
        await stage.answered(1)
        stage.say("Thank you.")
        await stage.answered(2)
        stage.say("Tell me all about your shop.")
        await stage.speaking()
        await stage.until(lambda: stage.notes.moment and stage.notes.moment["heard_ms"] > 2000)
        await stage.crash()
        await stage.until(lambda: SORRY in stage.said)
        cut = next(event for event in stage.of("agent.said") if event["interrupted"])
        await stage.rest()
        assert cut["text"] in stage.known
        assert "You said: Thank you." in stage.known
        stage.say("When does order 1042 arrive?")
        await stage.until(lambda: any("arrives on Friday" in said for said in stage.said))
