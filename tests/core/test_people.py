"""Several people in one real room, against a scripted provider: who is heard, whose words were whose, and who is nobody."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from livekit import api, rtc
from playwright.async_api import expect

from bench.tones import tone
from tests.core.conftest import PITCHES, ROOT, House, Stage, house_with, transcribe
from tests.core.page_agent import call, in_room
from tests.core.test_core import only, script
from tests.simulators.openai_realtime.script import Asked, Pace, Step
from tests.simulators.openai_realtime.server import Provider
from tests.speech import silence
from tests.system.test_page import browser, microphone
from worker.caller import SAMPLE_RATE, Caller
from worker.room.chat import MESSAGES

pytestmark = pytest.mark.system
FLOOD = 10_000 if os.environ.get("BATON_SOAK") else 200
SAME_MB = 25  # what the allocator and the journal's thread make of it
MARKUP = "<img src=x onerror='window.broken=true'><script>window.broken=true</script>"


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
        self.room.register_text_stream_handler("baton.past", self._on_past)

    async def mute(self, muted: bool) -> None:
        assert self.agent
        payload = json.dumps({"muted": muted})
        await self.room.local_participant.perform_rpc(
            destination_identity=self.agent.identity, method="baton.mute", payload=payload
        )

    def _on_past(self, reader: rtc.TextStreamReader, sender: str) -> None:
        if self._may_tell(sender):
            self._start(self._read_past(reader))
        else:
            reader.close()

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
            agent = anna.agent
            assert agent
            await anna.until(lambda: agent.attributes.get("baton.muted") == "true", 10, "the same as an attribute")
            assert anna.state == "idle"
            silent = asyncio.get_running_loop().time()
            await anna.say(tone(PITCHES["second"], 500, SAMPLE_RATE))
            await asyncio.sleep(1.5)
            assert anna.first_sound(silent) is None
            with pytest.raises(rtc.RpcError, match="who is heard"):
                await spy.room.local_participant.perform_rpc(
                    destination_identity=agent.identity, method="baton.mute", payload='{"muted": false}'
                )
            await ben.mute(False)
            await anna.until(lambda: len(only(anna.events, "agent.muted")) == 2, 10, "the agent is back")
            await says(anna, "third")
    events = await stage.ended(room)
    assert [event["text"] for event in only(events, "user.said")] == ["chat", "third"]
    assert stage.provider.words() == ["chat", "third"], "what was said aside reached no model"


@pytest.mark.needs("chromium")
async def test_given_a_person_with_a_strange_name_then_the_page_shows_it_as_text_and_can_mute_the_agent(
    stage: Stage, tmp_path: Path
) -> None:
    quiet = microphone(tmp_path / "quiet.wav", silence(1000))
    async with browser("--use-fake-ui-for-media-stream", quiet) as page:
        room = await call(page, stage.house)
        await page.locator(".line.agent").first.wait_for()
        async with person(stage, room, f"\u202e{MARKUP}") as strange:
            joined = page.locator(".note.joined")
            await joined.wait_for()
            await strange.write(f"I am {MARKUP}")
            line = page.locator(".line.caller.other", has_text="I am <img")
            await line.wait_for()
            name = await line.locator("strong").inner_text()
            assert name.startswith("img src")
            assert "\u202e" not in name + await joined.inner_text()
            assert await page.evaluate("window.broken") is None
            assert await page.locator("img, script:not([src])").count() == 0
            await page.get_by_role("button", name="Talk without the agent").click()
            await strange.until(lambda: strange.state == "idle", 10, "an agent that is muted")
            await expect(page.locator(".presence")).to_contain_text("Does not listen")
            await page.get_by_role("button", name="Bring the agent back").click()
            await strange.until(lambda: strange.state != "idle", 10, "the agent")
            await page.get_by_role("button", name="Talk without the agent").wait_for()


async def test_given_a_flood_from_one_person_then_the_call_goes_on_and_nothing_of_it_is_kept(stage: Stage) -> None:
    room = "room-of-a-flood-of-texts"
    async with person(stage, room, "Anna") as anna:
        await anna.answered(0, quiet=0.5)
        async with person(stage, room, "Mallory") as mallory:
            await mallory.until(lambda: mallory.agent is not None, 10, "the agent")
            await flood(mallory, FLOOD // 10)
            before_mb = worker_mb(stage)
            await flood(mallory, FLOOD)
            after_mb = worker_mb(stage)
        await anna.until(lambda: bool(only(anna.events, "person.left")), 20, "the end of the flood")
        await says(anna, "chat")
    events = await stage.ended(room)
    wrote = [event for event in only(events, "user.wrote") if event["participant"] == "mallory"]
    minutes = events[-1]["at"] // 60_000 + 1
    assert len(wrote) <= (minutes + 1) * MESSAGES
    assert [event["text"] for event in wrote][:3] == [worded(0), worded(1), worded(2)]
    assert 1 <= [event["code"] for event in only(events, "call.warned")].count("chat.too_many") <= minutes
    assert only(events, "agent.said")[-1]["text"] == "alfa answers chat"
    print(f"worker: {before_mb:.0f} MB after {FLOOD // 10} messages, {after_mb:.0f} MB after {FLOOD} more")
    assert after_mb - before_mb < SAME_MB


async def flood(mallory: Person, messages: int) -> None:
    """As many texts as go out, with all sorts of other things between them."""
    ours, agent = mallory.room.local_participant, mallory.agent
    assert agent
    bombs = ("[" * 10_000, '{"muted":' * 1_000, "\0" * 1_000, '{"muted": 1e999}', MARKUP)
    for number in range(messages):
        await mallory.write(worded(number))
        if number % 50:
            continue
        bomb = bombs[number // 50 % len(bombs)]
        await ours.publish_data(bomb, topic="lk.chat")
        await ours.publish_data(os.urandom(1_000), topic="baton.events")
        for topic in ("baton.events", "baton.past", "lk.transcription", "nobody.listens", "baton.files"):
            await ours.send_text(bomb, topic=topic, attributes={f"key{place}": bomb[:50] for place in range(50)})
        with pytest.raises(rtc.RpcError):
            await ours.perform_rpc(destination_identity=agent.identity, method="baton.mute", payload=bomb)


def worded(number: int) -> str:
    """Digits in a row would be pieces of a secret."""
    return "word " + str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def worker_mb(stage: Stage) -> float:
    """What the house's worker holds in memory."""
    [worker] = stage.house.workers()
    return float(worker.memory_info().rss) / 2**20
