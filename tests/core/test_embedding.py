"""The page within another site, in a real browser: two origins, the site's own policy, and strangers who send messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.core.conftest import House, house_with
from tests.core.page_agent import desk_of, in_room
from tests.core.page_checks import violations
from tests.free_ports import free_port
from tests.speech import silence
from tests.system.test_page import chromium, microphone, page_of
from worker.journal import events as journal

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="module")]
LISTENS = "document.addEventListener('baton', ({ detail }) => window.tellTest(detail));"


class Heard:
    """What the site's own page hears of a call."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    @classmethod
    async def on(cls, page: Page) -> "Heard":
        heard = cls()
        await page.expose_function("tellTest", heard._take)
        await page.add_init_script(LISTENS)
        return heard

    def _take(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self._changed.set()

    async def first(self, kind: str) -> dict[str, Any]:
        """The event of a kind, when it is there. Raises TimeoutError."""
        async with asyncio.timeout(20):
            while not (found := [event for event in self.events if event["type"] == kind]):
                self._changed.clear()
                await self._changed.wait()
        return found[0]


class Site:
    """A shop's own page at another origin, with a policy that allows the front desk and nothing else."""

    def __init__(self, port: int, desk: str) -> None:
        self.port, self._desk = port, desk
        self.asked: list[dict[str, Any]] = []
        self.rooms: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    async def page(self, request: web.Request) -> web.Response:
        attributes = " ".join(f'{name}="{value}"' for name, value in request.query.items())
        body = f"""<!doctype html><html lang="en"><title>A shop</title><link rel="icon" href="/none">
            <main><h1>Kettles</h1><div id="here"></div></main><script src="{self._desk}/embed.js" {attributes}></script>"""
        policy = f"default-src 'self'; script-src {self._desk}; frame-src 'self' {self._desk}"
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def frame(self, _: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>An advert</title>", content_type="text/html")

    async def token(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        await self.answers.wait()
        headers = {"Authorization": "Bearer open sesame"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self._desk}/api/join", json=self.asked[-1], headers=headers) as answer,
        ):
            joined = await answer.json()
        self.rooms.append(joined["room"])
        return web.json_response(joined)

    async def nobody(self, _: web.Request) -> web.Response:
        return web.json_response({"error": "sign in first"}, status=403)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/", self.page)
        app.router.add_get("/advert", self.frame)
        app.router.add_get("/none", self.frame)
        app.router.add_post("/call-token", self.token)
        app.router.add_post("/no-token", self.nobody)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "localhost", self.port).start()
        yield
        await runner.cleanup()


@pytest.fixture(scope="module")
def allowed() -> int:
    return free_port()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, allowed: int) -> Any:
    settings = {"BATON_ORIGINS": f"http://localhost:{allowed}", "BATON_ADMIN_TOKEN": "open sesame"}
    with house_with([], tmp_path_factory.mktemp("embedded"), **settings) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    quiet = microphone(tmp_path_factory.mktemp("microphone") / "quiet.wav", silence(1000))
    async with chromium("--use-fake-ui-for-media-stream", quiet) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(running: Browser) -> AsyncIterator[Page]:
    async with page_of(running) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def heard(page: Page) -> Heard:
    return await Heard.on(page)


async def test_given_a_site_that_may_when_a_visitor_calls_then_it_gives_the_token_and_hears_of_each_step(
    house: House, allowed: int, page: Page, heard: Heard
) -> None:
    site = Site(allowed, desk_of(house))
    async with site.open():
        await page.goto(f"{site.origin}/?data-token-endpoint=/call-token&data-label=Call+us&data-language=de")
        await page.get_by_role("button", name="Call us").click()
        await heard.first("ready")
        assert await violations(page) == []
        inside = page.frame_locator("iframe")
        await inside.get_by_label("Ihr Name").fill("Anna")
        await inside.get_by_role("button", name="Anrufen").click()
        await inside.get_by_role("button", name="Auflegen").wait_for()
        assert site.asked == [{"name": "Anna"}]
        async with in_room(house, site.rooms[0]) as agent:
            agent.be("reception", "speaking")
            assert await heard.first("live") == {"type": "live", "agent": "reception"}
            agent.say("m1", "Your PIN is 1234")
            agent.tell(journal.HandoffDone(source="reception", target="returns"))
            assert await heard.first("handoff") == {"type": "handoff", "agent": "returns"}
            await inside.locator(".line.agent", has_text="Your PIN is 1234").wait_for()
            assert await inside.locator(".price, .latency, .figures").count() == 0, "figures are the operator's"
            await inside.get_by_role("button", name="Auflegen").click()
        assert await heard.first("ended") == {"type": "ended", "why": "youLeft"}
        assert "1234" not in str(heard.events)
        frame = page.locator("iframe")
        assert "allow-same-origin" in (await frame.get_attribute("sandbox") or "")
        assert "allow-top-navigation" not in (await frame.get_attribute("sandbox") or "")


async def test_given_messages_of_other_windows_then_neither_the_site_nor_the_page_takes_them(
    house: House, allowed: int, page: Page, heard: Heard
) -> None:
    site = Site(allowed, desk_of(house))
    site.answers.clear()
    async with site.open():
        await page.goto(f"{site.origin}/?data-token-endpoint=/call-token")
        await page.get_by_role("button", name="Talk to us").click()
        await heard.first("ready")
        await page.evaluate(
            """() => new Promise((loaded) => {
                window.postMessage({ baton: 'baton-1', type: 'ended', why: 'forged' }, '*');
                const advert = document.createElement('iframe');
                advert.src = '/advert';
                advert.id = 'advert';
                advert.onload = loaded;
                document.body.append(advert);
            })"""
        )
        inside = page.frame_locator(".baton-call iframe")
        async with page.expect_request("**/call-token"):
            await inside.get_by_role("button", name="Call").click()
        advert = next(frame for frame in page.frames if frame.url.endswith("/advert"))
        await advert.evaluate(
            """() => {
                const forged = { baton: 'baton-1', type: 'joined', id: 1, url: 'ws://127.0.0.1:1', token: 'forged' };
                for (let at = 0; at < parent.frames.length; at++) parent.frames[at].postMessage(forged, '*');
            }"""
        )
        site.answers.set()
        await inside.get_by_role("button", name="Leave").wait_for()
        assert [event["type"] for event in heard.events] == ["ready"]


async def test_given_a_site_that_lets_nobody_in_then_the_page_says_so(house: House, allowed: int, page: Page) -> None:
    site = Site(allowed, desk_of(house))
    async with site.open():
        await page.goto(f"{site.origin}/?data-token-endpoint=/no-token")
        await page.get_by_role("button", name="Talk to us").click()
        inside = page.frame_locator("iframe")
        await inside.get_by_role("button", name="Call").click()
        await expect(inside.get_by_role("alert")).to_contain_text("could not be let in")


async def test_given_an_element_of_the_site_then_the_call_fills_it(
    house: House, allowed: int, page: Page, heard: Heard
) -> None:
    site = Site(allowed, desk_of(house))
    async with site.open():
        await page.goto(f"{site.origin}/?data-target=%23here")
        await page.set_viewport_size({"width": 360, "height": 700})
        await heard.first("ready")
        inside = page.frame_locator("#here iframe")
        await inside.get_by_role("button", name="Call").click()
        await inside.get_by_role("button", name="Leave").wait_for()
        box, around = await page.locator("iframe").bounding_box(), await page.locator("#here").bounding_box()
        assert box
        assert around
        assert (box["width"], box["height"]) == (around["width"], 32 * 16)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_given_a_site_that_may_not_then_the_browser_does_not_show_the_page_there(
    house: House, page: Page
) -> None:
    site = Site(free_port(), desk_of(house))
    async with site.open():
        browser_of = page.context.browser
        assert browser_of
        other = await browser_of.new_page()  # one where the browser may complain
        heard = await Heard.on(other)
        async with other.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await other.goto(f"{site.origin}/?data-target=%23here")
        assert await other.frame_locator("iframe").get_by_role("button").count() == 0
        assert heard.events == []
