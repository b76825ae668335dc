"""Callers by telephone in a real room, against a scripted provider: when they are greeted, what is known of them, and how
the line is hung up."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
import yaml
from livekit import rtc

from agents.context import established
from bench.tones import ALFA, BRAVO, FRAME_MS, frames, spoken
from tests.core.conftest import ROOT, House, Stage, agent_of, house_with, transcribe
from tests.core.test_core import only
from tests.phone import NUMBER, OURS, Phone
from tests.simulators.openai_realtime.script import Asked, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider
from tests.speech import RATE

pytestmark = pytest.mark.system
EXTENSION = "8041593"  # of a company's own telephones: by itself nothing that looks like a telephone number
GOODBYE_MS = 1500


@pytest.fixture(scope="module")
def telephone_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("telephone")
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text())
    team["facts"]["caller_number"] = {"description": "the number the caller calls from"}
    team["facts"]["customer"] = {"type": "integer", "description": "the number of the customer"}
    team |= {
        "limits": {"minutes_per_call": 0.1},
        "redact": ["phones", "digits"],
        "telephone": {"facts": {"caller_number": "sip.phoneNumber", "customer": "customer"}},
    }
    (folder / "team.yaml").write_text(yaml.safe_dump(team))
    with house_with([4], folder, BATON_TEAM=str(folder / "team.yaml"), PYTHONPATH=str(ROOT)) as house:
        yield house


@pytest.fixture
async def stage(telephone_house: House) -> AsyncIterator[Stage]:
    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(telephone_house.provider_port):
        yield Stage(telephone_house, provider)


def play(asked: Asked) -> Sequence[Step]:
    hz = {"ALFA": ALFA, "BRAVO": BRAVO}[agent_of(asked)]
    if "The call ends now" in asked.instructions:
        return [Say("sorry, goodbye", ms=GOODBYE_MS, hz=hz)]
    number = established(asked.instructions)["caller_number"]
    return [Say(f"you call from {number}", ms=900, hz=hz)]


BY_TELEPHONE = json.dumps({"team": "core", "by": "telephone"})  # as a rule has it


def phone(
    stage: Stage, *, metadata: str = "", number: str = NUMBER, opens_after_s: float = 0.0, offers: int = 1, **told: str
) -> Phone:
    settings = stage.house.environment
    return Phone(
        settings["LIVEKIT_URL"],
        settings["LIVEKIT_API_KEY"],
        settings["LIVEKIT_API_SECRET"],
        metadata=metadata,
        number=number,
        opens_after_s=opens_after_s,
        offers=offers,
        attributes=told,
    )


async def test_given_a_telephone_that_rings_until_there_is_a_voice_then_nothing_is_said_before_it_is_open(
    stage: Stage,
) -> None:
    async with phone(stage, opens_after_s=1.5) as caller:
        await caller.until(lambda: caller.opened_at is not None, 10, "our track, for which the bridge waits")
        await caller.answered(0)
        opened, greeted = caller.opened_at, caller.first_sound(0)
    assert opened is not None
    assert greeted is not None
    assert greeted > opened, "who picks up hears the greeting from its beginning"


async def test_given_a_goodbye_of_ours_then_it_is_heard_to_its_end_and_the_line_is_hung_up(stage: Stage) -> None:
    async with phone(stage) as caller:
        await caller.until(lambda: caller.hung_up is not None, 30, "the end")
        heard = caller.heard()
    assert caller.hung_up == rtc.DisconnectReason.PARTICIPANT_REMOVED
    assert frames(heard, RATE).count(ALFA) * FRAME_MS == pytest.approx(900 + GOODBYE_MS, abs=160)
    assert (await stage.ended(caller.room_name))[-1]["reason"] == "a limit was reached: minutes_per_call"


async def test_given_a_caller_who_hangs_up_then_the_call_is_over(stage: Stage) -> None:
    async with phone(stage) as caller:
        await caller.answered(0)
    assert (await stage.ended(caller.room_name))[-1]["reason"] == "the caller left"
    assert caller.hung_up != rtc.DisconnectReason.PARTICIPANT_REMOVED


async def test_given_a_telephone_then_the_agent_knows_it_and_the_team_its_number(stage: Stage) -> None:
    told = list[str]()

    def listening(asked: Asked) -> Sequence[Step]:
        told.append(asked.instructions)
        return play(asked)

    stage.provider.play = listening
    async with phone(stage, metadata=json.dumps({"agent": "bravo"}), customer="4711") as caller:
        await caller.answered(0)
        greeting = caller.heard()
    assert "on the telephone" in told[0]
    assert f"Known of this call: caller_number: {NUMBER}; customer: 4711." in told[0]
    assert spoken(greeting, RATE) == BRAVO, "a number may have an agent of its own"
    assert only(await stage.ended(caller.room_name), "call.started")[0]["agent"] == "bravo"


@pytest.mark.parametrize("number", [NUMBER, EXTENSION])
async def test_given_a_policy_for_telephone_numbers_then_the_callers_is_in_no_journal_and_no_log(
    stage: Stage, number: str
) -> None:
    async with phone(stage, number=number, customer="anna") as caller:
        await caller.answered(0)
        shown = json.dumps(caller.events)
    left = [*stage.house.folder.rglob("baton.db*"), *stage.house.folder.glob("worker*")]  # LiveKit's own log tells it
    written = {path.name: path.read_bytes() for path in left if path.is_file()}
    assert "baton.db" in written
    written["page"] = shown.encode()
    found = [name for name, content in written.items() if number.encode() in content]
    assert found == []
    assert b"telephone.fact" in written["page"], "a fact that does not fit is told of by its name"
    assert OURS.encode() not in written["page"]
