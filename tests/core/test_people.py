"""Several people in one real room, against a scripted provider: who is heard, whose words were whose, and who is nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml
from livekit import api, rtc

from bench.tones import tone
from tests.core.conftest import PITCHES, ROOT, House, Stage, house_with, transcribe
from tests.core.page_agent import in_room
from tests.core.test_core import only, script
from tests.simulators.openai_realtime.script import Asked, Pace, Step
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
async def person(stage: Stage, room: str, name: str) -> AsyncIterator["Person"]:
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
    async with Person(settings["LIVEKIT_URL"], token.to_jwt()) as caller:
        yield caller


class Person(Caller):
    """Takes what somebody is shown who joins late, and presses the button that mutes the agent."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self.past: list[dict[str, Any]] = []
        self.room.register_text_stream_handler("baton.past", lambda reader, _: self._start(self._read_past(reader)))

    async def mute(self, muted: bool) -> None:
        assert self.agent
        payload = json.dumps({"muted": muted})
        await self.room.local_participant.perform_rpc(
            destination_identity=self.agent.identity, method="baton.mute", payload=payload
        )

    async def _read_past(self, reader: rtc.TextStreamReader) -> None:
        self.past += json.loads(await reader.read_all())
        self._wake()


async def says(caller: Caller, word: str) -> None:
    """A word; the agent has answered it then."""
    await caller.answered(await caller.say(tone(PITCHES[word], 500, SAMPLE_RATE)), quiet=0.5)


def told(asked: Sequence[Asked]) -> str:
    return json.dumps([item for one in asked for item in one.items])


async def test_given_two_people_then_both_are_heard_by_their_names_and_the_call_is_over_with_the_last(
    stage: Stage,
) -> None:
    asked, play = list[Asked](), stage.provider.play

    def noting(one: Asked) -> Sequence[Step]:
        asked.append(one)
        return play(one)

    stage.provider.play = noting
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
        await anna.until(lambda: bool(only(anna.events, "person.left")), 10, "the news that Ben has left")
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


async def test_given_a_late_joiner_then_they_see_the_call_so_far_and_may_mute_the_agent(stage: Stage) -> None:
    room = "room-of-a-late-joiner"
    async with person(stage, room, "Anna") as anna:
        await anna.answered(0, quiet=0.5)
        await says(anna, "chat")
        async with person(stage, room, "Ben") as ben, in_room(stage.house, room, "spy", "egress") as spy:
            await ben.until(lambda: bool(ben.past), 10, "the past")
            told = [(event["type"], event.get("text")) for event in ben.past]
            assert told[0] == ("call.started", None)
            assert ("user.said", "chat") in told
            assert ("agent.said", "alfa answers chat") in told
            assert not anna.past
            await ben.mute(True)
            await anna.until(lambda: bool(only(anna.events, "agent.muted")), 10, "the news for all pages")
            muted = anna.room.remote_participants[ben.agent.identity if ben.agent else ""]
            assert (anna.state, muted.attributes["baton.muted"]) == ("idle", "true")
            silent = asyncio.get_running_loop().time()
            await anna.say(tone(PITCHES["second"], 500, SAMPLE_RATE))
            await asyncio.sleep(1.5)
            assert anna.first_sound(silent) is None
            with pytest.raises(rtc.RpcError, match="who is heard"):
                await spy.room.local_participant.perform_rpc(
                    destination_identity=muted.identity, method="baton.mute", payload='{"muted": false}'
                )
            await ben.mute(False)
            await anna.until(lambda: len(only(anna.events, "agent.muted")) == 2, 10, "the agent is back")
            await says(anna, "third")
    events = await stage.ended(room)
    assert [event["text"] for event in only(events, "user.said")] == ["chat", "third"]
    assert stage.provider.words() == ["chat", "third"], "what was said aside reached no model"
