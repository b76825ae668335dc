"""The page in a real browser: what a person sees and hears, with recorded speech as the microphone."""

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import yaml
from livekit import api
from playwright.async_api import Page, async_playwright

from tests.speech import RATE, Pcm, say, silence
from tests.system.conftest import House
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
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *flags])
        page = await chromium.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
        await chromium.close()
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
    house: House, ears: Ears, tmp_path: Path
) -> None:
    house.reset_shop()
    recorded = microphone(
        tmp_path / "caller.wav",
        silence(8000),
        say("Hello, where is my order?"),
        silence(7000),
        say("It is order one zero four two."),
        silence(12_000),
        say("I want to send something back."),
        silence(60_000),
    )
    async with browser("--use-fake-ui-for-media-stream", recorded) as page:
        async with page.expect_response("**/api/join") as joined:
            await page.goto(house.desk)
            await page.get_by_label("Your name").fill("Anna")
            await page.get_by_role("button", name="Call").click()
        room = (await (await joined.value).json())["room"]
        async with listener(house, room) as heard:
            await page.locator(".handoff", has_text="returns").wait_for(timeout=60_000)
            # a reply's figure comes when it has been heard to its end
            await page.locator(".line.agent", has_text="delivered").locator(".latency").wait_for(timeout=30_000)
            words = ears.recognise_now(heard.heard().tobytes(), RATE).lower()
        lines = await page.locator(".conversation").inner_text()
        latencies = await page.locator(".line.agent .latency").count()
        await page.get_by_role("button", name="Leave").click()
        await page.get_by_text("You left the call.").wait_for()
    assert "order number" in words
    assert "copper kettle" in words
    assert "on its way" in words
    assert "sent back" in words
    assert "1042" in lines.replace(" ", "")
    assert latencies >= 3, "a figure beside each reply to a turn"


async def test_given_a_microphone_that_is_refused_then_the_page_says_what_to_do(house: House) -> None:
    async with browser() as page:
        await page.context.clear_permissions()
        await page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
        )
        await page.goto(house.desk)
        await page.get_by_role("button", name="Call").click()
        alert = await page.get_by_role("alert").inner_text()
        assert "microphone was refused" in alert
        assert "Allow it" in alert


async def test_given_a_server_that_is_away_then_the_page_says_so(house: House) -> None:
    async with browser("--use-fake-ui-for-media-stream") as page:
        await page.goto(house.desk)
        await page.route("**/api/join", lambda route: route.abort())
        await page.get_by_role("button", name="Call").click()
        assert "The server is away" in await page.get_by_role("alert").inner_text()


async def test_given_a_phone_then_nothing_is_cut_off_at_its_edges(house: House) -> None:
    async with browser("--use-fake-ui-for-media-stream") as page:
        await page.set_viewport_size({"width": 360, "height": 640})
        await page.goto(house.desk)
        await page.get_by_role("button", name="Call").click()
        await page.get_by_role("button", name="Leave").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360


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
