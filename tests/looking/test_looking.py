"""What a call makes of the caller's camera and screen: what the model has before it, and what the journal tells."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import context
from agents.showing import ShowingSpec
from agents.spec import TeamSpec
from agents.turn_taking import SilenceSpec, TurnTakingSpec
from tests.conformance.stage import TEAM, Stage, staged
from tests.fakes import film
from tests.guarded_call import Words
from tests.simulators import tls
from tests.simulators.gemini_live.session import Session
from tests.simulators.openai_realtime.server import Provider
from tests.virtual_time import virtual_time
from worker.line import gemini_model
from worker.line.session_memory import FRAMES
from worker.looking.looking import KEPT_TURNS
from worker.looking.view import View
from worker.room.outbox import SEES

THANKS, LAMP = "Thank you.", "I want to return a lamp."
NOW = context.frame("screen")
PATIENT = TurnTakingSpec(silence=SilenceSpec(nudge_s=None))


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Gemini's client speaks nothing but TLS."""
    tls.write_bundle(tmp_path / "authorities.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    gemini_model._trusted.cache_clear()
    yield
    gemini_model._trusted.cache_clear()


def team(*, sees: tuple[str, ...] = ("images", "screen"), blind: tuple[str, ...] = (), **changes: Any) -> TeamSpec:
    """The team of the conformance cases, who look; but for some."""
    agents = {
        name: agent.model_copy(update={"sees": () if name in blind else sees}) for name, agent in TEAM.agents.items()
    }
    return TEAM.model_copy(update={"agents": agents, **changes})


def trial(hold: Callable[[Stage, Path], Any], provider: str = "openai", **options: Any) -> Callable[[Path], None]:
    """A call with a simulated provider, on virtual time."""

    def test(tmp_path: Path) -> None:
        @virtual_time
        async def run() -> None:
            async with staged(tmp_path, provider, **{"team": team(), **options}) as at:
                await at.answered(1)
                try:
                    await hold(at, tmp_path)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{at.transcript()}") from error

        run()

    return test


def frames(at: Stage) -> int:
    """How many the model has before it, in the session that holds the call."""
    simulator = at.service.simulator
    assert isinstance(simulator, Provider)
    items = simulator.connections[at.given[-1].connection].items()
    return sum(part["type"] == "input_image" for item in items for part in item.get("content") or [])


async def _at_this_moment(at: Stage, _: Path) -> None:
    at.camera.every_s = 0.1
    at.film("screen")
    await asyncio.sleep(5)
    at.say(THANKS)
    await at.answered(2)
    number = at.of("user.said")[-1]["ended_ms"] / 100
    shown = at.pictures
    seen = [event for event in at.of("frame.given") if event["why"] == "words"]
    assert len(seen) == 2, "at the beginning, and at the end"
    last = next(n for n in range(1000) if film(n) == shown[-1])
    assert number - 6 <= last <= number + 1, "the picture that was there as the caller ended"
    roles = [item.get("content", [{}])[0].get("text") for item in at.given[-1].items if item.get("role") == "user"]
    assert roles[-2] == NOW, "it is before what was said about it"
    assert at.said[-1] == f"You said: {THANKS}", "a frame is no turn"


test_what_is_said_is_answered_with_the_frame_of_its_moment = trial(_at_this_moment)


async def _written(at: Stage, _: Path) -> None:
    at.camera.every_s = 0.1
    at.film("screen")
    await asyncio.sleep(5)
    at.write("What is this?")
    number = at.camera.number
    await at.answered(2)
    last = next(n for n in range(1000) if film(n) == at.pictures[-1])
    assert last in (number, number + 1)


test_what_is_written_is_answered_with_the_frame_of_its_moment = trial(_written)


async def _ten_minutes(at: Stage, _: Path) -> None:
    at.camera.every_s = 1.0
    at.film("screen")
    most = 0
    for minute in range(10):
        at.muted = True
        for _second in range(0, 60, 10):
            await asyncio.sleep(10)
            most = max(most, frames(at))
        at.muted = False
        at.say(THANKS)
        await at.answered(minute + 2)
        assert len(at.pictures) <= 3
    given = len(at.of("frame.given"))
    assert 200 < given <= 0.5 * 660 + 3
    assert most == 3 == frames(at), "however many it was given"
    created = [message for message in at.service.simulator.received() if "'input_image'" in str(message)[:400]]
    assert len(created) == given


test_ten_minutes_of_film_leave_no_more_frames_with_the_model_than_the_team_wants = trial(
    _ten_minutes, team=team(turn_taking=PATIENT)
)


async def _nothing_changes(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(15)
    for number in range(2, 5):
        at.say(THANKS)
        await at.answered(number)
    assert len(at.of("frame.given")) == 1
    assert len(at.pictures) == 1


test_a_picture_that_stays_as_it_is_is_given_once = trial(_nothing_changes)


async def _unwatched(at: Stage, _: Path) -> None:
    at.film("camera")
    at.film("screen")
    await asyncio.sleep(1)
    assert at.camera.watched == {View("caller", "screen")}, "what nobody looks at is not even received"
    assert at.room.shown[SEES] == "screen"
    at.say(LAMP)
    await at.until(lambda: at.of("handoff.done"))
    await asyncio.sleep(5)
    assert at.camera.watched == frozenset()
    assert at.room.shown[SEES] == ""
    assert frames(at) == 0, "who took over looks at nothing"
    [stopped] = at.of("looking.stopped")
    assert (stopped["source"], stopped["reason"], stopped["frames"]) == ("screen", "unwatched", 1)


test_who_does_not_look_is_shown_nothing_and_nothing_is_received_for_them = trial(
    _unwatched, team=team(blind=("returns",))
)


async def _handed_over(at: Stage, _: Path) -> None:
    at.film("screen")
    at.say(LAMP)
    await at.until(lambda: at.of("handoff.done"))
    await asyncio.sleep(5)
    assert [event["ref"] for event in at.of("frame.given")] == ["screen-1", "screen-2"], "who has come sees it, too"
    assert not at.of("looking.stopped")
    assert len(at.of("looking.started")) == 1


test_who_takes_over_sees_what_is_there = trial(_handed_over)


async def _off(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    at.film("screen", on=False)
    await asyncio.sleep(1)
    assert at.camera.watched == frozenset()
    assert at.of("looking.stopped")[0]["reason"] == "off"
    for number in range(2, KEPT_TURNS + 3):
        assert frames(at) == 1, "one may ask what it was"
        at.write("And?")
        await at.answered(number)
    assert frames(at) == 0
    assert context.looked("screen") in at.known


test_what_was_seen_is_forgotten_some_turns_after_it_is_off = trial(_off)


async def _comes(at: Stage, _: Path) -> None:
    at.camera.opens_s = 1.5
    at.film("screen")
    at.write("What does it say?")
    await at.answered(2)
    assert len(at.pictures) == 1, "who turns it on asks about it"


test_a_question_waits_for_the_first_frame = trial(_comes)


async def _none_comes(at: Stage, _: Path) -> None:
    at.camera.covered = True
    at.film("screen")
    began = asyncio.get_running_loop().time()
    at.write("What does it say?")
    await at.answered(2)
    assert at.pictures == []
    assert asyncio.get_running_loop().time() - began < 10


test_and_not_for_long_if_none_comes = trial(_none_comes)


async def _by_eyes(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    at.say(THANKS)
    await at.answered(2)
    assert [event["ref"] for event in at.of("picture.described")] == ["screen-1"]
    assert f'{NOW} It shows the text "7" (its text and codes were read' in at.known
    assert at.pictures == []


test_a_model_that_takes_no_pictures_is_told_what_our_eyes_read = trial(_by_eyes, "azure legacy")


async def _checked(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    at.say(THANKS)
    await at.answered(2)
    assert len(at.pictures) == 1
    assert 'the text "7"' in at.call._journaling.known.told()


test_what_guards_hold_an_answer_against_is_read_here_too = trial(_checked, guards=(Words(["lamp"]),))


async def _gemini(at: Stage, _: Path) -> None:
    at.camera.every_s = 1.0
    at.film("screen")
    held = 0
    for number in range(5):
        at.muted = True
        for _second in range(0, 60, 15):
            await asyncio.sleep(15)
            session = at.service.simulator.connections[-1].session
            assert isinstance(session, Session)
            held = max(held, str(session.memory.contents).count("inlineData"))
        at.muted = False
        at.say(THANKS)
        await at.answered(number + 2)
    assert 100 < len(at.of("frame.given")) <= 330
    assert held <= FRAMES + 20, "a session that has seen enough is left in the next pause"
    assert at.of("line.switched")
    assert {event["why"] for event in at.of("line.switched")} == {"memory"}


test_gemini_forgets_by_a_new_session_once_it_has_seen_much = trial(_gemini, "gemini", team=team(turn_taking=PATIENT))


async def _lost(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    at.write("What is this?")
    await at.answered(2)
    given = at.pictures
    at.service.cut()
    await at.until(lambda: at.of("line.restored"))
    at.write("And now?")
    await at.answered(3)
    assert at.pictures == given != []


test_the_next_session_has_the_frames_before_it = trial(_lost)


async def _crashed(at: Stage, _: Path) -> None:
    at.film("screen")
    await asyncio.sleep(2)
    await at.crash()
    at.film("screen")
    await at.answered(2)
    assert [event["ref"] for event in at.of("frame.given")] == ["screen-1", "screen-2"]
    at.write("What is this?")
    await at.answered(3)
    assert len(at.pictures) == 1


test_the_next_worker_looks_anew = trial(_crashed)


@pytest.mark.parametrize(("keep", "kept"), [(True, True), (None, False), (False, False)])
def test_frames_are_kept_as_pictures_are(tmp_path: Path, *, keep: bool | None, kept: bool) -> None:
    async def hold(at: Stage, _: Path) -> None:
        at.film("screen")
        await asyncio.sleep(2)
        [event] = at.of("frame.given")
        assert (event["width_px"], event["height_px"], event["source"]) == (32, 32, "screen")
        assert event["files"] == (("screen-1.jpg",) if kept else ())

    trial(hold, team=team(showing=ShowingSpec(keep=keep)), keeps=True)(tmp_path)
    assert len(list(tmp_path.rglob("screen-1.jpg"))) == kept


async def _cannot_be_kept(at: Stage, folder: Path) -> None:
    (folder / "files").write_text("in the way of the folder")
    at.camera.every_s = 1.0
    at.film("screen")
    await asyncio.sleep(6)
    files = [event["files"] for event in at.of("frame.given")]
    assert len(files) > 1
    assert not any(files)
    assert [(event["code"], event["detail"]) for event in at.of("call.warned")] == [
        ("file.not_kept", "screen-1 could not be kept among the files.")
    ]


test_that_frames_cannot_be_kept_is_told_once = trial(
    _cannot_be_kept, team=team(showing=ShowingSpec(keep=True)), keeps=True
)
