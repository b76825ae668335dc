"""Several people in one real room, against a scripted provider: who is heard, whose words were whose, and who is nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import pytest
import yaml
from livekit import api

from bench.tones import tone
from tests.core.conftest import PITCHES, ROOT, House, Stage, house_with, transcribe
from tests.core.page_agent import in_room
from tests.core.test_core import only, script
from tests.simulators.openai_realtime.script import Asked, Pace
from tests.simulators.openai_realtime.server import Provider
from worker.caller import SAMPLE_RATE, Caller

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def people_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("people")
    team = yaml.safe_load((ROOT / "tests/core/team.yaml").read_text()) | {"linked": "all"}
    (folder / "team.yaml").write_text(yaml.safe_dump(team))
    with house_with([4], folder, BATON_TEAM=str(folder / "team.yaml"), PYTHONPATH=str(ROOT)) as house:
        yield house


@pytest.fixture
async def stage(people_house: House) -> AsyncIterator[Stage]:
    provider = Provider(script({}), pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(people_house.provider_port):
        yield Stage(people_house, provider)


@asynccontextmanager
async def person(stage: Stage, room: str, name: str) -> AsyncIterator[Caller]:
    """Somebody joins a room; an agent is sent to the first."""
    settings = stage.house.environment
    grants = api.VideoGrants(room_join=True, room=room, can_publish=True, can_subscribe=True)
    dispatch = api.RoomAgentDispatch(agent_name="baton")
    token = (
        api.AccessToken(settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"])
        .with_identity(name.lower())
        .with_name(name)
        .with_grants(grants)
        .with_room_config(api.RoomConfiguration(agents=[dispatch]))
    )
    async with Caller(settings["LIVEKIT_URL"], token.to_jwt()) as caller:
        yield caller


async def says(caller: Caller, word: str) -> None:
    """A word; the agent has answered it then."""
    await caller.answered(await caller.say(tone(PITCHES[word], 500, SAMPLE_RATE)), quiet=0.5)


def told(asked: Sequence[Asked]) -> str:
    return json.dumps([item for one in asked for item in one.items])


async def test_given_two_people_then_both_are_heard_by_their_names_and_the_call_is_over_with_the_last(
    stage: Stage,
) -> None:
    asked, play = list[Asked](), stage.provider.play
    stage.provider.play = lambda one: (asked.append(one), play(one))[1]
    room = "room-of-two-people"
    async with person(stage, room, "Anna") as anna:
        await anna.answered(0, quiet=0.5)
        async with person(stage, room, "Ben") as ben, in_room(stage.house, room, "spy", "egress"):
            await anna.until(lambda: len(only(anna.events, "person.came")) == 2, 10, "the news of Ben")
            await says(anna, "chat")
            await says(ben, "second")
            mine = {caption.text for caption in ben.captions if caption.mine and caption.final}
            others = {caption.text for caption in ben.captions if not caption.mine and caption.final}
            assert mine == {"second"}
            assert "chat" in others, "captions are of who said it"
            anna_speaks = asyncio.ensure_future(anna.say(tone(PITCHES["long"], 600, SAMPLE_RATE)))
            await says(ben, "long")
            await anna_speaks
        await anna.until(lambda: only(anna.events, "person.left"), 10, "the news that Ben has left")
        await says(anna, "third")
    events = await stage.ended(room)
    assert [event["name"] for event in only(events, "person.came")] == ["Anna", "Ben"]
    said = [(event["text"], event["participant"]) for event in only(events, "user.said")]
    assert said[:2] == [("chat", "anna"), ("second", "ben")]
    assert said[-1] == ("third", "anna")
    both = [event for event in only(events, "user.said") if event["together_with"]]
    assert [event["text"] for event in both] == ["long"]
    assert {both[0]["participant"], *both[0]["together_with"]} == {"anna", "ben"}
    assert events[-1]["reason"] == "the caller left"
    by_ben = next(one for one in asked if one.said == "second")
    assert "said by Ben" in told([by_ben]), "before the model answers it"
    assert stage.provider.words() == ["chat", "second", "long", "third"]
