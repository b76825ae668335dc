"""What the page shows of a call beside its words: the plan, and the cards that tools show; with a scripted provider."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from agents.context import pressed
from tests.core.conftest import Stage
from tests.core.test_core import script
from tests.simulators.openai_realtime.script import Asked, CallTool, Say, Step
from tests.speech import silence
from tests.system.test_page import browser, microphone

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium")]
WISHES = ["Move order 1088 to Friday", "Tell me about the kettle", "Add a whisk", "Send the vase back"]


def play(asked: Asked) -> Sequence[Step]:
    steps = [{"wish": wish, "agent": "bravo" if wish.startswith("Send") else "alfa"} for wish in WISHES]
    return script(
        {
            "plan": lambda _: [Say("one after the other", ms=300), CallTool("make_plan", json.dumps({"steps": steps}))],
            "done": lambda _: [CallTool("step_done", '{"outcome": "done"}')],
            "drop": lambda _: [CallTool("step_done", '{"outcome": "dropped"}')],
            "tool": lambda _: [CallTool("telling")],
        }
    )(asked)


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Type a message").fill(text)
    await page.get_by_role("button", name="Send").click()


async def test_given_a_plan_and_a_card_then_the_page_shows_them_and_a_choice_that_is_pressed_is_a_turn(
    stage: Stage, tmp_path: Path
) -> None:
    stage.provider.play = play
    quiet = microphone(tmp_path / "quiet.wav", silence(1000))
    async with browser("--use-fake-ui-for-media-stream", quiet) as page:
        await page.set_viewport_size({"width": 360, "height": 640})
        await page.goto(f"http://127.0.0.1:{stage.house.environment['BATON_HTTP_PORT']}")
        await page.get_by_role("button", name="Call").click()
        await page.locator(".line.agent").first.wait_for()
        await write(page, "plan")
        active = page.locator(".plan li.active")
        await expect(active).to_contain_text(WISHES[0], timeout=10_000)
        await write(page, "done")
        await expect(active).to_contain_text(WISHES[1], timeout=10_000)
        await write(page, "drop")
        await expect(active).to_contain_text(WISHES[2], timeout=10_000)
        await page.get_by_text("What you asked for").click()  # it is folded on a phone
        assert await page.locator(".plan .state").all_inner_texts() == [
            "done",
            "dropped",
            "now, with Alfa",
            "later, with Bravo",
        ]
        await write(page, "tool")
        card = page.get_by_role("article", name="Order 7")
        await card.wait_for()
        assert "Friday" in await card.inner_text()
        await expect(page.locator(".tool.running")).to_contain_text("Asking the carrier.")
        choice = card.get_by_role("button", name="Another day")
        await choice.click()
        await page.locator(".line.caller", has_text="Another day").wait_for()
        await expect(choice).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert pressed("Order 7", "Another day", {}) in stage.provider.words()
