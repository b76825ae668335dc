"""The page in a real browser: what a person sees and hears, with recorded speech as the microphone."""

import base64
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import yaml
from livekit import api
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.speech import RATE, Pcm, say
from tests.system.conftest import House
from tests.system.conversation import Conversation
from tests.system.pitch import pitch
from worker.caller import Caller
from worker.keys import machine_keys
from worker.local_model.ears import Ears

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "flite", "espeak-ng")]
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Page]:
    async with chromium(*flags) as running, page_of(running) as page:
        yield page


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """For several pages, one after the other."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *flags])
        yield running
        await running.close()


@asynccontextmanager
async def page_of(running: Browser) -> AsyncIterator[Page]:
    """A page that knows nothing of the others, and complains of nothing."""
    page = await running.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    try:
        yield page
    finally:
        await page.close()
    assert not faults


def listener(house: House, room: str) -> Caller:
    """Somebody who hears what is in the room, unseen: what they hear is what the browser is sent."""
    key, secret = machine_keys(house.folder / ".baton")
    grants = api.VideoGrants(room_join=True, room=room, hidden=True, can_publish=True)
    url = f"ws://127.0.0.1:{yaml_port(house)}"
    return Caller(url, api.AccessToken(key, secret).with_identity("listener").with_grants(grants).to_jwt())


def yaml_port(house: House) -> int:
    return int(yaml.safe_load((house.folder / "livekit.yaml").read_text())["port"])


def microphone(path: Path, *parts: Pcm) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate(parts).tobytes())
    return f"--use-file-for-fake-audio-capture={path}%noloop"


async def test_given_a_browser_when_its_microphone_speaks_then_the_team_answers_and_hands_over(
    house: House, ears: Ears
) -> None:
    async with browser() as page:
        await page.add_init_script(path=Path(__file__).with_name("microphone.js"))
        async with page.expect_response("**/api/join") as joined:
            await page.goto(house.desk)
            await page.get_by_label("Your name").fill("Anna")
            await page.get_by_role("button", name="Call").click()
        room = (await (await joined.value).json())["room"]
        async with listener(house, room) as heard:
            call = Conversation(house, room, heard)

            async def ask(text: str) -> Pcm:
                """Speaks into the microphone; returns the answer as it is received in the room."""
                speech = base64.b64encode(say(text).tobytes()).decode()
                return heard.heard(await call.answered(page.evaluate("speech => speak(speech)", speech)))

            def words(pcm: Pcm) -> str:
                return ears.recognise_now(pcm.tobytes(), RATE).lower()

            await call.greeted()
            assert "order number" in words(await ask("Hello, where is my order?"))
            orders = await ask("It is order one zero four two.")
            assert "copper kettle" in words(orders)
            assert "on its way" in words(orders)
            returns = await ask("I want to send something back.")
            assert "sent back" in words(returns)
        await expect(page.locator(".handoff").last).to_contain_text("Returns")
        lines = await page.locator(".conversation").inner_text()
        await expect(page.locator(".line.agent .latency")).to_have_count(3)  # beside each reply to a turn
        await page.get_by_role("button", name="Leave").click()
        await page.get_by_text("You left the call.").wait_for()
    lower, higher = sorted((pitch(orders), pitch(returns)))
    assert higher > 1.15 * lower, f"the two agents sound alike: {lower:.0f} and {higher:.0f} Hz"
    assert "1042" in lines.replace(" ", "")


async def test_given_trouble_before_a_call_then_the_page_says_what_to_do(house: House) -> None:
    async with browser("--use-fake-ui-for-media-stream") as page:
        await page.goto(house.desk)
        call, alert = page.get_by_role("button", name="Call"), page.get_by_role("alert")
        await page.route("**/api/join", lambda route: route.abort())
        await call.click()
        await expect(alert).to_contain_text("The server is away")
        await page.unroute("**/api/join")
        await page.evaluate(
            "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
        )
        await call.click()
        await expect(alert).to_contain_text("microphone was refused")
        await expect(alert).to_contain_text("Allow it")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ('{"name": "' + "a" * 10_000 + '"}', 400, "80 characters"),
        ('{"name": "a\\u0007b"}', 400, "control"),
        ('{"room": "../etc"}', 400, "room"),
        ("no json", 400, "JSON"),
        ('{"else": 1}', 400, "else"),
        ("x" * 40_000, 413, "Large"),
    ],
)
async def test_given_a_bad_request_then_the_front_desk_says_what_is_wrong(
    house: House, body: str, status: int, words: str
) -> None:
    headers = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.desk}/api/join", data=body, headers=headers) as answer,
    ):
        assert answer.status == status
        assert words in (await answer.text())


async def test_given_no_admin_token_then_the_calls_stay_closed(house: House) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{house.desk}/api/calls") as answer:
            assert answer.status == 401
        good = {"Authorization": "Bearer open sesame"}
        async with session.get(f"{house.desk}/api/calls", headers=good) as answer:
            assert answer.status == 200
        async with session.post(f"{house.desk}/api/join", json={}, headers={"Origin": "http://elsewhere"}) as answer:
            assert answer.status == 403
        async with session.get(house.desk) as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
