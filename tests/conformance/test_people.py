"""Several people in one call, on virtual time: whose words were whose, for the journal and for each model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conformance.stage import TEAM, Stage, staged
from tests.virtual_time import virtual_time
from worker.room.events import Came, Dialled, Gone, Replying, Typed

ALL = TEAM.model_copy(update={"linked": "all"})
_KEPT = {"person.came", "person.left", "user.said", "user.wrote", "user.dialled"}


@asynccontextmanager
async def two_people(folder: Path, *names: str) -> AsyncIterator[Stage]:
    """Anna calls, and is greeted; then Ben comes."""
    async with staged(folder, *names, team=ALL) as stage:
        stage.people["anna"] = bytearray()
        stage.call.put(Came("anna", "Anna"))
        await stage.answered(1)
        stage.people["ben"] = bytearray()
        stage.call.put(Came("ben", "<b>Ben</b>"))
        yield stage


@pytest.mark.parametrize("provider", ["openai", "azure legacy", "gemini"])
def test_given_two_people_then_the_model_and_the_journal_know_who_says_what(tmp_path: Path, provider: str) -> None:
    @virtual_time
    async def hold() -> None:
        async with two_people(tmp_path, provider) as stage:
            stage.say("Thank you.", "anna")
            await stage.answered(2)
            stage.say("Wait, that was not my question.", "ben")
            await stage.answered(3)
            stage.say("Thank you.", "ben")
            await stage.answered(4)
            said = [(event["participant"], event["text"]) for event in stage.of("user.said")]
            assert said == [("anna", "Thank you."), ("ben", "Wait, that was not my question."), ("ben", "Thank you.")]
            known = stage.known
            assert "bBen/b has joined the call" in known
            assert known.count("was said by Anna") == 1
            assert known.count("was said by bBen/b") == 1, "it is told when it changes"
            if provider != "gemini":  # which answers unasked: it is told in the next pause
                asked = next(asked for asked in stage.given if "was said by bBen" in str(asked.items))
                assert asked.said == "Wait, that was not my question."

    hold()


@virtual_time
async def test_given_a_caller_who_reads_when_another_joins_then_the_agent_speaks_again(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai", team=ALL) as stage:
        stage.people["anna"] = bytearray()
        stage.call.put(Came("anna", "Anna"))
        await stage.answered(1)
        stage.call.put(Replying("anna", "text"))
        stage.people["ben"] = bytearray()
        stage.call.put(Came("ben", "Ben"))
        stage.call.put(Replying("ben", "text"))
        stage.say("Thank you.", "ben")
        await stage.answered(2)
        assert [event["how"] for event in stage.of("replies.switched")] == ["text", "speech"]
        assert [event["code"] for event in stage.of("call.warned")] == ["replies.several"]
        assert not stage.of("agent.said")[-1]["as_text"]


@virtual_time
async def test_given_two_who_speak_at_once_then_it_is_one_turn_of_both(tmp_path: Path) -> None:
    async with two_people(tmp_path, "openai") as stage:
        stage.say("Thank you.", "anna")
        stage.say("Thank you.", "ben")
        await stage.answered(2)
        [said] = stage.of("user.said")
        assert {said["participant"], *said["together_with"]} == {"anna", "ben"}
        assert "who spoke at the same time" in stage.known


@virtual_time
async def test_given_anybody_who_speaks_over_a_reply_then_it_is_cut(tmp_path: Path) -> None:
    async with two_people(tmp_path, "openai") as stage:
        stage.say("Tell me all about your shop.", "anna")
        await stage.speaking()
        stage.say("Wait, that was not my question.", "ben")
        await stage.answered(3)
        assert [event["interrupted"] for event in stage.of("agent.said")] == [False, True, False]
        assert stage.of("user.said")[-1]["participant"] == "ben"


@virtual_time
async def test_given_a_line_that_is_lost_then_the_new_session_reads_who_said_what(tmp_path: Path) -> None:
    async with two_people(tmp_path, "openai") as stage:
        stage.say("Wait, that was not my question.", "ben")
        await stage.answered(2)
        stage.call.put(Typed("anna", "And on Sunday?"))
        await stage.answered(3)
        stage.service.cut()
        await stage.until(lambda: stage.of("line.restored"))
        stage.say("Thank you.", "ben")
        await stage.answered(4)
        assert "bBen/b: Wait, that was not my question." in stage.known
        assert "Anna: And on Sunday?" in stage.known
        assert stage.known.count("was said by bBen/b") == 1, "it is told anew to a session that has heard nobody"


@virtual_time
async def test_given_a_worker_that_dies_then_the_next_one_knows_everybody(tmp_path: Path) -> None:
    async with two_people(tmp_path, "openai") as stage:
        stage.say("Wait, that was not my question.", "ben")
        await stage.answered(2)
        stage.call.put(Dialled("anna", "4711", 0, 10))
        await stage.answered(3)
        stage.call.put(Gone("anna"))
        await stage.rest()
        known = [event for event in stage.events if event["type"] in _KEPT]
        await stage.crash()
        stage.call.put(Came("ben", "<b>Ben</b>"))
        await stage.rest()
        assert "bBen/b: Wait, that was not my question." in stage.known
        assert "Anna: On the telephone's keypad I have dialled: 4711" in stage.known
        assert "Anna has left the call. Still there: bBen/b." in stage.known
        assert [event for event in stage.events if event["type"] in _KEPT] == known, "nobody has come anew"


@virtual_time
async def test_given_one_caller_who_is_heard_then_no_names_are_told(tmp_path: Path) -> None:
    async with staged(tmp_path, "openai") as stage:
        stage.people["caller"] = bytearray()
        stage.call.put(Came("caller", "Anna"))
        await stage.answered(1)
        stage.say("Thank you.", "caller")
        await stage.answered(2)
        assert "Anna" not in stage.known
        assert not stage.of("person.came")
        assert stage.of("user.said")[0]["participant"] == "caller"
