"""A camera and a screen in a real room: what the model is given of them, judged by reading it."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from livekit import rtc
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import expect

from bench.tones import ALFA
from tests.core.conftest import Stage
from tests.core.page_agent import call
from tests.shown import files
from tests.simulators.openai_realtime.script import Asked, Say, Step
from tests.speech import silence
from tests.system.test_page import browser, microphone
from worker.background import background
from worker.caller import Caller
from worker.local_model.eyes import Eyes
from worker.room.outbox import SEES
from worker.talk import join

pytestmark = pytest.mark.system
ERROR = ("Update cannot be installed", "Error 0x80070643", "Ask the administrator")
_WITHIN_S = 30.0
_FPS = 5


def desktop(*lines: str) -> Image.Image:
    """A screen of 1920 x 1080, with a dialogue of these lines in the size that such things have."""
    picture = Image.new("RGB", (1920, 1080), (0, 90, 130))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(20)
    draw.rectangle((0, 1040, 1920, 1080), (30, 30, 35))
    if lines:
        draw.rectangle((700, 400, 1220, 640), (240, 240, 240), (90, 90, 90))
        for number, line in enumerate(lines):
            draw.text((730, 430 + 50 * number), line, (20, 20, 20), font=font)
    return picture


class Screen:
    """Shares a picture, as a browser does; `shows` may be another one at any time."""

    def __init__(self, shows: Image.Image) -> None:
        self.shows = shows
        self._source = rtc.VideoSource(shows.width, shows.height, is_screencast=True)

    @asynccontextmanager
    async def shared(self, caller: Caller) -> AsyncIterator[None]:
        me = caller.room.local_participant
        track = rtc.LocalVideoTrack.create_video_track("screen", self._source)
        kind = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_SCREENSHARE,
            simulcast=False,
            video_encoding=rtc.VideoEncoding(max_framerate=_FPS, max_bitrate=3_000_000),
        )
        published = await me.publish_track(track, kind)
        async with background(self._film()):
            yield
        await me.unpublish_track(published.sid)

    async def _film(self) -> None:
        while True:
            pixels = np.asarray(self.shows.convert("RGBA"))
            frame = rtc.VideoFrame(self.shows.width, self.shows.height, rtc.VideoBufferType.RGBA, pixels.tobytes())
            self._source.capture_frame(frame)
            await asyncio.sleep(1 / _FPS)


def fake_camera(path: Path, picture: Image.Image) -> str:
    """What a browser is told to take for its camera: a film of one picture."""
    luma, *chroma = picture.convert("YCbCr").split()
    half = (picture.width // 2, picture.height // 2)
    planes = [luma, *(plane.resize(half, Image.Resampling.BOX) for plane in chroma)]
    frame = b"FRAME\n" + b"".join(plane.tobytes() for plane in planes)
    path.write_bytes(f"YUV4MPEG2 W{picture.width} H{picture.height} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 10)
    return f"--use-file-for-fake-video-capture={path}"


async def read(picture: bytes) -> str:
    """What can be read on it."""
    return await Eyes().describe(f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}")


def told(caller: Caller, kind: str) -> list[dict[str, Any]]:
    return [event for event in caller.events if event["type"] == kind]


async def test_given_a_shared_screen_then_the_error_on_it_can_be_read_when_the_caller_asks(stage: Stage) -> None:
    given = list[Asked]()

    def noted(asked: Asked) -> Sequence[Step]:
        given.append(asked)
        return [Say("I see.", ms=600, hz=ALFA)]

    stage.provider.play = noted
    joined = await join(f"http://127.0.0.1:{stage.house.environment['BATON_HTTP_PORT']}")
    async with Caller(joined["url"], joined["token"]) as anna:
        await anna.answered(0, within=_WITHIN_S)
        assert anna.agent
        assert anna.agent.attributes[SEES] == "camera screen"
        screen = Screen(desktop())
        async with screen.shared(anna):
            await anna.until(lambda: bool(told(anna, "frame.given")), _WITHIN_S, "a first frame")
            screen.shows = desktop(*ERROR)
            await anna.until(lambda: len(told(anna, "frame.given")) > 1, _WITHIN_S, "a frame of what is new on it")
            since = asyncio.get_running_loop().time()
            await anna.write("What does this mean?")
            await anna.answered(since)
        await anna.until(lambda: bool(told(anna, "looking.stopped")), _WITHIN_S, "a word that nobody looks any more")
    newest = given[-1].pictures[-1]
    assert " / ".join(ERROR) in await read(newest)
    frames = told(anna, "frame.given")
    assert (frames[-1]["source"], frames[-1]["width_px"], frames[-1]["height_px"]) == ("screen", 1920, 1080)
    assert frames[-1]["files"] == []
    assert len(given[-1].pictures) <= 3
    [stopped] = told(anna, "looking.stopped")
    assert (stopped["reason"], stopped["frames"]) == ("off", len(frames))


def pictures(stage: Stage) -> int:
    """How many the provider was sent."""
    parts = [part for event in stage.provider.received() for part in event.get("item", {}).get("content", [])]
    return sum(part["type"] == "input_image" for part in parts)


@pytest.mark.needs("chromium")
async def test_given_a_camera_and_a_screen_in_a_browser_then_the_team_can_read_what_is_before_them(
    stage: Stage, tmp_path: Path
) -> None:
    given = list[Asked]()

    def noted(asked: Asked) -> Sequence[Step]:
        given.append(asked)
        return [Say("I see.", ms=600, hz=ALFA)]

    stage.provider.play = noted
    slip = files.slip(size=(1280, 720))
    flags = [
        microphone(tmp_path / "quiet.wav", silence(1000)),
        fake_camera(tmp_path / "slip.y4m", slip),
        "--auto-select-tab-capture-source-by-title=Failed update",
    ]
    async with browser(*flags) as first:
        assert first.context.browser
        context = await first.context.browser.new_context(permissions=["camera", "microphone"])
        other, page = await context.new_page(), await context.new_page()
        lines = "".join(f"<p>{line}</p>" for line in ERROR)
        await other.set_content(f"<title>Failed update</title><body style='font: 20px sans-serif'>{lines}")
        await call(page, stage.house)
        camera = page.get_by_role("button", name="Camera", exact=True)
        await camera.click(timeout=30_000)
        await expect(page.get_by_text("The team sees your camera")).to_be_visible()
        await expect(page.locator(".line.agent")).to_have_count(1, timeout=30_000)
        await page.get_by_label("Type a message").fill("What is this?")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent")).to_have_count(2, timeout=30_000)
        assert " / ".join(files.SLIP) in await read(given[-1].pictures[-1])
        await camera.click()
        await expect(page.get_by_text("The team sees your camera")).to_have_count(0)
        before = pictures(stage)
        await page.get_by_role("button", name="Share your screen").click()
        await expect(page.get_by_text("The team sees your screen")).to_be_visible()
        while pictures(stage) == before:  # noqa: ASYNC110 - the provider tells nobody
            await asyncio.sleep(0.1)
        await page.get_by_label("Type a message").fill("And this?")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.agent")).to_have_count(3, timeout=30_000)
        assert ERROR[1] in await read(given[-1].pictures[-1])
