"""What a call makes of what its caller shows: whose turn it is, what the model has before it, and what is kept."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents import context
from agents.showing import ShowingSpec
from agents.spec import AgentSpec, TeamSpec
from tests.conformance.script import LONG
from tests.conformance.stage import TEAM, Stage, staged
from tests.guarded_call import Words
from tests.simulators.chat import Answer, Pause, Refuse, Script, ScriptedLLM, in_turn
from tests.test_sub_agents import Scripted
from tests.virtual_time import virtual_time
from worker.room.events import Sending, Shown, Warned
from worker.showing import ON_ITS_WAY_S, READ_S, WORDS_S

pytestmark = pytest.mark.parts

THANKS, LAMP, SHOP = "Thank you.", "I want to return a lamp.", "Tell me all about your shop."
SEEN = "Thank you for showing me."


def team(*, blind: tuple[str, ...] = (), **changes: Any) -> TeamSpec:
    """The team of the conformance cases, where some do not look."""
    agents = {
        name: agent.model_copy(update={"sees": ()} if name in blind else {}) for name, agent in TEAM.agents.items()
    }
    return TEAM.model_copy(update={"agents": agents, **changes})


def trial(hold: Callable[[Stage, Path], Any], **options: Any) -> Callable[[Path], None]:
    """A call with the simulated OpenAI, on virtual time."""

    def test(tmp_path: Path) -> None:
        @virtual_time
        async def run() -> None:
            async with staged(tmp_path, "openai", **options) as at:
                await at.answered(1)
                try:
                    await hold(at, tmp_path)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{at.transcript()}") from error

        run()

    return test


async def _alone(at: Stage, _: Path) -> None:
    at.show(1)
    await at.answered(2)
    assert at.said[-1] == SEEN
    assert len(at.pictures) == 1
    [showed] = at.of("user.showed")
    assert (showed["ref"], showed["name"], showed["stream"]) == ("photo-1", "slip.jpg", "stream 1")


test_who_shows_something_and_says_nothing_is_answered = trial(_alone)


async def _written(at: Stage, _: Path) -> None:
    at.show(1)
    at.write("What is this?")
    await at.answered(2)
    assert at.said[-1] == "You said: What is this?"
    assert len(at.pictures) == 1
    asks = at.asks
    await asyncio.sleep(2 * WORDS_S)
    assert at.asks == asks


test_what_is_written_beside_it_is_one_turn_with_it = trial(_written)


async def _over_speech(at: Stage, _: Path) -> None:
    at.say(SHOP)
    await at.speaking()
    await asyncio.sleep(1)
    at.show(1)
    await at.answered(3)
    assert at.said[1:] == [LONG.strip(), SEEN], "it is heard to its end"
    assert not at.of("watchdog.fired")
    assert at.of("agent.said")[-1]["latency_ms"] < 2000 * WORDS_S, "nobody waited while they were spoken to"


test_a_picture_breaks_into_nothing_that_is_being_said = trial(_over_speech)


async def _waits(at: Stage, folder: Path) -> None:
    at.call.put(Sending("stream 1"))
    at.say(THANKS)
    await asyncio.sleep(ON_ITS_WAY_S - 0.5)
    assert at.asks == 1, "the answer waits for what was asked about"
    picture = at.show(1)
    await at.answered(2)
    assert at.said[-1] == SEEN
    assert at.pictures == [picture]


test_a_question_waits_for_a_picture_that_is_on_its_way = trial(_waits)


async def _never(at: Stage, _: Path) -> None:
    at.call.put(Sending("s"))
    at.say(THANKS)
    await asyncio.sleep(ON_ITS_WAY_S - 0.5)
    assert at.asks == 1
    await at.answered(2)
    assert at.said[-1] == f"You said: {THANKS}"


test_a_picture_that_does_not_come_is_not_waited_for_long = trial(_never)


async def _fails(at: Stage, _: Path) -> None:
    at.call.put(Sending("s"))
    at.say(THANKS)
    await asyncio.sleep(2)
    at.call.put(Warned("file.kind", "No.", "s"))
    await asyncio.sleep(0.5)
    assert at.asks == 2
    [warned] = at.of("call.warned")
    assert (warned["code"], warned["stream"]) == ("file.kind", "s")
    await at.answered(2)


test_a_picture_that_is_refused_is_not_waited_for_at_all = trial(_fails)


async def _blind(at: Stage, _: Path) -> None:
    picture = at.show(1)
    at.say(THANKS)
    await at.answered(2)
    assert at.pictures == []
    assert '[The caller shows photo-1, a file called "slip.jpg".] You cannot see it now.' in at.known
    at.say(LAMP)
    await at.answered(3)
    assert at.pictures == [picture]
    assert "You cannot see it now." not in at.known


test_who_does_not_look_is_given_no_picture_and_who_takes_over_and_looks_is = trial(
    _blind, team=team(blind=("reception",))
)


async def _lost(at: Stage, _: Path) -> None:
    at.show(1)
    at.say(THANKS)
    await at.answered(2)
    given = at.pictures
    at.service.cut()
    await at.until(lambda: at.of("line.restored"))
    at.write("And now?")
    await at.answered(3)
    assert at.sessions_used == 2
    assert at.pictures == given != []


test_the_next_session_has_the_pictures_before_it = trial(_lost)


async def _crashed(at: Stage, _: Path) -> None:
    picture = at.show(1)
    await at.answered(2)
    await asyncio.sleep(0.1)
    await at.crash()
    await at.answered(3)
    at.write("And now?")
    await at.answered(4)
    assert at.pictures == [picture]
    at.show(2)
    await at.answered(5)
    assert [event["ref"] for event in at.of("user.showed")] == ["photo-1", "photo-2"]
    assert len(at.pictures) == 2


test_the_next_worker_has_the_pictures_before_it = trial(_crashed, team=team(showing=ShowingSpec(keep=True)), keeps=True)


async def _crashed_without_files(at: Stage, _: Path) -> None:
    at.show(1)
    await at.answered(2)
    await at.crash()
    await at.answered(3)
    assert at.pictures == []
    assert '[The caller shows photo-1, a file called "slip.jpg".] You cannot see it now.' in at.known


test_the_next_worker_knows_of_pictures_that_are_not_kept = trial(_crashed_without_files)


async def _document(at: Stage, folder: Path) -> None:
    words = "Order 1042. " + "Green lamp. " * 100
    at.call.put(Shown("caller", "s", "order.pdf", (b"one", b"two"), words, pages=7))
    await asyncio.sleep(WORDS_S + 0.5)
    [showed] = at.of("user.showed")
    assert showed["ref"] == "document-1"
    assert showed["pages"] == 7
    assert showed["description"] == " ".join(words.split())[:300] + " …"
    assert list(showed["files"]) == ["document-1-page-1.jpg", "document-1-page-2.jpg", "document-1.txt"]
    kept = folder / "files/conformance"
    assert [(kept / name).read_bytes() for name in showed["files"]] == [b"one", b"two", words.encode()]


test_a_document_is_kept_page_by_page = trial(_document, team=team(showing=ShowingSpec(keep=True)), keeps=True)


async def _not_kept(at: Stage, folder: Path) -> None:
    at.show(1)
    await at.answered(2)
    assert at.of("user.showed")[0]["files"] == ()
    assert not (folder / "files").exists()


test_a_team_that_redacts_keeps_no_pictures = trial(_not_kept, keeps=True)


async def _cannot_be_kept(at: Stage, folder: Path) -> None:
    (folder / "files").write_text("in the way of the folder")
    at.show(1)
    await at.answered(2)
    assert [(event["code"], event["detail"]) for event in at.of("call.warned")] == [
        ("file.not_kept", "photo-1 could not be kept among the files.")
    ]


test_that_a_picture_cannot_be_kept_is_told = trial(
    _cannot_be_kept, team=team(showing=ShowingSpec(keep=True)), keeps=True
)


async def _checked(at: Stage, _: Path) -> None:
    picture = at.show(1)
    await at.answered(2)
    assert at.pictures == [picture], "the model sees it all the same"
    assert [event["description"] for event in at.of("picture.described")] == ['the text "7"']
    kinds = [event["type"] for event in at.of("picture.described", "agent.said")]
    assert kinds == ["agent.said", "picture.described", "agent.said"], "it is known before it is spoken of"
    assert 'the text "7"' in at.call._journaling.known.told()


test_what_guards_hold_an_answer_against_is_read_before_it_is_given = trial(_checked, guards=(Words(["lamp"]),))


async def _guarded(at: Stage, _: Path) -> None:
    at.call.put(Shown("caller", "s", "order.txt", (), "A green lamp.", pages=0))
    await at.answered(2)
    assert "green lamp" not in at.known
    assert [event["why"] for event in at.of("guard.blocked")] == ["a word"]


test_the_text_of_a_document_passes_the_guards_as_what_is_written_does = trial(
    _guarded, guards=(Words(["lamp"], "block", "input"),)
)


# ---- a model that takes no pictures

TOLD = '[The caller shows photo-1, a file called "slip.jpg".]'


def described(script: Script) -> dict[str, Any]:
    """The options of a call whose model takes no pictures, and whose team has somebody who does."""
    looker = AgentSpec(name="looker", instructions="You know lamps.", description="Looks at pictures.")
    agents = {**TEAM.agents, "looker": looker}
    return {
        "team": TEAM.model_copy(update={"agents": agents, "showing": ShowingSpec(described_by="looker")}),
        "change": lambda profile: replace(profile, images=False, watches=False),
        "text_models": {"looker": Scripted("test", "", "sees", scripted=ScriptedLLM(script))},
    }


async def _described(at: Stage, _: Path) -> None:
    at.show(1)
    at.say(THANKS)
    await at.answered(2)
    assert f"{TOLD} It shows this, in the words of looker, who has looked at it: A torn shade." in at.known
    assert not at.pictures
    [event] = at.of("picture.described")
    assert (event["ref"], event["by"], event["description"], event["failed"]) == (
        "photo-1",
        "looker",
        "A torn shade.",
        "",
    )
    kinds = [event["type"] for event in at.of("picture.described", "agent.said")]
    assert kinds == ["agent.said", "picture.described", "agent.said"], "the answer has waited for it"
    assert [event["agent"] for event in at.of("model.used")] == ["looker"], "it is in the bill"


test_a_model_that_takes_no_pictures_is_told_what_somebody_sees_who_can = trial(
    _described, **described(in_turn([Pause(2), Answer("A torn shade.")]))
)


async def _undescribed(at: Stage, _: Path) -> None:
    at.show(1)
    at.say(THANKS)
    await at.answered(2)
    assert f"{TOLD} It shows something that nobody could look at" in at.known
    [event] = at.of("picture.described")
    assert event["failed"] == "its model fails (status 401)"


test_and_that_a_picture_has_come_when_they_cannot_look = trial(_undescribed, **described(in_turn([Refuse(401)])))


async def _late(at: Stage, _: Path) -> None:
    at.show(1)
    at.say(THANKS)
    await at.answered(3)
    assert at.said[1:] == ["One moment, please.", f"You said: {THANKS}"]
    [shown], [word] = at.of("user.showed"), at.of("watchdog.fired")
    assert word["at"] < shown["at"] + 1000 * READ_S, "while it is looked at"
    assert context.unseen_yet(TOLD) in at.known, "an answer that waits no longer knows what it does not know"
    assert not at.of("picture.described")
    await at.answered(4)
    assert "A torn shade" in at.known


test_and_when_they_take_their_time_it_is_told_so_and_the_rest_later = trial(
    _late, **described(in_turn([Pause(READ_S + 8), Answer("A torn shade.")]))
)


async def _crashed_blind(at: Stage, _: Path) -> None:
    at.show(1)
    await at.answered(2)
    await at.crash()
    at.write("What is on it?")
    await at.answered(3)
    assert f"{TOLD} It shows this, in the words of looker" in at.known


test_and_so_is_the_worker_that_goes_on_with_the_call = trial(
    _crashed_blind, **described(in_turn([Answer("A torn shade.")]))
)
