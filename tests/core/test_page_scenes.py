"""The page in fixed states, at three sizes, light and dark: how it looks, and whether eyes, fingers and ears can use it.

It is the page itself in a real browser, but for LiveKit's room; what a room would tell comes from `page_scenes`. How it
looks is held against the pictures in `pictures/`; `make pictures` makes them anew, when the page is to look otherwise.
"""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import matplotlib
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, Route, ViewportSize, async_playwright

from tests.core.conftest import ROOT
from tests.core.page_checks import misplaced, violations
from tests.core.page_pictures import Shot, judge
from tests.core.page_scenes import SCENES, SLIP, Scene, slip
from tests.system.test_page import FLAGS

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium"), pytest.mark.asyncio(loop_scope="module")]
PHONE, TABLET, DESK = (
    ViewportSize(width=width, height=height) for width, height in ((320, 568), (768, 1024), (1440, 900))
)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FONTS = Path(matplotlib.get_data_path()) / "fonts/ttf"
FONT = {"/scene.ttf": FONTS / "DejaVuSans.ttf", "/scene-bold.ttf": FONTS / "DejaVuSans-Bold.ttf"}
HOST = "http://localhost"  # where a browser lets a page use a microphone


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page for scenes, as files."""
    folder = tmp_path_factory.mktemp("scenes")
    command = [sys.executable, str(ROOT / "bootstrap.py"), "npm", "run", "--silent", "scenes", "--"]
    subprocess.run([*command, "--outDir", str(folder)], cwd=ROOT / "web-demo", check=True)
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--hide-scrollbars"]
        yield await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)


@asynccontextmanager
async def shown(chromium: Browser, built: Path, scene: Scene, size: ViewportSize) -> AsyncIterator[Page]:
    """A scene before somebody with a window of this size; on a phone, it is touched."""
    touched = size is PHONE
    context = await chromium.new_context(
        viewport=size, is_mobile=touched, has_touch=touched, reduced_motion="reduce", base_url=HOST
    )

    async def serve(route: Route) -> None:
        path = "/" + route.request.url.removeprefix(HOST).partition("?")[0].lstrip("/")
        await route.fulfill(path=FONT.get(path, built / (path.lstrip("/") or "index.html")))

    await context.route("**", serve)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    if touched:
        await page.add_init_script("delete MediaDevices.prototype.getDisplayMedia")  # as phones have none
    await page.goto(f"/{scene.address}")
    if scene.called:
        await page.locator(".join .primary").click()
        await page.locator(".leave").wait_for()
        await page.evaluate("play", list(scene.came))
    if scene.shows:
        picture = FilePayload(name=SLIP, mimeType="image/png", buffer=slip())
        await page.locator("[data-chooser=clip]").set_input_files([picture])
        await page.locator(".file img").wait_for()
        await page.evaluate("play", list(scene.then))
    for name in scene.presses:
        await page.get_by_role("button", name=name, exact=True).click()
    await page.evaluate("document.fonts.ready")
    yield page
    await context.close()
    assert not faults


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_given_a_state_of_the_page_then_it_looks_as_it_is_to_and_everybody_can_use_it(
    chromium: Browser, built: Path, kept: Path, scene: Scene
) -> None:
    faults, shots = list[str](), dict[Shot, bytes]()
    for sizes in ((PHONE,), (TABLET, DESK)):
        async with shown(chromium, built, scene, sizes[0]) as page:
            for size in sizes:
                await page.set_viewport_size(size)
                for scheme in SCHEMES:
                    await page.emulate_media(color_scheme=scheme)
                    if scene.pictured:
                        shots[scheme, size["width"]] = await page.screenshot()
                    if size is DESK or (size is PHONE and scheme == "light"):  # in the dark, only colours are others
                        found = await violations(page, *(["color-contrast"] if scheme == "dark" else []))
                        faults += [f"{size['width']} px, {scheme}: {one}" for one in found]
                faults += [f"{size['width']} px: {fault}" for fault in await misplaced(page, touched=size is PHONE)]
                await page.locator(".language").click()
                assert await page.evaluate("document.documentElement.lang") == "de"
                faults += [f"{size['width']} px, German: {one}" for one in await misplaced(page, touched=size is PHONE)]
                await page.locator(".language").click()
    if shots:
        faults += judge(scene.name, shots, kept)
    assert not faults, "\n".join(faults)
