"""Whether people can use the page as it lies before them."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.core.conftest import ROOT

AXE = ROOT / "web-demo/node_modules/axe-core/axe.min.js"
GEOMETRY = Path(__file__).parent / "page_geometry.js"
FINGER_PX = 44  # what a control has to be for a finger


async def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong, by all of its rules or by these."""
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    wanted = {"runOnly": rules} if rules else {}
    found: dict[str, Any] = await page.evaluate(
        "(wanted) => axe.run(wanted)", {**wanted, "resultTypes": ["violations"]}
    )
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}" for one in found["violations"]]


async def misplaced(page: Page, *, touched: bool) -> list[str]:
    """What is cut off, covered, outside of the window, or, where fingers touch it, too small."""
    faults: list[str] = await page.evaluate(GEOMETRY.read_text(), FINGER_PX if touched else 0)
    return faults
