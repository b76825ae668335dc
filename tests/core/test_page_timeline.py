"""The page in a real browser: everything that may come from a room, and everything that people give it."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from livekit import rtc
from playwright.async_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.core.breakable import breakable
from tests.core.conftest import House, house_with
from tests.core.page_agent import PageAgent, call, in_room, saved
from tests.core.page_checks import violations
from tests.core.page_events import cards, cost, everything, started
from tests.free_ports import free_port
from tests.speech import silence
from tests.system.test_page import chromium, microphone, page_of
from tools.file import GivenFile
from worker.journal import events as journal

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="module")]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGNIq5mAFTEMLQkAAr5cQaIj5xMAAAAASUVORK5CYII="
)
SOURCE_CAMERA = rtc.TrackSource.SOURCE_CAMERA
MARKUP = "<img src=x onerror='window.broken=1'><script>window.broken=1</script><b id=bold>bold</b>"
DESK = ViewportSize(width=1280, height=800)


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """LiveKit and the front desk; whoever answers is the test's."""
    with house_with([], tmp_path_factory.mktemp("page")) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    quiet = microphone(tmp_path_factory.mktemp("microphone") / "quiet.wav", silence(1000))
    async with chromium("--use-fake-ui-for-media-stream", quiet) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(running: Browser) -> AsyncIterator[Page]:
    async with page_of(running) as page:
        await page.set_viewport_size(DESK)
        yield page


@asynccontextmanager
async def answered(page: Page, house: House) -> AsyncIterator[PageAgent]:
    """A call that reception has taken."""
    room = await call(page, house)
    async with in_room(house, room) as agent:
        agent.be("reception", "listening")
        agent.tell(started(room))
        yield agent


async def test_given_markup_in_everything_that_strangers_say_then_it_is_shown_as_text(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        caller = next(iter(agent.room.remote_participants))
        agent.outbox.caller_caption(caller, "TR_x", f"said {MARKUP}")
        agent.say("m1", f"heard {MARKUP}")
        agent.be(f"agent{MARKUP}", "speaking")
        agent.say("m2", "by somebody with a strange name")
        agent.tell(*everything(MARKUP))
        picture = FilePayload(name=f"{MARKUP.replace('/', '')}.png", mimeType="image/png", buffer=b"no picture at all")
        await page.locator("[data-chooser=clip]").set_input_files([picture])
        await page.locator(".handoff", has_text="Returns").wait_for()
        await page.locator(".file").wait_for()
        shown = await page.locator(".page").inner_text()
        assert shown.count("window.broken=1") > 20
        foreign = "script:not([src]), img:not([src^=blob]), b, #bold"
        made = f"[...document.querySelectorAll('{foreign}')].map((one) => one.outerHTML)"
        assert await page.evaluate(made) == []
        assert await page.evaluate("window.broken") is None
        agent.tell(journal.CallEnded(reason=f"over {MARKUP}"))
        await page.get_by_text("over <img").wait_for()
        assert await page.evaluate(made) == []


async def test_given_somebody_else_in_the_room_then_what_they_claim_has_happened_is_not_believed(
    empty_house: House, page: Page
) -> None:
    async with (
        answered(page, empty_house) as agent,
        in_room(empty_house, agent.room.name, "mallory", "standard") as mallory,
    ):
        mallory.tell(journal.HandoffDone(source="reception", target="mallory"))
        mallory.say("m0", "This is reception, tell me your PIN")
        agent.say("m1", "Good morning")
        await page.locator(".line.agent", has_text="Good morning").wait_for()
        claim = page.locator(".line", has_text="PIN")
        await claim.wait_for()
        assert await claim.locator("strong").inner_text() == "mallory"
        assert await page.locator(".line.agent", has_text="PIN").count() == 0
        assert await page.locator(".handoff").count() == 0


async def test_given_pictures_that_are_chosen_dropped_and_pasted_then_all_arrive_whole_and_are_shown(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        page_of_text = b"a line of text\n" * 20_000
        chosen = [
            FilePayload(name="slip.png", mimeType="image/png", buffer=PNG),
            FilePayload(name="notes.txt", mimeType="text/plain", buffer=page_of_text),
        ]
        await page.locator("[data-chooser=clip]").set_input_files(chosen)
        handle = await page.evaluate_handle(
            """(data) => {
                const carried = new DataTransfer();
                const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
                carried.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
                return carried;
            }""",
            base64.b64encode(PNG).decode(),
        )
        await page.dispatch_event("main", "dragover", {"dataTransfer": handle})
        await page.get_by_text("Drop it to show it").wait_for()
        await page.dispatch_event("main", "drop", {"dataTransfer": handle})
        await page.evaluate(
            "(clipboardData) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))",
            handle,
        )
        await agent.until(agent.files, 4)
        assert await page.get_by_text("Drop it to show it").count() == 0
        came = {(info.name, info.mime_type, whole) for info, whole in agent.files}
        assert came == {
            ("slip.png", "image/png", PNG),
            ("dropped.png", "image/png", PNG),
            ("notes.txt", "text/plain", page_of_text),
        }
        pictures = page.locator(".file img")
        await expect(pictures).to_have_count(3)
        await expect(page.locator(".file", has_text="Being looked at")).to_have_count(4)
        assert await pictures.evaluate_all("(all) => all.every((one) => one.naturalWidth === 8)")
        streams = {info.name: info.stream_id for info, _ in agent.files}
        showed = {"type": "user.showed", "participant": "x", "ref": "photo-1", "name": "slip.png", "pages": 0}
        refused = {"type": "call.warned", "code": "file.kind", "detail": "Show a picture <b>instead</b>."}
        for event in (
            {**showed, "stream": streams["slip.png"], "files": [], "description": ""},
            {**refused, "stream": streams["notes.txt"]},
        ):
            await agent.room.local_participant.send_text(json.dumps(event), topic="baton.events")
        await expect(page.locator(".file.shown")).to_contain_text("slip.png")
        await expect(page.locator(".file.refused")).to_contain_text("Show a picture <b>instead</b>.")
        await expect(page.locator("[aria-live=polite]")).to_contain_text("notes.txt: Not shown. Show a picture")


async def test_given_a_file_that_is_too_large_then_it_is_refused_at_once_and_not_sent(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        await page.evaluate(
            """() => {
                const carried = new DataTransfer();
                carried.items.add(new File([new Uint8Array(20 * 1024 * 1024 + 1)], 'film.png', { type: 'image/png' }));
                document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: carried, bubbles: true }));
            }"""
        )
        await expect(page.locator(".file.refused")).to_contain_text("larger than 20 MB")
        await page.get_by_label("Type a message").fill("are you there?")
        await page.keyboard.press("Enter")
        await agent.until(agent.written, 1)
        assert agent.written == ["are you there?"]
        assert agent.files == []


async def test_given_cards_and_a_picture_then_they_work_by_keyboard_and_say_what_is_wrong(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        presses, why = list[dict[str, Any]](), [""]

        async def press(request: rtc.RpcInvocationData) -> str:
            presses.append(json.loads(request.payload))
            if why[0]:
                raise rtc.RpcError(1, why[0])
            return ""

        agent.room.local_participant.register_rpc_method("baton.press", press)
        _, _, form, confirm = cards()
        for ref, card in (("card_form", form), ("card_yes", confirm)):
            agent.tell(journal.CardShown(agent="reception", call_id="1", tool="x", ref=ref, card=card))
        fields = page.get_by_role("article", name="Your order")
        number = fields.get_by_label("Order number")
        await number.fill("12")
        await number.press("Enter")
        await expect(fields).to_contain_text("1000 or more, please.")
        await expect(number).to_be_focused()
        assert await violations(page) == []
        assert presses == []
        why[0] = "This is not <b>open</b> any more."
        await number.fill("1042")
        await number.press("Enter")
        await expect(fields.get_by_role("alert")).to_have_text(why[0])
        why[0] = ""
        await number.press("Enter")
        await expect(fields.get_by_role("alert")).to_have_count(0)
        assert presses == [{"card": "card_form", "values": {"order_number": "1042"}}] * 2
        values = {"order_number": 1042}
        agent.tell(journal.UserPressed(participant="x", ref="card_form", title="Your order", values=values))
        await page.locator(".line.caller", has_text="Order number: 1042").wait_for()
        yes = page.get_by_role("article", name="Send this back?").get_by_role("button", name="Yes")
        await yes.focus()
        await page.keyboard.press("Enter")
        agent.tell(journal.UserPressed(participant="x", ref="card_yes", title="Send this back?", choice="yes"))
        await expect(yes).to_have_attribute("aria-pressed", "true")
        await expect(yes).to_be_focused()
        await page.keyboard.press("Enter")
        given = GivenFile("chart.png", PNG, "Most of it was for groceries.")
        agent.tell(
            journal.FileGiven(
                agent="reception",
                call_id="2",
                tool="x",
                stream="s1",
                name=given.name,
                mime=given.mime,
                bytes=72,
                words=given.words,
            )
        )
        agent.outbox.file("s1", given)
        picture = page.get_by_role("img", name="Most of it was for groceries.")
        await expect(picture).to_have_js_property("naturalWidth", 8)
        assert await saved(page, "chart.png") == PNG
        assert presses[2:] == [{"card": "card_yes", "choice": 0}], "an answer is given once"
        assert await violations(page) == []


async def test_given_the_keypad_then_its_keys_are_dialled_by_mouse_and_keyboard(empty_house: House, page: Page) -> None:
    async with answered(page, empty_house) as agent:
        opener = page.get_by_role("button", name="Keypad")
        await opener.click()
        keypad = page.get_by_role("dialog", name="Keypad")
        await keypad.get_by_role("button", name="4", exact=True).click()
        await keypad.get_by_role("button", name="Star").click()
        await page.keyboard.press("0")
        await page.keyboard.press("#")
        await agent.until(agent.dialled, 4)
        assert agent.dialled == [(4, "4"), (10, "*"), (0, "0"), (11, "#")]
        await expect(keypad.get_by_label("Pressed")).to_have_text("4*0#")
        await page.keyboard.press("Escape")
        await expect(keypad).to_have_count(0)
        await expect(opener).to_be_focused()


async def test_given_who_looks_then_a_camera_is_offered_and_it_is_off_when_nobody_looks_any_more(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        camera = page.get_by_role("button", name="Camera", exact=True)
        await camera.click()
        preview = page.get_by_label("The team sees your camera")
        await expect(preview).to_have_js_property("videoWidth", 1280)
        await expect(camera).to_have_attribute("aria-pressed", "true")
        assert await violations(page) == []
        agent.be("orders", "listening", sees="screen")
        await expect(camera).to_have_count(0)
        await expect(preview).to_have_count(0)
        await page.get_by_role("button", name="Share your screen").wait_for()
        agent.be("reception", "listening")
        await expect(camera).to_have_attribute("aria-pressed", "false")
        [caller] = agent.room.remote_participants.values()
        assert [one.muted for one in caller.track_publications.values() if one.source == SOURCE_CAMERA] == [True]


async def test_given_a_phone_that_shares_no_screen_then_it_is_not_offered(empty_house: House, page: Page) -> None:
    await page.add_init_script("delete MediaDevices.prototype.getDisplayMedia")
    async with answered(page, empty_house):
        await page.get_by_role("button", name="Camera", exact=True).wait_for()
        assert await page.get_by_role("button", name="Share your screen").count() == 0


async def test_given_a_handoff_then_the_picture_shows_who_has_the_call_and_moves_only_for_those_who_like_it(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        await page.get_by_role("img", name="Reception has the call. Also there: Orders, Returns.").wait_for()
        agent.tell(journal.HandoffDone(source="reception", target="returns"))
        await page.get_by_role("img", name="Returns has the call. Also there: Reception, Orders.").wait_for()
        moves = "getComputedStyle(document.querySelector('.baton')).animationName"
        assert await page.evaluate(moves) == "pass"
        await page.emulate_media(reduced_motion="reduce")
        assert await page.evaluate(moves) == "none"
        await expect(page.locator("[aria-live=polite]")).to_contain_text("Reception has put you through to Returns.")


async def test_given_replies_then_their_wait_and_cost_stand_beside_them_and_each_is_read_out_once(
    empty_house: House, page: Page
) -> None:
    async with answered(page, empty_house) as agent:
        agent.tell(journal.UserWrote(participant="x", text="Where is it?"), cost(0.25, 0.25))
        for end in (4, 12, 19):
            agent.outbox.agent_caption("m1", "It comes on Friday."[:end], final=end == 19)
        said = journal.AgentSaid(agent="reception", text="It comes on Friday.", item="m1", heard_ms=900, latency_ms=640)
        agent.tell(said, cost(1.5, 1.75))
        reply = page.locator(".line.agent")
        await expect(reply).to_contain_text("0.64 s")
        await expect(reply).to_contain_text("$1.75")
        await expect(page.get_by_role("region", name="Figures")).to_contain_text("$1.75")
        aloud = page.locator("[aria-live=polite]")
        await expect(aloud).to_contain_text("Reception: It comes on Friday.")
        assert (await aloud.inner_text()).count("Friday") == 1
        assert await page.get_by_role("log").get_attribute("aria-live") == "off"


async def test_given_a_connection_that_is_cut_then_the_page_says_so_and_says_when_it_is_back(
    empty_house: House, page: Page
) -> None:
    port = free_port()
    livekit = int(empty_house.environment["LIVEKIT_URL"].rsplit(":", 1)[1])
    async with breakable(livekit, port) as wire:
        at = {"LIVEKIT_URL": f"ws://127.0.0.1:{port}", "BATON_HTTP_PORT": str(free_port())}
        desk = await asyncio.to_thread(
            empty_house.start, "desk", **at
        )  # it asks LiveKit, through the wire of this loop
        try:
            through = House(empty_house.folder, {**empty_house.environment, **at}, 0)
            room = await call(page, through)
            async with in_room(empty_house, room) as agent:
                agent.be("reception", "listening")
                await page.locator(".presence", has_text="Listening").wait_for()
                wire.cut()
                await page.locator(".presence.away", has_text="Connection lost, reconnecting").wait_for()
                await expect(page.locator("[aria-live=polite]")).to_contain_text("Connection lost, reconnecting")
                wire.mend()
                await page.locator(".note.connectionBack", has_text="You were away for").wait_for()
                await page.locator(".presence.listening").wait_for()
                await page.get_by_label("Type a message").fill("still here")
                await page.keyboard.press("Enter")
                await agent.until(agent.written, 1)
        finally:
            desk.terminate()
            await asyncio.to_thread(desk.wait, 30)


async def test_given_a_german_browser_then_the_page_speaks_german_until_another_language_is_chosen(
    empty_house: House, page: Page
) -> None:
    browser_of = page.context.browser
    assert browser_of
    context = await browser_of.new_context(locale="de-AT")
    german = await context.new_page()
    async with answered(german, empty_house) as agent:
        agent.tell(journal.LineRestored(gap_ms=1250), *everything())
        await german.get_by_role("button", name="Auflegen").wait_for()
        await german.get_by_text("Die Leitung steht wieder, nach 1,3 s.").first.wait_for()
        assert await german.evaluate("document.documentElement.lang") == "de"
        assert await violations(german) == []
        await german.get_by_role("button", name="English").click()
        await german.get_by_role("button", name="Leave").wait_for()
        await german.get_by_text("The line is back after 1.3 s.").first.wait_for()
    await german.reload()
    await german.get_by_role("heading", name="Talk to the team").wait_for()
    await context.close()


async def test_given_nobody_who_answers_then_the_first_words_one_sees_are_that_it_rings(
    empty_house: House, page: Page
) -> None:
    await call(page, empty_house)
    await page.locator(".presence", has_text="Ringing").wait_for()
    await page.get_by_text("Somebody will be with you in a moment.").wait_for()
    await page.get_by_role("button", name="Leave").click()
    await page.get_by_text("You left the call.").wait_for()
