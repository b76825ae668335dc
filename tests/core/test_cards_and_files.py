"""Cards, files and pictures in a real room: what is pressed on the page is done, and what comes of it is there to save."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy
from livekit import api, rtc

from agents.context import words_in
from tests.conformance.script import result_of
from tests.core.conftest import ROOT, House, Stage, house_with, transcribe
from tests.core.page_agent import desk_of, saved
from tests.simulators.openai_realtime.script import Asked, CallTool, Pace, Say, Step
from tests.simulators.openai_realtime.server import Provider, text
from tests.speech import silence
from tests.system.test_page import browser, microphone
from worker.caller import Caller
from worker.local_model.eyes import Eyes
from worker.settings import AGENT_NAME

pytestmark = pytest.mark.system
RETURN = '{"order_number": 1017, "reason": "the lid is broken"}'
_QUIET = 200  # of 32768: nobody speaks


def play(asked: Asked) -> Sequence[Step]:
    """Does what the caller's last word asks for; a yes is put in other words than what was read back."""
    if (result := result_of(asked)) is not None:
        return [Say(f"I see: {result}", ms=800)]
    said = [words_in(text(dict(item))) for item in asked.items if item.get("role") == "user"]
    match said[-1] if said else "":
        case "return":
            return (
                [CallTool("open_return", RETURN)]
                if "open_return" in asked.tools
                else [CallTool("check_return", '{"order_number": 1017}')]
            )
        case "yes":
            return [CallTool("open_return", '{"order_number": 1017, "reason": "a broken lid"}')]
        case "spending":
            return [CallTool("show_spending")]
        case _:
            return [Say("Good day.", ms=500)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    team = str(ROOT / "tests/core/given.yaml")
    with house_with([4], tmp_path_factory.mktemp("given"), BATON_TEAM=team) as house:
        yield house


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Stage]:
    provider = Provider(play, pace=Pace(think_ms=20, transcript_ms=80), transcribe=transcribe)
    async with provider.serve(house.provider_port):
        yield Stage(house, provider)


def returns(house: House) -> list[tuple[int, str]]:
    engine = sqlalchemy.create_engine(f"sqlite:///{house.folder}/.baton/baton.db")
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT order_number, reason FROM returns"))
        return [(row.order_number, row.reason) for row in rows]


@pytest.mark.needs("chromium")
async def test_given_a_yes_that_is_pressed_on_the_page_then_the_return_is_open_and_its_label_is_there_to_print(
    desk: Stage, tmp_path: Path
) -> None:
    quiet = microphone(tmp_path / "quiet.wav", silence(1000))
    async with browser("--use-fake-ui-for-media-stream", quiet) as page:
        await page.goto(desk_of(desk.house))
        await page.get_by_role("button", name="Call", exact=True).click()
        await page.locator(".line.agent").first.wait_for()
        await page.get_by_label("Type a message").fill("return")
        await page.get_by_role("button", name="Send").click()
        card = page.get_by_role("article", name="Send this back?")
        await card.get_by_text("the lid is broken").wait_for()
        assert returns(desk.house) == []
        await card.get_by_role("button", name="Yes").click()
        label = pypdfium2.PdfDocument(await saved(page, "return-label-1017.pdf"))
    assert "Order 1017" in label[0].get_textpage().get_text_range()
    assert returns(desk.house) == [(1017, "the lid is broken")], "what stood on the card"


def token(house: House) -> str:
    """Of a site that knows that its visitor reads."""
    settings = house.environment
    dispatch = api.RoomAgentDispatch(agent_name=AGENT_NAME, metadata="{}")
    return (
        api.AccessToken(settings["LIVEKIT_API_KEY"], settings["LIVEKIT_API_SECRET"])
        .with_identity("reader")
        .with_attributes({"baton.replies": "text"})
        .with_grants(api.VideoGrants(room_join=True, room="reading-room-12345"))
        .with_room_config(api.RoomConfiguration(agents=[dispatch]))
        .to_jwt()
    )


async def test_given_a_caller_who_reads_then_they_are_answered_without_a_sound_until_they_want_to_hear(
    desk: Stage,
) -> None:
    files = asyncio.Queue[tuple[str, bytes]]()
    async with Caller(desk.house.environment["LIVEKIT_URL"], token(desk.house)) as caller:
        reading = set[asyncio.Task[None]]()

        async def keep(reader: rtc.ByteStreamReader) -> None:
            parts = [part async for part in reader]
            files.put_nowait((reader.info.stream_id, b"".join(parts)))

        def take(reader: rtc.ByteStreamReader, _: str) -> None:
            reading.add(asyncio.ensure_future(keep(reader)))

        def told(how: bool) -> list[str]:
            return [e["text"] for e in caller.events if e["type"] == "agent.said" and e["as_text"] is how]

        caller.room.register_byte_stream_handler("baton.files", take)
        await caller.until(lambda: bool(told(True)), 30, "a greeting to read")
        await caller.write("spending")
        await caller.until(lambda: any("for groceries" in text for text in told(True)), 60, "what is spent")
        assert any("for groceries" in caption.text for caption in caller.captions)
        assert abs(caller.heard().astype(int)).max(initial=0) <= _QUIET
        async with asyncio.timeout(20):
            stream, drawn = await files.get()
        [given] = [event for event in caller.events if event["type"] == "file.given"]
        assert (given["stream"], given["mime"], given["bytes"]) == (stream, "image/png", len(drawn))
        assert "for groceries" in given["words"]
        assert caller.agent
        await caller.room.local_participant.perform_rpc(
            destination_identity=caller.agent.identity, method="baton.replies", payload='{"how": "speech"}'
        )
        since = asyncio.get_running_loop().time()
        await caller.write("Hello?")
        await caller.answered(since)
        await caller.until(lambda: bool(told(False)), 10, "what was heard")
    eyes = Eyes()
    assert "Spending in the last 30 days" in await eyes.describe(
        f"data:image/png;base64,{base64.b64encode(drawn).decode()}"
    )
    eyes.close()
